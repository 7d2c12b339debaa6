//! The parent of the process that compiles: starts the child, waits for it and judges how it ended.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use checkpost_model::check::{Failure, Reason};
use checkpost_model::clean;

use super::child::{COMMAND, Product};

/// Time between two looks at the child.
const POLL: Duration = Duration::from_millis(1);

/// Bytes of the child's standard error that are read.
const ERRORS_BYTES: u64 = 4 << 10;

/// How a compilation in a child process ended.
pub(crate) enum Compilation {
    /// What the child was to make.
    Made(Vec<u8>),
    /// The module is not a check: compiling it again would find the same.
    Refused(Failure),
    /// The compilation did not take place: it says nothing about the module.
    Failed(Failure),
    /// The child was ended by a signal, or ran out of wall-clock time. That may be the module's fault or the machine's.
    Ended(Failure),
    /// The module exceeded a limit or crashed the compiler: it must not be compiled again.
    Quarantine(Failure),
}

/// One module to compile in a child process.
pub(crate) struct Job<'a> {
    /// This program.
    pub(crate) program: &'a Path,
    /// Makes a file without a name, where there is room for the module and its code.
    pub(crate) scratch: &'a dyn Fn() -> io::Result<File>,
    pub(crate) product: Product,
    pub(crate) bytes: &'a [u8],
    /// Limit of CPU time, over all cores.
    pub(crate) cpu_seconds: u64,
    /// Limit of memory.
    pub(crate) memory_bytes: u64,
    /// The end of the wall-clock time.
    pub(crate) until: Instant,
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

/// Compiles in a child process.
///
/// Module, artifact and errors pass through files without names, so that neither process ever waits for the other to
/// read.
pub(crate) fn compile_in_child(job: &Job<'_>) -> Compilation {
    let began = Instant::now();
    let not_compiled = |error: io::Error| {
        Compilation::Failed(Failure::new(Reason::CompileLimit, format!("cannot run the compiler: {error}")))
    };
    let (mut child, mut files) = match start(job) {
        Ok(started) => started,
        Err(error) => return not_compiled(error),
    };
    match wait(&mut child, job.until) {
        Ok(Some(status)) if status.success() => match read_back(&mut files.product, u64::MAX) {
            Ok(bytes) => Compilation::Made(bytes),
            Err(error) => not_compiled(error),
        },
        Ok(Some(status)) => {
            // Errors that cannot be read count as none.
            let errors = read_back(&mut files.errors, ERRORS_BYTES).unwrap_or_default();
            failed(status, &String::from_utf8_lossy(&errors), job)
        }
        Ok(None) => {
            let detail = format!("was not compiled within {:.0} s", (job.until - began).as_secs_f64());
            Compilation::Ended(Failure::new(Reason::Deadline, detail))
        }
        Err(error) => not_compiled(error),
    }
}

/// The files that a child writes.
struct Files {
    product: File,
    errors: File,
}

/// The child inherits no environment, no working directory, and no files but these.
fn start(job: &Job<'_>) -> io::Result<(Child, Files)> {
    let (mut module, product, errors) = ((job.scratch)()?, (job.scratch)()?, (job.scratch)()?);
    module.write_all(job.bytes)?;
    module.rewind()?;
    let mut command = Command::new(job.program);
    // The name in the list of processes.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::arg0(&mut command, "checkpost");
    command.arg(COMMAND).args([job.cpu_seconds, job.memory_bytes].map(|limit| limit.to_string()));
    if job.product == Product::Component {
        command.arg("--component");
    }
    let child = command
        .env_clear()
        .current_dir("/")
        .stdin(module)
        .stdout(product.try_clone()?)
        .stderr(errors.try_clone()?)
        .spawn()?;
    Ok((child, Files { product, errors }))
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

fn read_back(file: &mut File, max_bytes: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.take(max_bytes).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Judges a child without a product. A child that reports a failure has found that the module is not a check. Among the
/// others, only a limit or a crash of the compiler is certainly the module's fault: a child may also be killed from
/// outside.
fn failed(status: ExitStatus, errors: &str, job: &Job<'_>) -> Compilation {
    if let Some((reason, detail)) = errors.split_once('\t')
        && let Some(reason) = Reason::parse(reason)
    {
        return Compilation::Refused(Failure::new(reason, clean::owned(detail)));
    }
    if exceeded_limits(status, errors) {
        let (seconds, mib) = (job.cpu_seconds, job.memory_bytes >> 20);
        let detail = format!("compilation took more than {seconds} s of CPU time or {mib} MiB of memory");
        return Compilation::Quarantine(Failure::new(Reason::CompileLimit, detail));
    }
    if crashed(status, errors) {
        // Without the compiler's own message, which names files of the machine that it was built on.
        return Compilation::Quarantine(Failure::new(Reason::CompileLimit, "the compiler crashed"));
    }
    let detail = format!("the compiler ended with {status}: {}", clean::bounded(errors.trim(), 200));
    let failure = Failure::new(Reason::CompileLimit, detail);
    if ended_by_signal(status) { Compilation::Ended(failure) } else { Compilation::Failed(failure) }
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

#[cfg(unix)]
fn ended_by_signal(status: ExitStatus) -> bool {
    std::os::unix::process::ExitStatusExt::signal(&status).is_some()
}

#[cfg(not(unix))]
fn exceeded_limits(_status: ExitStatus, _errors: &str) -> bool {
    false
}

#[cfg(not(unix))]
fn ended_by_signal(_status: ExitStatus) -> bool {
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
