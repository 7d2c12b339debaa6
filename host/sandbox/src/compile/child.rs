//! The child process that compiles: it limits itself, then reads a module and writes what it makes of it.

use std::io::{self, Read, Write};

use wasmtime::Engine;

use checkpost_model::check::{Failure, Reason};

use crate::encode::component_from;
use crate::engine::config;

use super::component::{compile, max_artifact_bytes};

/// The hidden command that compiles.
pub const COMMAND: &str = "compile-module";

/// What a child makes of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// Machine code.
    Artifact,
    /// A component.
    Component,
}

/// Limits this process to `cpu_seconds` and `memory_bytes`, makes the product of the module from `input`, and writes it to
/// `output`, or the failure to `errors`. Returns whether there is a product.
///
/// # Errors
/// When reading or writing fails.
pub fn serve(
    product: Product,
    cpu_seconds: u64,
    memory_bytes: u64,
    mut input: impl Read,
    mut output: impl Write,
    mut errors: impl Write,
) -> io::Result<bool> {
    limit_this_process(cpu_seconds, memory_bytes)?;
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes)?;
    limit_files(max_artifact_bytes(bytes.len() as u64))?;
    match make(product, &bytes)? {
        Ok(product) => {
            output.write_all(&product)?;
            output.flush()?;
            Ok(true)
        }
        Err(failure) => {
            write!(errors, "{}\t{}", failure.reason.as_str(), failure.detail)?;
            Ok(false)
        }
    }
}

/// The product, or what is wrong with the module. That there is no engine says nothing about the module.
fn make(product: Product, bytes: &[u8]) -> io::Result<Result<Vec<u8>, Failure>> {
    Ok(match product {
        Product::Artifact => {
            let engine = Engine::new(&config()).map_err(|error| io::Error::other(format!("{error:#}")))?;
            compile(&engine, bytes).map(|artifact| artifact.bytes().to_owned())
        }
        Product::Component => component_from(bytes)
            .map(|component| component.into_owned())
            .map_err(|error| Failure::new(Reason::InvalidModule, error.to_string())),
    })
}

/// Limits data rather than address space: allocators reserve far more address space than they use, depending on the
/// number of cores.
#[cfg(unix)]
fn limit_this_process(cpu_seconds: u64, memory_bytes: u64) -> io::Result<()> {
    use rustix::process::Resource;
    #[cfg(target_os = "linux")]
    {
        // A parent that is killed takes its compilation with it.
        rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
        // A machine without memory ends this process before any other. Best effort: the limit below bounds it anyway.
        let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
        // The kernel named this process after the link that started it.
        let _ = rustix::thread::set_name(c"checkpost"); // only what `ps` shows
    }
    limit(Resource::Cpu, cpu_seconds)?;
    limit(Resource::Data, memory_bytes)?;
    // A core dump of a compilation that hit a limit is of no use.
    limit(Resource::Core, 0)
}

#[cfg(unix)]
fn limit_files(bytes: u64) -> io::Result<()> {
    limit(rustix::process::Resource::Fsize, bytes)
}

/// Lowers a soft limit. The hard limit stays: the administrator may have set it, and the signal to a process that reaches
/// it would not show the reason.
#[cfg(unix)]
fn limit(resource: rustix::process::Resource, limit: u64) -> io::Result<()> {
    use rustix::process::{Rlimit, getrlimit, setrlimit};
    let maximum = getrlimit(resource).maximum;
    let current = Some(maximum.map_or(limit, |maximum| maximum.min(limit)));
    Ok(setrlimit(resource, Rlimit { current, maximum })?)
}

/// On other systems, the wall clock of the parent is the only limit.
#[cfg(not(unix))]
fn limit_this_process(_cpu_seconds: u64, _memory_bytes: u64) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn limit_files(_bytes: u64) -> io::Result<()> {
    Ok(())
}
