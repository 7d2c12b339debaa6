//! Limits on the compilation of one module.

use std::time::Duration;

/// Limits on the compilation of one module file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileLimits {
    /// CPU time, over all cores. Python's runtime, 40 MB of machine code, takes 8 s.
    pub cpu_seconds: u64,
    /// Memory of the process that compiles.
    pub memory_bytes: u64,
    /// Wall-clock time.
    pub wall: Duration,
}

impl Default for CompileLimits {
    /// The wall-clock time is less than the half of a run (`timeout_seconds`, 60) that checks have together.
    fn default() -> Self {
        Self { cpu_seconds: 20, memory_bytes: 2 << 30, wall: Duration::from_secs(25) }
    }
}

impl CompileLimits {
    /// Longer limits, for a command that no cycle waits for.
    pub fn relaxed(&self) -> Self {
        Self { cpu_seconds: 6 * self.cpu_seconds, wall: 12 * self.wall, ..self.clone() }
    }
}
