//! Packs a core module as a component, for people who build checks.

use std::io;
use std::time::Instant;

use checkpost_model::check::{Failure, Reason};

use crate::compile::{Compilation, CompileLimits, Job, Product, capacity, compile_in_child, own_program};

/// The component in `bytes`, made in a child process: the encoder may panic, or never end, on input that is hostile.
///
/// # Errors
/// When the bytes cannot be encoded as a component, or that takes more than the limits allow.
pub fn pack(bytes: &[u8], limits: &CompileLimits) -> Result<Vec<u8>, Failure> {
    let failed = |error: io::Error| Failure::new(Reason::CompileLimit, format!("cannot run the encoder: {error}"));
    let program = own_program().map_err(failed)?;
    let compilation = compile_in_child(&Job {
        program: &program,
        scratch: &tempfile::tempfile,
        product: Product::Component,
        bytes,
        cpu_seconds: limits.cpu_seconds,
        memory_bytes: capacity(limits).memory_bytes,
        until: Instant::now() + limits.wall,
    });
    match compilation {
        Compilation::Made(component) => Ok(component),
        Compilation::Refused(failure)
        | Compilation::Failed(failure)
        | Compilation::Ended(failure)
        | Compilation::Quarantine(failure) => Err(failure),
    }
}
