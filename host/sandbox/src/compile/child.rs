//! The child process that compiles: it limits itself, then reads a module and writes the artifact.

use std::io::{Read, Write};

use wasmtime::Engine;

use crate::engine::config;
use crate::failure::invalid;

use super::component::compile;

/// The hidden command that compiles.
pub const COMMAND: &str = "compile-module";

/// Largest artifact.
#[cfg(unix)]
const ARTIFACT_BYTES: u64 = 512 << 20;

/// Limits this process to `cpu_seconds` and `memory_bytes`, compiles the module from `input`, and writes the artifact to
/// `output` or the failure to `errors`. Returns whether there is an artifact.
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
    let artifact = Engine::new(&config()).map_err(invalid).and_then(|engine| compile(&engine, &bytes));
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

/// Limits data rather than address space: allocators reserve far more address space than they use, depending on the
/// number of cores.
#[cfg(unix)]
fn limit_this_process(cpu_seconds: u64, memory_bytes: u64) -> std::io::Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    #[cfg(target_os = "linux")]
    {
        // A parent that is killed takes its compilation with it.
        rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
        // The kernel named this process after the link that started it.
        let _ = rustix::thread::set_name(c"checkpost"); // only what `ps` shows
    }
    let limits = [
        (Resource::Cpu, cpu_seconds),
        (Resource::Data, memory_bytes),
        (Resource::Fsize, ARTIFACT_BYTES),
        // A core dump of a compilation that hit a limit is of no use.
        (Resource::Core, 0),
    ];
    for (resource, limit) in limits {
        // The hard limit stays: the administrator may have set it, and the signal to a process that reaches it would not
        // show the reason.
        let maximum = getrlimit(resource).maximum;
        let current = Some(maximum.map_or(limit, |maximum| maximum.min(limit)));
        setrlimit(resource, Rlimit { current, maximum })?;
    }
    Ok(())
}

/// On other systems, the wall clock of the parent is the only limit.
#[cfg(not(unix))]
fn limit_this_process(_cpu_seconds: u64, _memory_bytes: u64) -> std::io::Result<()> {
    Ok(())
}
