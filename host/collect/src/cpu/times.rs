//! CPU time by mode, and the shares between two readings.

use std::collections::BTreeMap;

use procfs::{CpuTime, FromBufReadSI, KernelStats};

/// Seconds since boot by `cpu.mode` of OpenTelemetry, and `softirq`, which OpenTelemetry lacks.
pub(super) type Times = BTreeMap<&'static str, f64>;

/// Every mode.
pub(super) const MODES: [&str; 8] = ["user", "nice", "system", "idle", "iowait", "interrupt", "softirq", "steal"];

/// One reading of `/proc/stat`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Stat {
    /// All CPUs together.
    pub(super) total: Times,
    /// Each online CPU by its number. Some containers hide them.
    pub(super) cores: BTreeMap<u32, Times>,
}

impl Stat {
    /// Parses the file.
    pub(super) fn parse(stat: &[u8]) -> Result<Self, procfs::ProcError> {
        let parsed = KernelStats::from_buf_read(stat, procfs::current_system_info())?;
        // The parser counts CPUs from 0, but an offline CPU has no line, which would shift the numbers after it.
        let numbers = stat.split(|byte| *byte == b'\n').filter_map(|line| {
            let number = line.strip_prefix(b"cpu")?.split(|byte| *byte == b' ').next()?;
            std::str::from_utf8(number).ok()?.parse().ok()
        });
        Ok(Self { total: times(&parsed.total), cores: numbers.zip(parsed.cpu_time.iter().map(times)).collect() })
    }
}

fn times(time: &CpuTime) -> Times {
    // `guest` and `guest_nice` are excluded, because the kernel counts them in `user` and `nice` already.
    let ticks = [
        Some(time.user),
        Some(time.nice),
        Some(time.system),
        Some(time.idle),
        time.iowait,
        time.irq,
        time.softirq,
        time.steal,
    ];
    let seconds = |ticks: u64| ticks as f64 / procfs::ticks_per_second() as f64;
    MODES.into_iter().zip(ticks).filter_map(|(mode, ticks)| Some((mode, seconds(ticks?)))).collect()
}

/// Share of time by mode between two readings; the sum is 1. `None` if a counter fell (suspend, hotplug) or none changed.
pub(super) fn shares(before: &Times, after: &Times) -> Option<Times> {
    let mut spent = Times::new();
    for (mode, after) in after {
        let seconds = after - before.get(mode)?;
        // By proc(5) iowait may fall, and so may the modes that are estimated from it. Any other mode falls only by a reset.
        if seconds < 0.0 && !matches!(*mode, "iowait" | "idle" | "steal") {
            return None;
        }
        spent.insert(mode, seconds.max(0.0));
    }
    let total: f64 = spent.values().sum();
    if total <= 0.0 {
        return None;
    }
    spent.values_mut().for_each(|seconds| *seconds /= total);
    Some(spent)
}

/// Busy share of all modes. A CPU that waits for a disk is free. Stolen time is busy, because work was ready to run.
pub(super) fn busy(shares: &Times) -> f64 {
    let busy = shares.iter().filter(|(mode, _)| !matches!(**mode, "idle" | "iowait"));
    busy.map(|(_, share)| share).sum()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::cpu::tests::{BEFORE, times};

    fn between(before: &str, after: &str) -> Option<f64> {
        shares(&times(before), &times(after)).map(|shares| busy(&shares))
    }

    #[test]
    fn counters_are_seconds_by_mode_and_cpus_are_numbered() {
        let text = "cpu  75418 0 7016 111037 417 0 90 35 0 0\ncpu0 37503 0 3042 56363 61 0 10 15 0 0\n\
                    cpu2 37914 0 3974 54674 355 0 79 20 0 0\nctxt 1\nbtime 1700000000\nprocesses 1\n";
        let stat = Stat::parse(text.as_bytes()).unwrap();
        assert_eq!(stat.cores.keys().copied().collect::<Vec<_>>(), [0, 2]);
        assert_eq!(stat.total["user"], 754.18);
        assert_eq!(stat.cores[&2]["softirq"], 0.79);
        assert_eq!(stat.total.len(), 8);
    }

    #[test]
    fn iowait_is_not_busy() {
        assert_eq!(between(BEFORE, "1025 10 200 5025 150 5 15 0 0 0"), Some(0.25));
    }

    #[test]
    fn stolen_time_is_busy() {
        assert_eq!(between(BEFORE, "1000 10 200 5050 100 5 15 50 0 0"), Some(0.5));
    }

    #[test]
    fn shares_by_mode_add_up() {
        let shares = shares(&times(BEFORE), &times("1020 10 210 5050 110 5 15 10 0 0")).unwrap();
        let percent = ["user", "system", "idle", "iowait", "steal", "nice"].map(|mode| (shares[mode] * 100.0).round());
        assert_eq!(percent, [20.0, 10.0, 50.0, 10.0, 10.0, 0.0]);
    }

    #[test]
    fn guest_time_is_not_counted_twice() {
        // The kernel adds 50 to user and to guest for 50 ticks of a guest.
        assert_eq!(between(BEFORE, "1050 10 200 5050 100 5 15 0 50 0"), Some(0.5));
    }

    #[test]
    fn counters_that_fell_give_no_share() {
        assert_eq!(between(BEFORE, "1100 10 199 5100 100 5 15 0 0 0"), None);
    }

    #[test]
    fn iowait_that_fell_is_zero_and_no_reset() {
        assert_eq!(between(BEFORE, "1050 10 200 5050 99 5 15 0 0 0"), Some(0.5));
    }

    #[test]
    fn counters_that_did_not_change_give_no_share() {
        assert_eq!(between(BEFORE, BEFORE), None);
    }

    #[test]
    fn mode_that_was_absent_before_gives_no_share() {
        assert_eq!(between("1000 10 200 5000", "1100 10 200 5100 100 5 15 0 0 0"), None);
    }
}
