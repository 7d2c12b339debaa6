//! One call into a guest: a fresh store with its limits, and the reason when the call fails.

use std::time::{Duration, Instant};

use wasmtime::component::InstancePre;
use wasmtime::{Error, Store, Trap};

use crate::check::{Failure, Reason};
use crate::clean;

use super::bindings::{Check, CheckPre};
use super::engine::{EPOCH_TICK, Sandbox};
use super::limits::{Limits, MemoryLimiter, StoreState};

/// Longest detail of a failure that is kept.
const DETAIL_CHARS: usize = 300;

/// What a call cost and brought.
pub(super) struct Called<T> {
    pub(super) result: Result<T, Failure>,
    pub(super) fuel: u64,
    pub(super) duration: Duration,
}

/// Instantiates a check in a fresh store and calls it once, until `deadline` at the latest.
///
/// Fresh store per call: no check may see what another, or its own past, left in memory.
pub(super) fn call<T>(
    sandbox: &Sandbox,
    deadline: Option<Instant>,
    pre: &CheckPre<StoreState>,
    function: impl FnOnce(&Check, &mut Store<StoreState>) -> wasmtime::Result<T>,
) -> Called<T> {
    let started = Instant::now();
    let limits = &sandbox.limits;
    let mut store = Store::new(&sandbox.engine, StoreState { limiter: MemoryLimiter::new(limits) });
    store.limiter(|state| &mut state.limiter);
    store.set_hostcall_fuel(limits.output_bytes);
    let left = deadline.map_or(limits.evaluation, |deadline| deadline.saturating_duration_since(started));
    if left.is_zero() {
        let failure = Failure::new(Reason::Deadline, "the run had no time left for it");
        return Called { result: Err(failure), fuel: 0, duration: Duration::ZERO };
    }
    let time = limits.evaluation.min(left);
    store.set_epoch_deadline(ticks(time));
    let result = store
        .set_fuel(limits.fuel)
        .and_then(|()| pre.instantiate(&mut store))
        .and_then(|check| function(&check, &mut store))
        .map_err(|error| failure(&error, &store, limits, time));
    // `get_fuel` only fails when fuel is off.
    let fuel = limits.fuel - store.get_fuel().unwrap_or(limits.fuel);
    Called { result, fuel, duration: started.elapsed() }
}

/// Links a component, which must import nothing, and looks up the three functions of the contract.
pub(super) fn link(pre: InstancePre<StoreState>) -> Result<CheckPre<StoreState>, Failure> {
    CheckPre::new(pre).map_err(|error| Failure::new(Reason::ContractMismatch, detail(&error)))
}

fn ticks(duration: Duration) -> u64 {
    // One more than fits: the first tick may come at once.
    (duration.as_nanos() / EPOCH_TICK.as_nanos()) as u64 + 1
}

fn failure(error: &Error, store: &Store<StoreState>, limits: &Limits, time: Duration) -> Failure {
    if store.data().limiter.exceeded {
        let detail = format!("wanted more than {} bytes of memory", limits.memory_bytes);
        return Failure::new(Reason::MemoryLimit, detail);
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => Failure::new(Reason::OutOfFuel, format!("used up its {} units of fuel", limits.fuel)),
        Some(Trap::Interrupt) => Failure::new(Reason::Deadline, format!("did not end within {} ms", time.as_millis())),
        Some(Trap::StackOverflow) => Failure::new(Reason::StackOverflow, "recursed too deep"),
        Some(trap) => Failure::new(Reason::Trap, trap.to_string()),
        None => untyped_failure(error),
    }
}

/// Errors that wasmtime raises without a type of their own.
fn untyped_failure(error: &Error) -> Failure {
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
    // The guest broke the canonical ABI: a bad pointer, invalid UTF-8, an unknown enum case.
    Failure::new(Reason::InvalidOutput, text)
}

/// The causes of an error as one clean, bounded line.
pub(super) fn detail(error: &Error) -> String {
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    clean::bounded(&causes.join(": "), DETAIL_CHARS)
}
