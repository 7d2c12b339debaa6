//! One call to a guest, in a fresh store with its limits.

use std::time::{Duration, Instant};

use wasmtime::Store;

use checkpost_model::check::{Failure, Limits, Reason};
use checkpost_model::clean;

use crate::bindings::{Check, CheckPre};
use crate::engine::EPOCH_TICK;
use crate::failure::{call_failure, memory_failure};
use crate::limiter::{Exceeded, MemoryLimiter};
use crate::state::StoreState;
use crate::turns::Turns;

/// The budget of a call.
pub(crate) struct Budget<'a> {
    pub(crate) limits: &'a Limits,
    /// The time that the call has to share with others; `None`: only its own limit holds.
    pub(crate) turns: Option<&'a Turns>,
    /// Time on the guest's clocks, milliseconds since the epoch.
    pub(crate) time_ms: u64,
}

/// The result of a call and its cost.
pub(crate) struct Completed<T> {
    pub(crate) result: Result<T, Failure>,
    pub(crate) fuel: u64,
    pub(crate) duration: Duration,
    /// The end of the guest's standard output and error, safe to log.
    pub(crate) output: String,
}

impl<T> Completed<T> {
    fn not_called(failure: Failure) -> Self {
        Self { result: Err(failure), fuel: 0, duration: Duration::ZERO, output: String::new() }
    }
}

/// Instantiates a check in a fresh store and calls it once.
///
/// Fresh store per call: no check may see the memory of another, or of its own past. `context_bytes` is the host's memory for
/// the contexts of the check's instances.
pub(crate) fn call<T>(
    budget: &Budget<'_>,
    (pre, context_bytes): (&CheckPre<StoreState>, u64),
    function: impl FnOnce(&Check, &mut Store<StoreState>) -> wasmtime::Result<T>,
) -> Completed<T> {
    let started = Instant::now();
    let limits = budget.limits;
    let time = budget.turns.map_or(limits.evaluation, |turns| turns.next().min(limits.evaluation));
    if time.is_zero() {
        return Completed::not_called(Failure::new(Reason::Deadline, "the run had no time left for this check"));
    }
    let Some(limiter) = MemoryLimiter::new(limits, context_bytes) else {
        return Completed::not_called(memory_failure(Exceeded::Bytes, limits));
    };
    let mut store = Store::new(pre.engine(), StoreState::new(limiter, budget.time_ms));
    store.limiter(|state| &mut state.limiter);
    store.set_hostcall_fuel(limits.output_bytes);
    store.set_epoch_deadline(ticks(time));
    // The limit is inclusive, and wasmtime traps when the fuel reaches zero.
    let filled = limits.fuel.saturating_add(1);
    let result = store
        .set_fuel(filled)
        .and_then(|()| pre.instantiate(&mut store))
        .and_then(|check| function(&check, &mut store))
        .map_err(|error| call_failure(&error, store.data().limiter.exceeded, limits, time));
    // `get_fuel` only fails when fuel is off.
    let fuel = (filled - store.get_fuel().unwrap_or(filled)).min(limits.fuel);
    Completed { result, fuel, duration: started.elapsed(), output: output(&store) }
}

fn output(store: &Store<StoreState>) -> String {
    let output = store.data().wasi.output();
    let output = String::from_utf8_lossy(&output);
    output.lines().filter(|line| !line.trim().is_empty()).map(clean::owned).collect::<Vec<_>>().join("\n")
}

/// The ticks in a duration, and one more: the first tick may come at once.
fn ticks(duration: Duration) -> u64 {
    (duration.as_nanos() / EPOCH_TICK.as_nanos()) as u64 + 1
}
