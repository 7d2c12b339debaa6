//! Compiling: in this process what we carry ourselves, and in a child process with limits what comes from elsewhere.
//!
//! Compilers are not made for hostile input: a function of 70 KB can take a minute and gigabytes. The child is this very
//! binary; it limits itself before it reads the module, and whatever becomes of it, the cycle goes on.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use wasmtime::Engine;

use crate::check::{Failure, Reason};

use super::call::detail;
use super::imports::denied_import;
use super::pack::{PackError, component_from};

/// The hidden command that compiles.
pub const COMMAND: &str = "compile-module";

/// Size of what is compiled.
#[cfg(unix)]
const ARTIFACT_BYTES: u64 = 512 << 20;
/// How often a child is looked at.
const POLL: Duration = Duration::from_millis(1);

/// What compiling one module may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileLimits {
    /// Processor time, over all cores. Python's runtime, 40 MB of machine code, takes 8 s.
    pub cpu_seconds: u64,
    /// Memory of the process that compiles.
    pub memory_bytes: u64,
    /// Wall-clock time.
    pub wall: Duration,
}

impl Default for CompileLimits {
    /// The wall clock leaves something of the half of a run (`timeout_seconds`, 60) that checks have together.
    fn default() -> Self {
        Self { cpu_seconds: 20, memory_bytes: 2 << 30, wall: Duration::from_secs(25) }
    }
}

impl CompileLimits {
    /// For a command that somebody waits for and no cycle does.
    pub fn unhurried(&self) -> Self {
        Self { cpu_seconds: 6 * self.cpu_seconds, wall: 12 * self.wall, ..self.clone() }
    }
}

/// What became of a module that was compiled elsewhere.
pub(super) enum Compiled {
    /// The artifact.
    Artifact(Vec<u8>),
    /// It is no check.
    Failed(Failure),
    /// It took more than a module may, or crashed the compiler: not to be tried again.
    NeverAgain(Failure),
}

/// Compiles a component, or a core module with a component type, in this process; returns the artifact.
pub(super) fn compile(engine: &Engine, bytes: &[u8]) -> Result<Vec<u8>, Failure> {
    let encoded = component_from(bytes).map_err(|error| no_component(engine, bytes, &error))?;
    engine.precompile_component(&encoded).map_err(|error| Failure::new(Reason::InvalidModule, detail(&error)))
}

/// A whole core module of another kind is no check; half of one, which may have lost its component type, is no module.
fn no_component(engine: &Engine, bytes: &[u8], error: &PackError) -> Failure {
    match (error, wasmtime::Module::validate(engine, bytes)) {
        (PackError::NoComponentType, Ok(())) => Failure::new(Reason::ContractMismatch, error.to_string()),
        (PackError::NoComponentType, Err(invalid)) => Failure::new(Reason::InvalidModule, detail(&invalid)),
        (PackError::Imports(names), _) => denied_import(names),
        _ => Failure::new(Reason::InvalidModule, error.to_string()),
    }
}

/// Compiles in a child process, until `deadline` at the latest.
///
/// The artifact is written to a file without a name in `scratch`, or where the system has such files.
pub(super) fn compile_apart(
    program: &Path,
    scratch: Option<&Path>,
    bytes: &[u8],
    limits: &CompileLimits,
    deadline: Option<Instant>,
) -> Compiled {
    let began = Instant::now();
    let latest = began + limits.wall;
    let until = deadline.map_or(latest, |deadline| deadline.clamp(began, latest));
    let not_started = |error: std::io::Error| {
        Compiled::Failed(Failure::new(Reason::CompileLimit, format!("cannot start its compilation: {error}")))
    };
    let (mut child, mut artifact) = match start(program, scratch, limits) {
        Ok(started) => started,
        Err(error) => return not_started(error),
    };
    // It reads all before it writes. One that is gone already says why by its exit status.
    let _ = child.stdin.take().map(|mut stdin| stdin.write_all(bytes));
    match wait(&mut child, until) {
        Ok(Some(status)) if status.success() => match read_back(&mut artifact) {
            Ok(bytes) => Compiled::Artifact(bytes),
            Err(error) => not_started(error),
        },
        Ok(Some(status)) => refused(status, &mut child, limits),
        // Time passes quickly on a machine that is overloaded, or for a run that is late: the next run tries again.
        Ok(None) => {
            let detail = format!("it was not compiled within the {:.0?} that there were", until - began);
            Compiled::Failed(Failure::new(Reason::Deadline, detail))
        }
        Err(error) => not_started(error),
    }
}

/// Nothing of ours goes with the child: no environment, no directory, no files but these.
fn start(program: &Path, scratch: Option<&Path>, limits: &CompileLimits) -> std::io::Result<(Child, File)> {
    let artifact = scratch.map_or_else(tempfile::tempfile, tempfile::tempfile_in)?;
    let child = Command::new(program)
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

/// The exit status, or `None` for a child that had to be ended.
fn wait(child: &mut Child, until: Instant) -> std::io::Result<Option<ExitStatus>> {
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

fn read_back(artifact: &mut File) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    artifact.rewind()?;
    artifact.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A child that says why has found out that it is no check. Of the others only those that their limits ended are to
/// blame: a child may also be killed from outside, and its module is then as good as any.
fn refused(status: ExitStatus, child: &mut Child, limits: &CompileLimits) -> Compiled {
    let mut said = String::new();
    if let Some(stderr) = child.stderr.take() {
        // What cannot be read is not said.
        let _ = stderr.take(4096).read_to_string(&mut said);
    }
    if let Some((reason, detail)) = said.split_once('\t')
        && let Some(reason) = Reason::parse(reason)
    {
        return Compiled::Failed(Failure::new(reason, crate::clean::owned(detail)));
    }
    if met_its_limits(status, &said) {
        let (seconds, mib) = (limits.cpu_seconds, limits.memory_bytes >> 20);
        let detail = format!("compiling it took more than {seconds} s of processor time or {mib} MiB of memory");
        return Compiled::NeverAgain(Failure::new(Reason::CompileLimit, detail));
    }
    if crashed(status, &said) {
        // What it says of itself names files of the machine that it was built on.
        return Compiled::NeverAgain(Failure::new(Reason::CompileLimit, "the compiler crashed on it"));
    }
    let detail = format!("its compilation ended with {status}: {}", crate::clean::bounded(said.trim(), 200));
    Compiled::Failed(Failure::new(Reason::CompileLimit, detail))
}

#[cfg(unix)]
fn met_its_limits(status: ExitStatus, said: &str) -> bool {
    use rustix::process::Signal;
    use std::os::unix::process::ExitStatusExt;
    let ended_by = |signal: Signal| status.signal() == Some(signal.as_raw());
    // Rust's own words for an allocation that failed, before it aborts.
    ended_by(Signal::XCPU) || ended_by(Signal::XFSZ) || (ended_by(Signal::ABORT) && said.contains("memory allocation"))
}

/// Whether the compiler itself came to grief: it panicked, or recursed deeper than its stack.
fn crashed(status: ExitStatus, said: &str) -> bool {
    const PANICKED: i32 = 101;
    status.code() == Some(PANICKED) || said.contains("has overflowed its stack")
}

#[cfg(not(unix))]
fn met_its_limits(_status: ExitStatus, _said: &str) -> bool {
    false
}

/// The child's side: limits itself to `cpu_seconds` and `memory_bytes`, compiles what comes on `input`, and writes the artifact to `output`, or to `errors`
/// why there is none. Returns whether there is one.
///
/// # Errors
/// When reading or writing fails.
pub fn serve(
    cpu_seconds: u64,
    memory_bytes: u64,
    mut input: impl Read,
    mut output: impl Write,
    mut errors: impl Write,
) -> std::io::Result<bool> {
    limit_this_process(cpu_seconds, memory_bytes)?;
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes)?;
    let artifact = Engine::new(&super::engine::config())
        .map_err(|error| Failure::new(Reason::InvalidModule, detail(&error)))
        .and_then(|engine| compile(&engine, &bytes));
    match artifact {
        Ok(artifact) => {
            output.write_all(&artifact)?;
            output.flush()?;
            Ok(true)
        }
        Err(failure) => {
            write!(errors, "{}\t{}", failure.reason.as_str(), failure.detail)?;
            Ok(false)
        }
    }
}

/// Data rather than address space: allocators reserve far more of the latter than they use, by the number of cores.
#[cfg(unix)]
fn limit_this_process(cpu_seconds: u64, memory_bytes: u64) -> std::io::Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    // A parent that is killed takes its compilation with it.
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    let limits = [
        (Resource::Cpu, cpu_seconds),
        (Resource::Data, memory_bytes),
        (Resource::Fsize, ARTIFACT_BYTES),
        // The memory of a compilation that is ended is of no use to anybody.
        (Resource::Core, 0),
    ];
    for (resource, limit) in limits {
        // The hard limit stays: it may be the administrator's, and reaching it would be a kill without a reason.
        let maximum = getrlimit(resource).maximum;
        let current = Some(maximum.map_or(limit, |maximum| maximum.min(limit)));
        setrlimit(resource, Rlimit { current, maximum })?;
    }
    Ok(())
}

/// Elsewhere the parent's clock is the only limit.
#[cfg(not(unix))]
fn limit_this_process(_cpu_seconds: u64, _memory_bytes: u64) -> std::io::Result<()> {
    Ok(())
}
