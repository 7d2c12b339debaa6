//! What a store carries for the host, and the limiter that holds it to its memory.

use wasmtime::{Error, ResourceLimiter};

use crate::check::Limits;

use super::wasi::Wasi;

/// What a store carries for the host: its limiter, and the WASI that is linked to nothing.
pub(super) struct StoreState {
    pub(super) limiter: MemoryLimiter,
    pub(super) wasi: Wasi,
}

/// Holds one store to its memory: all memories and tables summed, since a limit for each is none.
pub(super) struct MemoryLimiter {
    left_bytes: usize,
    left_grows: usize,
    /// Set once something was refused, so that the trap that follows can be told from others.
    pub(super) exceeded: Option<Exceeded>,
}

/// Which of the limits on memory was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exceeded {
    Bytes,
    Grows,
    Table,
}

/// What a table element is charged: a pointer.
const TABLE_ELEMENT_BYTES: usize = size_of::<usize>();

/// Elements of one table. A pooled engine sets aside room for so many, and what a check may do must not depend on the
/// engine that it happens to run in.
pub(super) const MAX_TABLE_ELEMENTS: usize = 8 << 20;

impl MemoryLimiter {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { left_bytes: limits.memory_bytes, left_grows: limits.memory_grows, exceeded: None }
    }

    fn charge(&mut self, current: usize, desired: usize, unit_bytes: usize) -> Result<bool, Error> {
        let more = desired.saturating_sub(current).saturating_mul(unit_bytes);
        let Some(left_bytes) = self.left_bytes.checked_sub(more) else { return self.refuse(Exceeded::Bytes) };
        let Some(left_grows) = self.left_grows.checked_sub(1) else { return self.refuse(Exceeded::Grows) };
        (self.left_bytes, self.left_grows) = (left_bytes, left_grows);
        Ok(true)
    }

    /// A trap rather than a -1: most guests do not look at the result, and the reason would be lost.
    fn refuse(&mut self, exceeded: Exceeded) -> Result<bool, Error> {
        self.exceeded = Some(exceeded);
        Err(Error::msg("memory limit exceeded"))
    }
}

impl ResourceLimiter for MemoryLimiter {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool, Error> {
        self.charge(current, desired, 1)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool, Error> {
        let charged = self.charge(current, desired, TABLE_ELEMENT_BYTES);
        if desired > MAX_TABLE_ELEMENTS && charged.is_ok() {
            return self.refuse(Exceeded::Table);
        }
        charged
    }

    /// Tables and memories are counted by their bytes; the pool counts them otherwise, and must not be the stricter.
    fn instances(&self) -> usize {
        usize::MAX
    }

    fn tables(&self) -> usize {
        usize::MAX
    }

    fn memories(&self) -> usize {
        usize::MAX
    }
}
