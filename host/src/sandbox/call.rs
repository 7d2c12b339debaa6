//! One call into a guest: a fresh store with its limits, and the reason when the call fails.

use std::time::{Duration, Instant};

use wasmtime::component::ResourceTableError;
use wasmtime::{Error, Store, Trap};
use wasmtime_wasi::I32Exit;

use crate::check::{Failure, Limits, Reason};
use crate::clean;

use super::bindings::{Check, CheckPre};
use super::engine::EPOCH_TICK;
use super::limits::{Exceeded, MemoryLimiter, StoreState};
use super::wasi::Wasi;

/// Longest detail of a failure that is kept.
const DETAIL_CHARS: usize = 300;

/// What a call may use.
pub(super) struct Budget<'a> {
    pub(super) limits: &'a Limits,
    /// When it ends at the latest, whatever its own limit leaves.
    pub(super) deadline: Option<Instant>,
    /// Where the guest's clocks stand, milliseconds since the epoch.
    pub(super) time_ms: u64,
}

/// What a call cost and brought.
pub(super) struct Called<T> {
    pub(super) result: Result<T, Failure>,
    pub(super) fuel: u64,
    pub(super) duration: Duration,
    /// The end of what the guest wrote to its standard output and error, fit for the log.
    pub(super) output: String,
}

/// Instantiates a check in a fresh store and calls it once.
///
/// Fresh store per call: no check may see what another, or its own past, left in memory.
pub(super) fn call<T>(
    budget: &Budget<'_>,
    pre: &CheckPre<StoreState>,
    function: impl FnOnce(&Check, &mut Store<StoreState>) -> wasmtime::Result<T>,
) -> Called<T> {
    let started = Instant::now();
    let limits = budget.limits;
    let left = budget.deadline.map_or(limits.evaluation, |deadline| deadline.saturating_duration_since(started));
    if left.is_zero() {
        let failure = Failure::new(Reason::Deadline, "the run had no time left for it");
        return Called { result: Err(failure), fuel: 0, duration: Duration::ZERO, output: String::new() };
    }
    let state = StoreState { limiter: MemoryLimiter::new(limits), wasi: Wasi::at(budget.time_ms) };
    let mut store = Store::new(pre.engine(), state);
    store.limiter(|state| &mut state.limiter);
    store.set_hostcall_fuel(limits.output_bytes);
    let time = limits.evaluation.min(left);
    store.set_epoch_deadline(ticks(time));
    // wasmtime stops at the last unit; a limit is what may be used.
    let filled = limits.fuel.saturating_add(1);
    let result = store
        .set_fuel(filled)
        .and_then(|()| pre.instantiate(&mut store))
        .and_then(|check| function(&check, &mut store))
        .map_err(|error| failure(&error, &store, limits, time));
    // `get_fuel` only fails when fuel is off.
    let fuel = (filled - store.get_fuel().unwrap_or(filled)).min(limits.fuel);
    Called { result, fuel, duration: started.elapsed(), output: output(&store) }
}

fn output(store: &Store<StoreState>) -> String {
    let output = store.data().wasi.output();
    let output = String::from_utf8_lossy(&output);
    output.lines().filter(|line| !line.trim().is_empty()).map(clean::owned).collect::<Vec<_>>().join("\n")
}

fn ticks(duration: Duration) -> u64 {
    // One more than fits: the first tick may come at once.
    (duration.as_nanos() / EPOCH_TICK.as_nanos()) as u64 + 1
}

fn failure(error: &Error, store: &Store<StoreState>, limits: &Limits, time: Duration) -> Failure {
    if let Some(exceeded) = store.data().limiter.exceeded {
        return Failure::new(Reason::MemoryLimit, memory_detail(exceeded, limits));
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

fn memory_detail(exceeded: Exceeded, limits: &Limits) -> String {
    match exceeded {
        Exceeded::Bytes => format!("wanted more than {} bytes of memory", limits.memory_bytes),
        Exceeded::Grows => format!("its memory grew more than {} times", limits.memory_grows),
        Exceeded::Table => format!("wanted a table of more than {} elements", super::limits::MAX_TABLE_ELEMENTS),
    }
}

/// Errors that wasmtime raises without a trap.
fn untyped_failure(error: &Error) -> Failure {
    if let Some(I32Exit(status)) = error.downcast_ref::<I32Exit>() {
        return Failure::new(Reason::Trap, format!("ended itself with exit status {status}"));
    }
    if let Some(ResourceTableError::Full) = error.downcast_ref::<ResourceTableError>() {
        return Failure::new(Reason::MemoryLimit, "opened too many handles of WASI");
    }
    let text = detail(error);
    if text.contains("fuel allocated for hostcalls") {
        return Failure::new(Reason::OutputLimit, "returned more data than the limit allows");
    }
    // Wasmtime's own count of memories, tables and instances, for what is too small to reach the limit in bytes.
    if text.contains("resource limit exceeded") {
        return Failure::new(Reason::MemoryLimit, text);
    }
    // Exports are matched by name when linking and by type on the first instantiation.
    if text.contains("type mismatch") || text.contains("failed to convert function") {
        return Failure::new(Reason::ContractMismatch, text);
    }
    if text.contains("requested len") {
        return Failure::new(Reason::Trap, "asked WASI for more random bytes than it gives at once");
    }
    // The guest broke the canonical ABI: a bad pointer, invalid UTF-8, an unknown enum case.
    Failure::new(Reason::InvalidOutput, text)
}

/// The causes of an error as one clean, bounded line.
pub(super) fn detail(error: &Error) -> String {
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    clean::bounded(&causes.join(": "), DETAIL_CHARS)
}
