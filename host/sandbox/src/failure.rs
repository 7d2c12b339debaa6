//! The failure of a call: the reason and the detail for an error of wasmtime.

use std::time::Duration;

use wasmtime::component::ResourceTableError;
use wasmtime::{Error, Trap};
use wasmtime_wasi::I32Exit;

use checkpost_model::check::{Failure, Limits, Reason};
use checkpost_model::clean;

use crate::limiter::{Exceeded, MAX_INSTANCES, MAX_MEMORIES, MAX_TABLE_ELEMENTS, MAX_TABLES};

/// Longest detail of a failure.
const DETAIL_CHARS: usize = 300;

/// The failure of a call that ended in `error`, and whose limiter refused memory as `exceeded` says.
pub(crate) fn call_failure(error: &Error, exceeded: Option<Exceeded>, limits: &Limits, time: Duration) -> Failure {
    if let Some(exceeded) = exceeded {
        return memory_failure(exceeded, limits);
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => Failure::new(Reason::OutOfFuel, format!("used up its {} units of fuel", limits.fuel)),
        Some(Trap::Interrupt) => Failure::new(Reason::Deadline, format!("did not end within {} ms", time.as_millis())),
        Some(Trap::StackOverflow) => {
            Failure::new(Reason::StackOverflow, format!("needs more than {} bytes of stack", limits.stack_bytes))
        }
        Some(trap) => Failure::new(Reason::Trap, trap.to_string()),
        None => untyped_failure(error),
    }
}

/// The failure of a call that needs more memory than its limits allow.
pub(crate) fn memory_failure(exceeded: Exceeded, limits: &Limits) -> Failure {
    let detail = match exceeded {
        Exceeded::Bytes => format!("needs more than {} bytes of memory", limits.memory_bytes),
        Exceeded::Grows => format!("grew its memory more than {} times", limits.memory_grows),
        Exceeded::Table => format!("needs a table of more than {MAX_TABLE_ELEMENTS} elements"),
    };
    Failure::new(Reason::MemoryLimit, detail)
}

/// The failure for an error that wasmtime raises without a trap.
fn untyped_failure(error: &Error) -> Failure {
    if let Some(I32Exit(status)) = error.downcast_ref::<I32Exit>() {
        return Failure::new(Reason::Trap, format!("exited with status {status}"));
    }
    if let Some(ResourceTableError::Full) = error.downcast_ref::<ResourceTableError>() {
        return Failure::new(Reason::MemoryLimit, "opened too many WASI handles");
    }
    let text = detail(error);
    if text.contains("fuel allocated for hostcalls") {
        return Failure::new(Reason::OutputLimit, "returned more data than the limit allows (limits.output_bytes)");
    }
    // Small ones reach these counts before the limit in bytes.
    if text.contains("resource limit exceeded") {
        let detail = format!(
            "makes more than {MAX_INSTANCES} instances, {MAX_MEMORIES} memories or {MAX_TABLES} tables in one call"
        );
        return Failure::new(Reason::MemoryLimit, detail);
    }
    // Exports are matched by name when the component is linked, and by type when it is first instantiated.
    if text.contains("type mismatch") || text.contains("failed to convert function") {
        return Failure::new(Reason::ContractMismatch, text);
    }
    if text.contains("requested len") {
        return Failure::new(Reason::Trap, "requested more random bytes from WASI than one call may return");
    }
    // The guest broke the canonical ABI: a bad pointer, invalid UTF-8, an unknown enum case.
    Failure::new(Reason::InvalidOutput, text)
}

/// The failure of a module that the engine refuses.
pub(crate) fn invalid(error: Error) -> Failure {
    Failure::new(Reason::InvalidModule, detail(&error))
}

/// The causes of an error as one clean, bounded line.
pub(crate) fn detail(error: &Error) -> String {
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    clean::bounded(&causes.join(": "), DETAIL_CHARS)
}
