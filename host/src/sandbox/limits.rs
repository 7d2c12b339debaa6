//! What one module and one evaluation may use, and the limiter that holds a store to it.

use std::time::Duration;

use wasmtime::{Error, ResourceLimiter};

/// Limits on one module and one evaluation. All are inclusive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Fuel of one call into a check, in wasmtime's units (about one a wasm instruction). Reproducible.
    pub fuel: u64,
    /// Wall-clock backstop of one call into a check.
    pub evaluation: Duration,
    /// Memories and tables of a store, together.
    pub memory_bytes: usize,
    /// Verdicts of one evaluation.
    pub verdicts: usize,
    /// Each string that a check returns.
    pub text_bytes: usize,
    /// All that one call returns, together, as laid out in the guest's memory.
    pub output_bytes: usize,
    /// Size of a module file.
    pub module_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            fuel: 500_000_000,
            evaluation: Duration::from_secs(2),
            memory_bytes: 64 << 20,
            verdicts: 1_000,
            text_bytes: 4 << 10,
            output_bytes: 4 << 20,
            module_bytes: 64 << 20,
        }
    }
}

/// What a store carries for the host: its limiter, and nothing a guest could reach.
pub(super) struct StoreState {
    pub(super) limiter: MemoryLimiter,
}

/// Holds one store to its memory limit: all memories and tables summed, since a per-memory limit is none.
pub(super) struct MemoryLimiter {
    left_bytes: usize,
    /// Set once something was refused, so that the trap that follows can be told from others.
    pub(super) exceeded: bool,
}

/// What a table element is charged: a pointer.
const TABLE_ELEMENT_BYTES: usize = size_of::<usize>();

impl MemoryLimiter {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { left_bytes: limits.memory_bytes, exceeded: false }
    }

    fn charge(&mut self, current: usize, desired: usize, unit_bytes: usize) -> Result<bool, Error> {
        let more = desired.saturating_sub(current).saturating_mul(unit_bytes);
        match self.left_bytes.checked_sub(more) {
            Some(left_bytes) => {
                self.left_bytes = left_bytes;
                Ok(true)
            }
            // A trap rather than a -1: most guests do not look at the result, and the reason would be lost.
            None => {
                self.exceeded = true;
                Err(Error::msg("memory limit exceeded"))
            }
        }
    }
}

impl ResourceLimiter for MemoryLimiter {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool, Error> {
        self.charge(current, desired, 1)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool, Error> {
        self.charge(current, desired, TABLE_ELEMENT_BYTES)
    }
}
