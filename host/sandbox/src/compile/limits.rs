//! Limits on the compilation of one module.

use std::time::Duration;

/// Limits on the compilation of one module file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileLimits {
    /// CPU time, over all cores. Python's and JavaScript's runtimes, 40 MB of machine code each, take 12 s and 15 s on the
    /// machine that the project is measured on, and have room on one of a third of its speed.
    pub cpu_seconds: u64,
    /// Memory of the process that compiles; less where the machine has less.
    pub memory_bytes: u64,
    /// Wall-clock time.
    pub wall: Duration,
}

impl Default for CompileLimits {
    /// The wall-clock time is the part of a run (`timeout_seconds`, 60) in which modules are loaded.
    fn default() -> Self {
        Self { cpu_seconds: 60, memory_bytes: 2 << 30, wall: Duration::from_secs(40) }
    }
}

impl CompileLimits {
    /// Longer limits, for a command that no cycle waits for.
    pub fn relaxed(&self) -> Self {
        Self { cpu_seconds: 6 * self.cpu_seconds, wall: 12 * self.wall, ..self.clone() }
    }
}
