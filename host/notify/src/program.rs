//! Runs a program until it exits or the deadline passes: without a shell, with a small environment, and without leaving
//! processes behind.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use checkpost_model::clean;

use crate::SendError;

/// A program to run.
pub(crate) struct Program<'a> {
    /// The program and its arguments.
    pub(crate) argv: &'a [String],
    /// The working directory.
    pub(crate) directory: &'a Path,
    /// Variables that are set for the program.
    pub(crate) variables: Vec<(&'static str, String)>,
    /// Variables that it inherits in addition to [`INHERITED`].
    pub(crate) inherited: &'a [&'static str],
    /// Its standard input.
    pub(crate) input: Vec<u8>,
}

/// The variables that every program inherits. It inherits no others, because the environment contains secrets.
const INHERITED: [&str; 9] = ["HOME", "LANG", "LC_ALL", "LOGNAME", "TMPDIR", "TZ", "USER", "SystemRoot", "TEMP"];

/// The search path where `PATH` is not set, as under some cron daemons.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The time between two looks at whether the program has exited.
const POLL: Duration = Duration::from_millis(10);
/// The wait for standard error after the exit: a child of the program may keep the pipe open.
const STDERR_WAIT: Duration = Duration::from_millis(200);
/// Bytes of standard error in which the reason is looked for.
const STDERR_BYTES: u64 = 4096;
/// Characters of the reason.
const REASON_CHARS: usize = 200;

impl Program<'_> {
    /// Runs the program. It accepted the message if its exit code is 0.
    pub(crate) fn run(self, deadline: Instant) -> Result<(), SendError> {
        let name = self.argv.first().cloned().unwrap_or_default();
        let cannot = |error: io::Error| SendError::route(format!("cannot run {name}: {error}"));
        let path = find(&name, self.directory).map_err(SendError::route)?;
        let mut child = self.command(&path).spawn().map_err(cannot)?;
        let reason = match connect(&mut child, self.input) {
            Ok(reason) => reason,
            Err(error) => {
                // The program would wait for its input, or to be read, forever.
                kill(&mut child).and_then(|()| child.wait()).map_err(cannot)?;
                return Err(cannot(error));
            }
        };
        let status = wait(&mut child, deadline).map_err(cannot)?;
        let Some(status) = status else {
            return Err(SendError::route(format!("{name} did not finish in time and was killed")));
        };
        if status.success() {
            return Ok(());
        }
        let reason = reason.and_then(|reason| reason.recv_timeout(STDERR_WAIT).ok()).unwrap_or_default();
        let reason = if reason.is_empty() { reason } else { format!(": {reason}") };
        Err(SendError::message(format!("{name} failed with {}{reason}", exit(status))))
    }

    fn command(&self, path: &Path) -> Command {
        let mut command = Command::new(path);
        let inherited = INHERITED.iter().chain(self.inherited);
        command
            .args(self.argv.iter().skip(1))
            .env_clear()
            .env("PATH", search_path())
            .envs(inherited.filter_map(|name| Some((name, std::env::var_os(name)?))))
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(self.directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        #[cfg(unix)]
        {
            use std::os::unix::process::CommandExt;
            // With a process group of its own, the program can be killed together with its children.
            command.process_group(0);
        }
        command
    }
}

fn search_path() -> OsString {
    std::env::var_os("PATH").filter(|path| !path.is_empty()).unwrap_or_else(|| DEFAULT_PATH.into())
}

/// The file of a program: a path is relative to `directory`, a plain name is looked up in `PATH`.
pub(crate) fn find(name: &str, directory: &Path) -> Result<PathBuf, String> {
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
        Some(_) => format!("{shown} is not an executable file"),
        None => format!("cannot find program {shown}"),
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

/// Reads standard error and writes the input, both in the background. Returns the first line of standard error, when it
/// is there. Reading starts first: if its thread cannot be started, the program has not read the message yet.
fn connect(child: &mut Child, input: Vec<u8>) -> io::Result<Option<mpsc::Receiver<String>>> {
    let line = child.stderr.take().map(first_line).transpose()?;
    write(child, input)?;
    Ok(line)
}

/// Writes the input in the background: a program need not read it. If the program exits before that, only the pipe
/// breaks.
fn write(child: &mut Child, input: Vec<u8>) -> io::Result<()> {
    let Some(mut stdin) = child.stdin.take() else { return Ok(()) };
    in_background("program input", move || drop(stdin.write_all(&input)))
}

/// Runs the work in a thread of its own; an error if the system has none left.
fn in_background(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
}

/// Reads standard error to its end, so that the program never blocks on a full pipe, and sends its first line that is
/// not empty.
fn first_line(mut stderr: ChildStderr) -> io::Result<mpsc::Receiver<String>> {
    let (sender, receiver) = mpsc::channel();
    in_background("program stderr", move || {
        let mut beginning = Vec::new();
        stderr.by_ref().take(STDERR_BYTES).read_to_end(&mut beginning).ok();
        let beginning = String::from_utf8_lossy(&beginning);
        let line = beginning.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        sender.send(clean::bounded(line, REASON_CHARS)).ok();
        io::copy(&mut stderr, &mut io::sink()).ok();
    })?;
    Ok(receiver)
}

/// The exit status, or `None` for a program that was killed at the deadline.
fn wait(child: &mut Child, deadline: Instant) -> io::Result<Option<ExitStatus>> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            kill(child)?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(POLL);
    }
}

#[cfg(unix)]
fn kill(child: &mut Child) -> io::Result<()> {
    use rustix::process::{Pid, Signal, kill_process_group};
    // The child has not been waited for, so its number cannot belong to another process group.
    if let Some(group) = Pid::from_raw(child.id() as i32) {
        kill_process_group(group, Signal::KILL).ok();
    }
    child.kill()
}

#[cfg(not(unix))]
fn kill(child: &mut Child) -> io::Result<()> {
    child.kill()
}

fn exit(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("exit code {code}"),
        None => status.to_string(),
    }
}
