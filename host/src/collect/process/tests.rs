//! Figures of recorded processes, of processes that were made for a case, and of real ones.
#![allow(clippy::unwrap_used)]

use jiff::Timestamp;

use super::*;
use crate::metric::Host;

#[cfg(target_os = "linux")]
mod linux;
mod portable;

fn empty() -> Snapshot {
    Snapshot::new(Timestamp::UNIX_EPOCH, Host::example("boot-1"))
}

/// A process that started at second 500 of a scan at second 1,000.
fn process(pid: u32, name: &str) -> Process {
    Process {
        pid,
        start_ticks: 50_000,
        cpu_ticks: 0,
        resident_bytes: 0,
        state: State::Sleeping,
        name: name.as_bytes().into(),
    }
}

/// A scan at second 1,000 on four CPUs, with 100 ticks a second.
fn scan_of(processes: Vec<Process>) -> Scan {
    Scan {
        processes,
        now_ticks: Some(100_000),
        ticks_per_second: 100.0,
        cpu_count: 4,
        names_cut_at: Some(15),
        problem: None,
    }
}

struct Nothing;

impl Details for Nothing {
    fn resident_bytes(&self, _: u32) -> Option<u64> {
        None
    }

    fn owner(&self, _: u32) -> Option<String> {
        None
    }

    fn open_files(&self, _: u32) -> Option<io::Result<u64>> {
        None
    }
}

/// What is pushed of a scan that comes 100 s after these times, in which four CPUs have 40,000 ticks.
fn pushed(scan: &Scan, before: &ProcessTimes, patterns: &[&str], previous_count: Option<f64>) -> Snapshot {
    let patterns: Vec<_> = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
    let watch = Watch { top: 10, patterns: &patterns, open_files: true };
    let mut snapshot = empty();
    let before = Some((before, Duration::from_secs(100)));
    push_all(scan, before, &watch, &|_| previous_count, &Nothing, &mut snapshot);
    snapshot
}

/// The readings of a metric: which process, and the value, in the order of the list.
fn listed(snapshot: &Snapshot, metric: &str) -> Vec<(u32, f64)> {
    let of_metric = snapshot.samples.iter().filter(|sample| sample.name == metric);
    of_metric.map(|sample| (sample.labels.get("process.pid").unwrap().parse().unwrap(), sample.value)).collect()
}

fn watched(snapshot: &Snapshot, what: &str, pattern: &str) -> Option<f64> {
    snapshot.value(&format!("process.watched.{what}"), &Labels::from([("process.watched.pattern", pattern)]))
}

fn times(times: &[(u32, u64, u64)]) -> ProcessTimes {
    let time = |&(pid, start_ticks, cpu_ticks): &_| ProcessTime { pid, start_ticks, cpu_ticks };
    ProcessTimes::new(times.iter().map(time).collect())
}

fn with_cpu(pid: u32, cpu_ticks: u64) -> Process {
    Process { cpu_ticks, ..process(pid, "p") }
}

#[test]
fn use_is_the_share_of_all_cpus_since_the_earlier_moment() {
    let scan = scan_of(vec![with_cpu(1, 5_000), with_cpu(2, 10_000), with_cpu(3, 700)]);
    let before = times(&[(1, 50_000, 1_000), (2, 50_000, 0), (3, 50_000, 700)]);
    // The third one did nothing, and is not listed with zero.
    assert_eq!(listed(&pushed(&scan, &before, &[], None), "process.cpu.utilization"), [(2, 0.25), (1, 0.1)]);
}

#[test]
fn without_an_earlier_moment_there_is_no_use_and_no_restart() {
    let scan = scan_of(vec![with_cpu(1, 5_000)]);
    let patterns = ["p".to_owned()];
    let mut snapshot = empty();
    push_all(
        &scan,
        None,
        &Watch { top: 3, patterns: &patterns, open_files: true },
        &|_| Some(1.0),
        &Nothing,
        &mut snapshot,
    );
    assert_eq!(listed(&snapshot, "process.cpu.utilization"), []);
    assert_eq!(watched(&snapshot, "count", "p"), Some(1.0));
    assert_eq!(watched(&snapshot, "cpu.utilization", "p"), None);
    assert_eq!(watched(&snapshot, "restarts", "p"), None);
}

#[test]
fn an_interval_of_zero_gives_no_use() {
    let scan = scan_of(vec![with_cpu(1, 5_000)]);
    assert!(Since::new(&scan, &times(&[]), Duration::ZERO).is_none());
}

#[test]
fn a_process_that_came_has_used_all_that_it_ever_used() {
    let scan = scan_of(vec![Process { start_ticks: 95_000, ..with_cpu(1, 4_000) }]);
    assert_eq!(listed(&pushed(&scan, &times(&[]), &[], None), "process.cpu.utilization"), [(1, 0.1)]);
}

#[test]
fn a_pid_that_was_used_again_is_another_process() {
    let scan = scan_of(vec![Process { start_ticks: 95_000, ..with_cpu(7, 4_000) }]);
    let before = times(&[(7, 50_000, 3_999)]);
    assert_eq!(listed(&pushed(&scan, &before, &[], None), "process.cpu.utilization"), [(7, 0.1)]);
}

#[test]
fn use_that_fell_is_absent_and_so_is_the_sum_that_it_is_part_of() {
    let scan = scan_of(vec![with_cpu(1, 4_999), with_cpu(2, 4_000)]);
    let snapshot = pushed(&scan, &times(&[(1, 50_000, 5_000), (2, 50_000, 0)]), &["p"], None);
    assert_eq!(listed(&snapshot, "process.cpu.utilization"), [(2, 0.1)]);
    assert_eq!(watched(&snapshot, "cpu.utilization", "p"), None);
    assert_eq!(watched(&snapshot, "count", "p"), Some(2.0));
}

#[test]
fn nobody_uses_more_than_all_cpus() {
    let came = Process { start_ticks: 95_000, ..with_cpu(1, 90_000) };
    let snapshot = pushed(&scan_of(vec![came, with_cpu(2, 40_001)]), &times(&[(2, 50_000, 0)]), &["p"], None);
    assert_eq!(listed(&snapshot, "process.cpu.utilization"), [(1, 1.0), (2, 1.0)]);
    assert_eq!(watched(&snapshot, "cpu.utilization", "p"), Some(1.0));
}

#[test]
fn a_process_that_was_there_but_hidden_has_no_use() {
    // It began at second 500, and the earlier moment, which did not see it, was second 900.
    let scan = scan_of(vec![with_cpu(1, 30_000), with_cpu(2, 400)]);
    let snapshot = pushed(&scan, &times(&[(2, 50_000, 0)]), &[], None);
    assert_eq!(listed(&snapshot, "process.cpu.utilization"), [(2, 0.01)]);
}

#[test]
fn lists_are_as_long_as_asked_for_and_hold_still() {
    let with_memory = |pid, resident_bytes| Process { resident_bytes, ..process(pid, "p") };
    let scan =
        scan_of(vec![with_memory(9, 5), with_memory(4, 5), with_memory(3, 0), with_memory(2, 1), with_memory(1, 7)]);
    let ranked = |top| {
        let mut snapshot = empty();
        push_all(&scan, None, &Watch { top, patterns: &[], open_files: true }, &|_| None, &Nothing, &mut snapshot);
        listed(&snapshot, "process.memory.usage")
    };
    assert_eq!(ranked(3), [(1, 7.0), (4, 5.0), (9, 5.0)]);
    assert_eq!(ranked(0), []);
    assert_eq!(ranked(100).len(), 4);
}

#[test]
fn states_that_are_the_rule_are_counted_when_they_are_zero() {
    let snapshot = pushed(&scan_of(vec![process(1, "p")]), &times(&[]), &[], None);
    let count = |state| snapshot.value("system.process.count", &Labels::from([("process.state", state)]));
    assert_eq!(count("sleeping"), Some(1.0));
    for state in ["running", "disk_sleep", "stopped", "defunct"] {
        assert_eq!(count(state), Some(0.0), "{state}");
    }
    assert_eq!(count("idle"), None);
    assert_eq!(count("other"), None);
}

#[test]
fn no_process_of_a_name_is_a_count_of_zero_without_an_age() {
    let snapshot = pushed(&scan_of(vec![process(1, "p")]), &times(&[]), &["nginx"], Some(0.0));
    for what in ["count", "memory.usage", "cpu.utilization", "restarts"] {
        assert_eq!(watched(&snapshot, what, "nginx"), Some(0.0), "{what}");
    }
    assert_eq!(watched(&snapshot, "uptime", "nginx"), None);
    assert_eq!(snapshot.diagnostics, []);
}

#[test]
fn watched_processes_are_taken_together_and_the_oldest_gives_the_age() {
    let one = Process { cpu_ticks: 1_000, resident_bytes: 10, ..process(1, "p") };
    let other = Process { start_ticks: 99_000, cpu_ticks: 600, resident_bytes: 20, ..process(2, "p") };
    let snapshot = pushed(&scan_of(vec![other, one]), &times(&[(1, 50_000, 0)]), &["p"], None);
    assert_eq!(watched(&snapshot, "count", "p"), Some(2.0));
    assert_eq!(watched(&snapshot, "memory.usage", "p"), Some(30.0));
    assert_eq!(watched(&snapshot, "cpu.utilization", "p"), Some(0.04));
    assert_eq!(watched(&snapshot, "uptime", "p"), Some(500.0));
}

#[test]
fn a_start_after_now_is_a_diagnostic_and_no_age() {
    let scan = scan_of(vec![Process { start_ticks: 100_001, ..process(1, "p") }]);
    let snapshot = pushed(&scan, &times(&[]), &["p"], None);
    assert_eq!(watched(&snapshot, "uptime", "p"), None);
    assert_eq!(snapshot.diagnostics.len(), 1);
}

#[test]
fn restarts_are_what_ended_and_was_replaced() {
    let old = |pid| process(pid, "p");
    let new = |pid| Process { start_ticks: 95_000, ..process(pid, "p") };
    let before = times(&[(1, 50_000, 0), (2, 50_000, 0), (3, 50_000, 0)]);
    let restarts =
        |now, previous_count| watched(&pushed(&scan_of(now), &before, &["p"], previous_count), "restarts", "p");
    assert_eq!(restarts(vec![old(1), old(2), old(3)], Some(3.0)), Some(0.0));
    assert_eq!(restarts(vec![old(1), new(4), new(5)], Some(3.0)), Some(2.0));
    assert_eq!(restarts(vec![old(1), old(2), old(3), new(4)], Some(3.0)), Some(0.0), "one more");
    assert_eq!(restarts(vec![old(1), new(4)], Some(3.0)), Some(1.0), "two ended, one came");
    assert_eq!(restarts(vec![], Some(3.0)), Some(0.0), "all ended");
    assert_eq!(restarts(vec![new(1)], Some(1.0)), Some(1.0), "with the same PID");
    assert_eq!(restarts(vec![old(1)], None), None, "not watched before");
}

#[test]
fn a_defunct_process_is_none_of_those_that_are_watched() {
    let defunct = Process { state: State::Defunct, ..process(1, "p") };
    let snapshot = pushed(&scan_of(vec![defunct]), &times(&[(1, 50_000, 0)]), &["p"], Some(1.0));
    assert_eq!(watched(&snapshot, "count", "p"), Some(0.0));
}

#[test]
fn a_name_is_shown_clean_and_none_is_left_out() {
    assert_eq!(shown(b"\xff\xfe\n\x1b[2J"), Some("\u{fffd}\u{fffd}\\u{a}\\u{1b}[2J".to_owned()));
    assert_eq!(shown(&[7; 64]).unwrap().chars().count(), NAME_CHARS);
    assert_eq!(shown(b""), None);
}

#[test]
fn times_are_those_of_every_process() {
    let scan = scan_of(vec![with_cpu(9, 5), Process { start_ticks: 3, ..with_cpu(1, 6) }]);
    assert_eq!(scan.times(), times(&[(1, 3, 6), (9, 50_000, 5)]));
}
