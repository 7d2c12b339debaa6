//! CPU time of all CPUs together, and the busy share that follows from two readings of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use procfs::{FromBufReadSI, KernelStats};

use super::{Request, rate};
use crate::metric::{Labels, Snapshot};

/// A shorter interval since the last snapshot says too little; see [`rate::interval`] for the longest.
const SHORTEST_INTERVAL: Duration = Duration::from_secs(5);

/// Seconds since boot by OpenTelemetry's `cpu.mode`, and `softirq`, which it lacks.
type Times = BTreeMap<&'static str, f64>;

/// The first reading of a CPU window.
pub(super) struct Started {
    at: Instant,
    times: Times,
}

/// Takes the counters. They are stored as read here, next to the uptime, also when a second reading follows.
pub(super) fn start(proc: &Path, snapshot: &mut Snapshot) -> Option<Started> {
    let at = Instant::now();
    let (times, cpu_count) = match read(proc) {
        Ok(reading) => reading,
        Err(why) => {
            snapshot.diagnose("cpu", why);
            return None;
        }
    };
    for (mode, seconds) in &times {
        snapshot.push("system.cpu.time", [("cpu.mode", *mode)], *seconds);
    }
    // Some containers hide the lines of the single CPUs.
    if cpu_count > 0 {
        snapshot.push("system.cpu.logical.count", Labels::none(), cpu_count as f64);
    }
    Some(Started { at, times })
}

/// Derives the busy share: since the last snapshot when that is possible, else over what is left of the window.
pub(super) fn finish(started: Started, proc: &Path, request: &Request, snapshot: &mut Snapshot) {
    let since_last = request.previous.and_then(|previous| since(previous, snapshot, &started.times));
    let derived = match since_last {
        Some(derived) => Ok(derived),
        None => {
            thread::sleep(request.cpu_window.saturating_sub(started.at.elapsed()));
            let interval = started.at.elapsed();
            read(proc).and_then(|(times, _)| match utilization(&started.times, &times) {
                Some(utilization) => Ok((interval, utilization)),
                None => Err(format!("CPU counters fell or stood still for {:.2} s", interval.as_secs_f64())),
            })
        }
    };
    match derived {
        Ok((interval, utilization)) => {
            snapshot.push("system.cpu.utilization", Labels::none(), utilization);
            snapshot.push("checkpost.cpu.interval", Labels::none(), interval.as_secs_f64());
        }
        Err(why) => snapshot.diagnose("cpu", why),
    }
}

/// The interval since the last snapshot and the busy share in it, when the two may be compared.
fn since(previous: &Snapshot, current: &Snapshot, times: &Times) -> Option<(Duration, f64)> {
    let interval = rate::interval(previous, current).filter(|interval| *interval >= SHORTEST_INTERVAL)?;
    let before = |mode| previous.value("system.cpu.time", &Labels::from([("cpu.mode", mode)]));
    let before = times.keys().map(|mode| Some((*mode, before(*mode)?))).collect::<Option<Times>>()?;
    Some((interval, utilization(&before, times)?))
}

/// Busy share of all CPUs between two readings, 0..1. Nothing when a counter fell (suspend, hotplug) or all stood still.
fn utilization(before: &Times, after: &Times) -> Option<f64> {
    let (mut busy, mut total) = (0.0, 0.0);
    for (mode, after) in after {
        let mut spent = after - before.get(mode)?;
        if spent < 0.0 {
            // proc(5): iowait may fall, and so may what is estimated from it. Any other mode is a reset.
            if !matches!(*mode, "iowait" | "idle" | "steal") {
                return None;
            }
            spent = 0.0;
        }
        total += spent;
        // Waiting for a disk leaves the CPU free. Stolen time does not: work that wanted to run could not.
        if !matches!(*mode, "idle" | "iowait") {
            busy += spent;
        }
    }
    (total > 0.0).then(|| busy / total)
}

fn read(proc: &Path) -> Result<(Times, usize), String> {
    let path = proc.join("stat");
    let cannot_read = |why: &dyn std::fmt::Display| format!("cannot read {}: {why}", path.display());
    let text = std::fs::read(&path).map_err(|error| cannot_read(&error))?;
    parse(&text).map_err(|error| cannot_read(&error))
}

/// Times and the number of CPUs that are online.
fn parse(stat: &[u8]) -> Result<(Times, usize), procfs::ProcError> {
    let stat = KernelStats::from_buf_read(stat, procfs::current_system_info())?;
    let total = &stat.total;
    // `guest` and `guest_nice` stay out: the kernel has counted them in `user` and `nice` already.
    let modes = [
        ("user", Some(total.user)),
        ("nice", Some(total.nice)),
        ("system", Some(total.system)),
        ("idle", Some(total.idle)),
        ("iowait", total.iowait),
        ("interrupt", total.irq),
        ("softirq", total.softirq),
        ("steal", total.steal),
    ];
    let seconds = |ticks: u64| ticks as f64 / procfs::ticks_per_second() as f64;
    let times = modes.into_iter().filter_map(|(mode, ticks)| Some((mode, seconds(ticks?)))).collect();
    Ok((times, stat.cpu_time.len()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::collect::tests::proc_with;
    use crate::metric::Host;

    fn stat(cpu: &str) -> String {
        format!("cpu  {cpu}\ncpu0 {cpu}\nintr 475909 0 0\nctxt 1023\nbtime 1700000000\nprocesses 99\nsoftirq 12 3\n")
    }

    fn times(cpu: &str) -> Times {
        parse(stat(cpu).as_bytes()).unwrap().0
    }

    fn between(before: &str, after: &str) -> Option<f64> {
        utilization(&times(before), &times(after))
    }

    /// A snapshot at some second of uptime that carries these counters.
    fn snapshot_at(uptime_s: f64, cpu: &str) -> Snapshot {
        let mut snapshot = Snapshot::new(jiff::Timestamp::UNIX_EPOCH, Host::example("boot-1"));
        snapshot.push("system.uptime", Labels::none(), uptime_s);
        for (mode, seconds) in times(cpu) {
            snapshot.push("system.cpu.time", [("cpu.mode", mode)], seconds);
        }
        snapshot
    }

    //                    user nice system idle iowait irq softirq steal guest guest_nice
    const BEFORE: &str = "1000 10 200 5000 100 5 15 0 0 0";

    #[test]
    fn counters_are_seconds_by_mode_and_cpus_are_counted() {
        let text = "cpu  75418 0 7016 111037 417 0 90 35 0 0\ncpu0 37503 0 3042 56363 61 0 10 15 0 0\n\
                    cpu1 37914 0 3974 54674 355 0 79 20 0 0\nctxt 1\nbtime 1\nprocesses 1\n";
        let (times, count) = parse(text.as_bytes()).unwrap();
        assert_eq!(count, 2);
        assert_eq!(times["user"], 754.18);
        assert_eq!(times["softirq"], 0.9);
        assert_eq!(times.len(), 8);
    }

    #[test]
    fn waiting_for_a_disk_is_not_busy() {
        assert_eq!(between(BEFORE, "1025 10 200 5025 150 5 15 0 0 0"), Some(0.25));
    }

    #[test]
    fn stolen_time_is_busy() {
        assert_eq!(between(BEFORE, "1000 10 200 5050 100 5 15 50 0 0"), Some(0.5));
    }

    #[test]
    fn guest_time_is_not_counted_twice() {
        // The kernel adds 50 to user and to guest for 50 ticks of a guest.
        assert_eq!(between(BEFORE, "1050 10 200 5050 100 5 15 0 50 0"), Some(0.5));
    }

    #[test]
    fn counters_that_went_backwards_give_nothing() {
        assert_eq!(between(BEFORE, "1100 10 199 5100 100 5 15 0 0 0"), None);
    }

    #[test]
    fn waiting_that_fell_is_none_and_no_reset() {
        assert_eq!(between(BEFORE, "1050 10 200 5050 99 5 15 0 0 0"), Some(0.5));
    }

    #[test]
    fn counters_that_stood_still_give_nothing() {
        assert_eq!(between(BEFORE, BEFORE), None);
    }

    #[test]
    fn use_is_the_average_since_the_last_snapshot_of_this_boot() {
        let previous = snapshot_at(1000.0, BEFORE);
        let after = "10000 10 200 26000 100 5 15 0 0 0";
        let derived = since(&previous, &snapshot_at(1300.0, after), &times(after));
        assert_eq!(derived, Some((Duration::from_secs(300), 0.3)));
    }

    #[test]
    fn a_snapshot_younger_than_5_s_or_older_than_1_h_is_no_help() {
        let previous = snapshot_at(1000.0, BEFORE);
        let after = "1100 10 200 5100 100 5 15 0 0 0";
        let is_used = |uptime_s| since(&previous, &snapshot_at(uptime_s, after), &times(after)).is_some();
        assert!(!is_used(1004.9));
        assert!(is_used(1005.0));
        assert!(is_used(4600.0));
        assert!(!is_used(4600.1));
    }

    #[test]
    fn a_mode_that_the_last_snapshot_lacks_gives_nothing() {
        let previous = snapshot_at(1000.0, "1000 10 200 5000");
        let after = "1100 10 200 5100 100 5 15 0 0 0";
        assert_eq!(since(&previous, &snapshot_at(1300.0, after), &times(after)), None);
    }

    #[test]
    fn a_window_in_which_nothing_moved_is_a_diagnostic_and_no_reading() {
        let proc = proc_with(&[("stat", &stat(BEFORE))]);
        let request = Request { cpu_window: Duration::ZERO, ..Request::new(jiff::Timestamp::UNIX_EPOCH) };
        let mut snapshot = Snapshot::new(request.now, Host::example("boot-1"));
        let started = start(proc.path(), &mut snapshot).unwrap();
        finish(started, proc.path(), &request, &mut snapshot);
        assert_eq!(snapshot.value("system.cpu.utilization", &Labels::none()), None);
        assert!(snapshot.diagnostics[0].message.contains("fell or stood still"), "{:?}", snapshot.diagnostics);
    }

    #[test]
    fn counters_that_fell_since_the_last_snapshot_are_measured_over_the_window() {
        let proc = proc_with(&[("stat", &stat(BEFORE))]);
        let previous = snapshot_at(1000.0, "9000 10 200 5000 100 5 15 0 0 0");
        let request = Request {
            previous: Some(&previous),
            cpu_window: Duration::ZERO,
            ..Request::new(jiff::Timestamp::UNIX_EPOCH)
        };
        let mut snapshot = Snapshot::new(request.now, Host::example("boot-1"));
        let started = start(proc.path(), &mut snapshot).unwrap();
        snapshot.push("system.uptime", Labels::none(), 1300.0);
        std::fs::write(proc.path().join("stat"), stat("1075 10 200 5025 100 5 15 0 0 0")).unwrap();
        finish(started, proc.path(), &request, &mut snapshot);
        assert_eq!(snapshot.value("system.cpu.utilization", &Labels::none()), Some(0.75));
        assert_eq!(snapshot.diagnostics, []);
    }

    #[test]
    fn a_truncated_stat_is_a_diagnostic_and_no_reading() {
        let proc = proc_with(&[("stat", "cpu  754")]);
        let mut snapshot = Snapshot::new(jiff::Timestamp::UNIX_EPOCH, Host::example("boot-1"));
        assert!(start(proc.path(), &mut snapshot).is_none());
        assert_eq!(snapshot.samples, []);
        assert_eq!(snapshot.diagnostics.len(), 1);
    }
}
