//! Running a program to its end or to a deadline: no shell, a small environment, and nothing of it is left behind.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::SendError;
use crate::clean;

/// A program that is about to run.
pub(super) struct Program<'a> {
    /// The program, and its arguments.
    pub(super) argv: &'a [String],
    /// Where it runs.
    pub(super) directory: &'a Path,
    /// Variables beside the few that are passed on.
    pub(super) variables: Vec<(&'static str, String)>,
    /// Variables that are passed on beside the usual ones.
    pub(super) passed_on: &'a [&'static str],
    /// What it reads.
    pub(super) input: Vec<u8>,
}

/// Variables that any program may need. Nothing else goes with it: secrets stand in the environment.
const PASSED_ON: [&str; 9] = ["HOME", "LANG", "LC_ALL", "LOGNAME", "TMPDIR", "TZ", "USER", "SystemRoot", "TEMP"];

/// Where programs are looked for when nobody says, as for cron.
const USUAL_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// How often an end is looked for.
const POLL: Duration = Duration::from_millis(10);
/// How long a program's last words are waited for once it has ended: a child of it may hold the pipe.
const LAST_WORDS: Duration = Duration::from_millis(200);
/// How much of what it says is kept.
const SAID_BYTES: u64 = 4096;
/// How many characters of that are told.
const SAID_CHARS: usize = 200;

impl Program<'_> {
    /// Runs it. A program that ends with another exit code than 0 did not take the message.
    pub(super) fn run(self, deadline: Instant) -> Result<(), SendError> {
        let name = self.argv.first().cloned().unwrap_or_default();
        let cannot = |error: io::Error| SendError::route(format!("cannot run {name}: {error}"));
        let path = find(&name, self.directory).map_err(SendError::route)?;
        let mut child = self.command(&path).spawn().map_err(cannot)?;
        let said = match attend(&mut child, self.input) {
            Ok(said) => said,
            Err(error) => {
                // It got no message, or nobody listens: whoever waits for it in vain is not to stay.
                end(&mut child).and_then(|()| child.wait()).map_err(cannot)?;
                return Err(cannot(error));
            }
        };
        let status = wait(&mut child, deadline).map_err(cannot)?;
        let Some(status) = status else {
            return Err(SendError::route(format!("{name} did not end in time, and was ended")));
        };
        if status.success() {
            return Ok(());
        }
        let said = said.and_then(|said| said.recv_timeout(LAST_WORDS).ok()).unwrap_or_default();
        let said = if said.is_empty() { said } else { format!(": {said}") };
        Err(SendError::message(format!("{name} ended with {}{said}", ending(status))))
    }

    fn command(&self, path: &Path) -> Command {
        let mut command = Command::new(path);
        let passed_on = PASSED_ON.iter().chain(self.passed_on);
        command
            .args(self.argv.iter().skip(1))
            .env_clear()
            .env("PATH", search_path())
            .envs(passed_on.filter_map(|name| Some((name, std::env::var_os(name)?))))
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(self.directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        #[cfg(unix)]
        {
            use std::os::unix::process::CommandExt;
            // A group of its own, so that what it starts can be ended with it.
            command.process_group(0);
        }
        command
    }
}

fn search_path() -> OsString {
    std::env::var_os("PATH").filter(|path| !path.is_empty()).unwrap_or_else(|| USUAL_PATH.into())
}

/// The file of a program: a path is relative to `directory`, a name is looked for.
pub(super) fn find(name: &str, directory: &Path) -> Result<PathBuf, String> {
    let file = Path::new(name);
    let candidates: Vec<PathBuf> = if file.components().count() > 1 {
        vec![directory.join(file)]
    } else {
        std::env::split_paths(&search_path()).map(|place| place.join(file)).collect()
    };
    let shown = clean::line(name);
    if let Some(found) = candidates.iter().find(|path| is_executable(path)) {
        return Ok(found.clone());
    }
    Err(match candidates.iter().find(|path| path.exists()) {
        Some(_) => format!("{shown} is no program: it must be a file that may be executed"),
        None => format!("there is no program {shown}"),
    })
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}

/// Listens and writes beside the rest. What it says comes later. Listens first: where there is no thread for that, the
/// program has not read the message yet.
fn attend(child: &mut Child, input: Vec<u8>) -> io::Result<Option<mpsc::Receiver<String>>> {
    let said = child.stderr.take().map(first_line).transpose()?;
    write(child, input)?;
    Ok(said)
}

/// Writes beside the rest: a program need not read, and one that ends without having read breaks the pipe only.
fn write(child: &mut Child, input: Vec<u8>) -> io::Result<()> {
    let Some(mut stdin) = child.stdin.take() else { return Ok(()) };
    beside("program input", move || drop(stdin.write_all(&input)))
}

/// In a thread of its own; an error where the system has none left.
fn beside(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
}

/// Reads what it says to the end, lest it wait for a reader, and keeps the first line that says something.
fn first_line(mut stderr: ChildStderr) -> io::Result<mpsc::Receiver<String>> {
    let (sender, line) = mpsc::channel();
    beside("program stderr", move || {
        let mut said = Vec::new();
        stderr.by_ref().take(SAID_BYTES).read_to_end(&mut said).ok();
        let said = String::from_utf8_lossy(&said);
        let line = said.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        sender.send(clean::bounded(line, SAID_CHARS)).ok();
        io::copy(&mut stderr, &mut io::sink()).ok();
    })?;
    Ok(line)
}

/// The exit status, or `None` for one that had to be ended.
fn wait(child: &mut Child, deadline: Instant) -> io::Result<Option<ExitStatus>> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            end(child)?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(POLL);
    }
}

#[cfg(unix)]
fn end(child: &mut Child) -> io::Result<()> {
    use rustix::process::{Pid, Signal, kill_process_group};
    // It is its own group, and not waited for yet: the number is still its own.
    if let Some(group) = Pid::from_raw(child.id() as i32) {
        kill_process_group(group, Signal::KILL).ok();
    }
    child.kill()
}

#[cfg(not(unix))]
fn end(child: &mut Child) -> io::Result<()> {
    child.kill()
}

fn ending(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("exit code {code}"),
        None => status.to_string(),
    }
}
