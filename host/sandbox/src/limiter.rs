//! The limiter that enforces the memory limits of a store.

use wasmtime::{Error, ResourceLimiter};

use checkpost_model::check::Limits;

/// Limits the memory of one store: all memories and tables and the contexts of all instances summed, because a guest could
/// evade a limit on each by making more of them.
pub(crate) struct MemoryLimiter {
    left_bytes: usize,
    left_grows: usize,
    /// Set once a request is refused, so that the resulting trap has the right reason.
    pub(crate) exceeded: Option<Exceeded>,
}

/// The memory limit that a guest exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exceeded {
    Bytes,
    Grows,
    Table,
}

/// The charge for a table element: a pointer.
const TABLE_ELEMENT_BYTES: usize = size_of::<usize>();

/// Elements of one table. A pooled engine reserves room for this many, and the limit of a check must not depend on the
/// engine that runs the check.
pub(crate) const MAX_TABLE_ELEMENTS: usize = 8 << 20;

/// Instances of core modules in one store, at most; more are refused before they are compiled.
pub(crate) const MAX_INSTANCES: usize = 1_000;

/// Memories in one store, at most: each reserves address space.
pub(crate) const MAX_MEMORIES: usize = 100;

/// Tables in one store, at most.
pub(crate) const MAX_TABLES: usize = 1_000;

impl MemoryLimiter {
    /// The limiter of a store whose instances need `context_bytes` of the host's memory; `None` if that is too much.
    pub(crate) fn new(limits: &Limits, context_bytes: u64) -> Option<Self> {
        let left_bytes = limits.memory_bytes.checked_sub(usize::try_from(context_bytes).ok()?)?;
        Some(Self { left_bytes, left_grows: limits.memory_grows, exceeded: None })
    }

    fn charge(&mut self, current: usize, desired: usize, unit_bytes: usize) -> Result<bool, Error> {
        let more = desired.saturating_sub(current).saturating_mul(unit_bytes);
        let Some(left_bytes) = self.left_bytes.checked_sub(more) else { return self.refuse(Exceeded::Bytes) };
        let Some(left_grows) = self.left_grows.checked_sub(1) else { return self.refuse(Exceeded::Grows) };
        (self.left_bytes, self.left_grows) = (left_bytes, left_grows);
        Ok(true)
    }

    /// Traps instead of returning -1 to the guest: most guests ignore the result, and the reason would be lost.
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

    fn instances(&self) -> usize {
        MAX_INSTANCES
    }

    fn tables(&self) -> usize {
        MAX_TABLES
    }

    fn memories(&self) -> usize {
        MAX_MEMORIES
    }
}
