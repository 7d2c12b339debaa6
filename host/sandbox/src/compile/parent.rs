//! The parent of the process that compiles: starts the child, waits for it and judges how it ended.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use checkpost_model::check::{Failure, Reason};
use checkpost_model::clean;

use super::child::COMMAND;
use super::limits::CompileLimits;

/// Time between two looks at the child.
const POLL: Duration = Duration::from_millis(1);

/// How a compilation in a child process ended.
pub(crate) enum Compilation {
    Artifact(Vec<u8>),
    /// The module is not a check, or the next run has to try again.
    Failed(Failure),
    /// The module exceeded a limit or crashed the compiler: it must not be compiled again.
    Quarantine(Failure),
}

/// A path that starts this program as a child.
///
/// On Linux, this is the kernel's link to the running file itself. An upgrade during a run replaces the file at the
/// program's own path, and the new program may compile for another version of the engine.
pub(crate) fn own_program() -> io::Result<PathBuf> {
    let running = Path::new("/proc/self/exe");
    if cfg!(target_os = "linux") && running.exists() {
        return Ok(running.to_owned());
    }
    std::env::current_exe()
}

/// Compiles in a child process, until `deadline` at the latest.
///
/// The child writes the artifact to a file without a name, in `scratch` or else in the system's directory for temporary
/// files.
pub(crate) fn compile_in_child(
    program: &Path,
    scratch: Option<&Path>,
    bytes: &[u8],
    limits: &CompileLimits,
    deadline: Option<Instant>,
) -> Compilation {
    let began = Instant::now();
    let latest = began + limits.wall;
    let until = deadline.map_or(latest, |deadline| deadline.clamp(began, latest));
    let not_compiled = |error: io::Error| {
        Compilation::Failed(Failure::new(Reason::CompileLimit, format!("cannot run the compiler: {error}")))
    };
    let (mut child, mut artifact) = match start(program, scratch, limits) {
        Ok(started) => started,
        Err(error) => return not_compiled(error),
    };
    // The child reads all before it writes. If it has already exited, its exit status is the better error.
    let _ = child.stdin.take().map(|mut stdin| stdin.write_all(bytes));
    match wait(&mut child, until) {
        Ok(Some(status)) if status.success() => match read_back(&mut artifact) {
            Ok(bytes) => Compilation::Artifact(bytes),
            Err(error) => not_compiled(error),
        },
        Ok(Some(status)) => failed(status, &mut child, limits),
        // An overloaded machine or a late run has little wall-clock time, and the next run may have more.
        Ok(None) => {
            let detail = format!("was not compiled within {:.0?}", until - began);
            Compilation::Failed(Failure::new(Reason::Deadline, detail))
        }
        Err(error) => not_compiled(error),
    }
}

/// The child inherits no environment, no working directory, and no files but these.
fn start(program: &Path, scratch: Option<&Path>, limits: &CompileLimits) -> io::Result<(Child, File)> {
    let artifact = scratch.map_or_else(tempfile::tempfile, tempfile::tempfile_in)?;
    let mut command = Command::new(program);
    // The name in the list of processes.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::arg0(&mut command, "checkpost");
    let child = command
        .arg(COMMAND)
        .args([limits.cpu_seconds, limits.memory_bytes].map(|limit| limit.to_string()))
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(artifact.try_clone()?)
        .stderr(Stdio::piped())
        .spawn()?;
    Ok((child, artifact))
}

/// The exit status, or `None` for a child that had to be killed.
fn wait(child: &mut Child, until: Instant) -> io::Result<Option<ExitStatus>> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= until {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(POLL);
    }
}

fn read_back(artifact: &mut File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    artifact.rewind()?;
    artifact.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Judges a child without an artifact. A child that reports a failure has found that the module is not a check. Among the
/// others, only a limit or a crash of the compiler is the module's fault: a child may also be killed from outside.
fn failed(status: ExitStatus, child: &mut Child, limits: &CompileLimits) -> Compilation {
    let mut errors = String::new();
    if let Some(stderr) = child.stderr.take() {
        // An output that cannot be read counts as empty.
        let _ = stderr.take(4096).read_to_string(&mut errors);
    }
    if let Some((reason, detail)) = errors.split_once('\t')
        && let Some(reason) = Reason::parse(reason)
    {
        return Compilation::Failed(Failure::new(reason, clean::owned(detail)));
    }
    if exceeded_limits(status, &errors) {
        let (seconds, mib) = (limits.cpu_seconds, limits.memory_bytes >> 20);
        let detail = format!("compilation took more than {seconds} s of CPU time or {mib} MiB of memory");
        return Compilation::Quarantine(Failure::new(Reason::CompileLimit, detail));
    }
    if crashed(status, &errors) {
        // Without the compiler's own message, which names files of the machine that it was built on.
        return Compilation::Quarantine(Failure::new(Reason::CompileLimit, "the compiler crashed"));
    }
    let detail = format!("the compiler ended with {status}: {}", clean::bounded(errors.trim(), 200));
    Compilation::Failed(Failure::new(Reason::CompileLimit, detail))
}

#[cfg(unix)]
fn exceeded_limits(status: ExitStatus, errors: &str) -> bool {
    use rustix::process::Signal;
    use std::os::unix::process::ExitStatusExt;
    let ended_by = |signal: Signal| status.signal() == Some(signal.as_raw());
    // Rust prints these words when an allocation fails, before it aborts.
    let is_out_of_memory = ended_by(Signal::ABORT) && errors.contains("memory allocation");
    ended_by(Signal::XCPU) || ended_by(Signal::XFSZ) || is_out_of_memory
}

#[cfg(not(unix))]
fn exceeded_limits(_status: ExitStatus, _errors: &str) -> bool {
    false
}

/// Whether the compiler panicked, or recursed deeper than its stack.
fn crashed(status: ExitStatus, errors: &str) -> bool {
    const PANICKED: i32 = 101;
    status.code() == Some(PANICKED) || errors.contains("has overflowed its stack")
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const IS_COPY: &str = "CHECKPOST_TEST_IS_COPY";

    /// Runs this test once more in a link to the test program, which removes the link before it starts itself.
    #[test]
    fn program_starts_itself_although_its_file_is_gone() {
        let this = std::env::current_exe().unwrap();
        if std::env::var_os(IS_COPY).is_some() {
            std::fs::remove_file(&this).unwrap();
            assert!(!this.exists());
            let output = Command::new(own_program().unwrap()).arg("--list").output().unwrap();
            assert!(output.status.success());
            assert!(String::from_utf8(output.stdout).unwrap().contains("although_its_file_is_gone"));
            return;
        }
        let directory = tempfile::tempdir_in(this.parent().unwrap()).unwrap();
        let copy = directory.path().join("copy");
        std::fs::hard_link(&this, &copy).unwrap();
        let mut again = Command::new(&copy);
        again.args(["although_its_file_is_gone", "--test-threads", "1"]).env(IS_COPY, "1");
        let output = again.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}
