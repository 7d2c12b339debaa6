//! The CPU use of processes over an interval.

use std::time::Duration;

use checkpost_model::metric::ProcessTimes;

use super::scan::{Process, Scan};

/// Tolerance for the moments of two readings: a scan takes a while, and some systems report starts in seconds.
const SLACK_S: f64 = 2.0;

/// The interval between earlier CPU times and a scan.
pub(super) struct CpuInterval<'a> {
    earlier: &'a ProcessTimes,
    /// The CPU time that all CPUs together had in the interval.
    capacity_ticks: f64,
    /// The start of the interval. A process that started before and is not in the earlier times was hidden then, so that its
    /// CPU use is unknown.
    began_ticks: Option<f64>,
}

impl<'a> CpuInterval<'a> {
    pub(super) fn new(scan: &Scan, earlier: &'a ProcessTimes, interval: Duration) -> Option<Self> {
        let capacity_ticks = interval.as_secs_f64() * scan.ticks_per_second * scan.cpu_count as f64;
        let age_ticks = (interval.as_secs_f64() + SLACK_S) * scan.ticks_per_second;
        let began_ticks = scan.now_ticks.map(|now| now as f64 - age_ticks);
        (capacity_ticks > 0.0).then_some(Self { earlier, capacity_ticks, began_ticks })
    }

    /// Whether the process existed at the start of the interval.
    pub(super) fn had(&self, process: &Process) -> bool {
        self.earlier.cpu_ticks(process.pid, process.start_ticks).is_some()
    }

    /// The share of all CPUs that a process used in the interval, 0..1. `None` if its counter fell.
    pub(super) fn share(&self, process: &Process) -> Option<f64> {
        let used = match self.earlier.cpu_ticks(process.pid, process.start_ticks) {
            Some(before) => process.cpu_ticks.checked_sub(before)?,
            None if self.began_ticks.is_some_and(|began| (process.start_ticks as f64) < began) => return None,
            None => process.cpu_ticks,
        };
        // Ticks are rounded, so that a process may seem to have used more than all CPUs.
        Some((used as f64 / self.capacity_ticks).min(1.0))
    }
}
