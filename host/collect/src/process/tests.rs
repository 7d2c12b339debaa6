//! Readings of recorded processes, of processes that are made for a case, and of real processes.
#![allow(clippy::unwrap_used)]

use std::io;
use std::time::Duration;

use jiff::Timestamp;

use checkpost_model::metric::{Host, Labels, ProcessTime};

use super::interval::CpuInterval;
use super::scan::{NAME_CHARS, Process, State, display_name};
use super::*;

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

struct NoDetails;

impl Details for NoDetails {
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

/// The readings of a scan 100 s after these times, in which four CPUs have 40,000 ticks.
fn pushed(scan: &Scan, before: &ProcessTimes, patterns: &[&str], previous_count: Option<f64>) -> Snapshot {
    let patterns: Vec<_> = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
    let selection = Selection { top: 10, patterns: &patterns, open_files: true };
    let mut snapshot = empty();
    let before = Some((before, Duration::from_secs(100)));
    readings::push(scan, before, &selection, &|_| previous_count, &NoDetails, &mut snapshot);
    snapshot
}

/// The readings of a metric, as PIDs and values, in the order of the snapshot.
fn listed(snapshot: &Snapshot, metric: &str) -> Vec<(u32, f64)> {
    let of_metric = snapshot.samples.iter().filter(|sample| sample.name == metric);
    of_metric.map(|sample| (sample.labels.get("process.pid").unwrap().parse().unwrap(), sample.value)).collect()
}

fn watched(snapshot: &Snapshot, metric: &str, pattern: &str) -> Option<f64> {
    snapshot.value(&format!("process.watched.{metric}"), &Labels::from([("process.watched.pattern", pattern)]))
}

fn times(times: &[(u32, u64, u64)]) -> ProcessTimes {
    let time = |&(pid, start_ticks, cpu_ticks): &_| ProcessTime { pid, start_ticks, cpu_ticks };
    ProcessTimes::new(times.iter().map(time).collect())
}

fn with_cpu(pid: u32, cpu_ticks: u64) -> Process {
    Process { cpu_ticks, ..process(pid, "p") }
}

#[test]
fn cpu_use_is_the_share_of_all_cpus_since_the_earlier_moment() {
    let scan = scan_of(vec![with_cpu(1, 5_000), with_cpu(2, 10_000), with_cpu(3, 700)]);
    let before = times(&[(1, 50_000, 1_000), (2, 50_000, 0), (3, 50_000, 700)]);
    // The third process used no CPU time, and is not listed with 0.
    assert_eq!(listed(&pushed(&scan, &before, &[], None), "process.cpu.utilization"), [(2, 0.25), (1, 0.1)]);
}

#[test]
fn scan_without_an_earlier_moment_has_no_cpu_use_and_no_restarts() {
    let scan = scan_of(vec![with_cpu(1, 5_000)]);
    let patterns = ["p".to_owned()];
    let mut snapshot = empty();
    readings::push(
        &scan,
        None,
        &Selection { top: 3, patterns: &patterns, open_files: true },
        &|_| Some(1.0),
        &NoDetails,
        &mut snapshot,
    );
    assert_eq!(listed(&snapshot, "process.cpu.utilization"), []);
    assert_eq!(watched(&snapshot, "count", "p"), Some(1.0));
    assert_eq!(watched(&snapshot, "cpu.utilization", "p"), None);
    assert_eq!(watched(&snapshot, "restarts", "p"), None);
}

#[test]
fn interval_of_zero_has_no_cpu_use() {
    let scan = scan_of(vec![with_cpu(1, 5_000)]);
    assert!(CpuInterval::new(&scan, &times(&[]), Duration::ZERO).is_none());
}

#[test]
fn process_that_started_since_then_counts_with_all_of_its_cpu_time() {
    let scan = scan_of(vec![Process { start_ticks: 95_000, ..with_cpu(1, 4_000) }]);
    assert_eq!(listed(&pushed(&scan, &times(&[]), &[], None), "process.cpu.utilization"), [(1, 0.1)]);
}

#[test]
fn pid_that_was_reused_is_another_process() {
    let scan = scan_of(vec![Process { start_ticks: 95_000, ..with_cpu(7, 4_000) }]);
    let before = times(&[(7, 50_000, 3_999)]);
    assert_eq!(listed(&pushed(&scan, &before, &[], None), "process.cpu.utilization"), [(7, 0.1)]);
}

#[test]
fn cpu_time_that_fell_has_no_use_and_makes_its_sum_absent() {
    let scan = scan_of(vec![with_cpu(1, 4_999), with_cpu(2, 4_000)]);
    let snapshot = pushed(&scan, &times(&[(1, 50_000, 5_000), (2, 50_000, 0)]), &["p"], None);
    assert_eq!(listed(&snapshot, "process.cpu.utilization"), [(2, 0.1)]);
    assert_eq!(watched(&snapshot, "cpu.utilization", "p"), None);
    assert_eq!(watched(&snapshot, "count", "p"), Some(2.0));
}

#[test]
fn cpu_use_is_at_most_all_cpus() {
    let came = Process { start_ticks: 95_000, ..with_cpu(1, 90_000) };
    let snapshot = pushed(&scan_of(vec![came, with_cpu(2, 40_001)]), &times(&[(2, 50_000, 0)]), &["p"], None);
    assert_eq!(listed(&snapshot, "process.cpu.utilization"), [(1, 1.0), (2, 1.0)]);
    assert_eq!(watched(&snapshot, "cpu.utilization", "p"), Some(1.0));
}

#[test]
fn process_that_was_hidden_before_has_no_cpu_use() {
    // The process started at second 500, and the earlier moment, which lacks it, was second 900.
    let scan = scan_of(vec![with_cpu(1, 30_000), with_cpu(2, 400)]);
    let snapshot = pushed(&scan, &times(&[(2, 50_000, 0)]), &[], None);
    assert_eq!(listed(&snapshot, "process.cpu.utilization"), [(2, 0.01)]);
}

#[test]
fn lists_have_the_selected_length_and_a_stable_order() {
    let with_memory = |pid, resident_bytes| Process { resident_bytes, ..process(pid, "p") };
    let scan =
        scan_of(vec![with_memory(9, 5), with_memory(4, 5), with_memory(3, 0), with_memory(2, 1), with_memory(1, 7)]);
    let ranked = |top| {
        let mut snapshot = empty();
        readings::push(
            &scan,
            None,
            &Selection { top, patterns: &[], open_files: true },
            &|_| None,
            &NoDetails,
            &mut snapshot,
        );
        listed(&snapshot, "process.memory.usage")
    };
    assert_eq!(ranked(3), [(1, 7.0), (4, 5.0), (9, 5.0)]);
    assert_eq!(ranked(0), []);
    assert_eq!(ranked(100).len(), 4);
}

#[test]
fn common_states_are_counted_even_without_a_process() {
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
fn pattern_without_a_process_has_a_count_of_zero_and_no_uptime() {
    let snapshot = pushed(&scan_of(vec![process(1, "p")]), &times(&[]), &["nginx"], Some(0.0));
    for metric in ["count", "memory.usage", "cpu.utilization", "restarts"] {
        assert_eq!(watched(&snapshot, metric, "nginx"), Some(0.0), "{metric}");
    }
    assert_eq!(watched(&snapshot, "uptime", "nginx"), None);
    assert_eq!(snapshot.diagnostics, []);
}

#[test]
fn watched_processes_are_summed_and_the_oldest_has_the_uptime() {
    let one = Process { cpu_ticks: 1_000, resident_bytes: 10, ..process(1, "p") };
    let other = Process { start_ticks: 99_000, cpu_ticks: 600, resident_bytes: 20, ..process(2, "p") };
    let snapshot = pushed(&scan_of(vec![other, one]), &times(&[(1, 50_000, 0)]), &["p"], None);
    assert_eq!(watched(&snapshot, "count", "p"), Some(2.0));
    assert_eq!(watched(&snapshot, "memory.usage", "p"), Some(30.0));
    assert_eq!(watched(&snapshot, "cpu.utilization", "p"), Some(0.04));
    assert_eq!(watched(&snapshot, "uptime", "p"), Some(500.0));
}

#[test]
fn start_in_the_future_is_a_diagnostic_and_no_uptime() {
    let scan = scan_of(vec![Process { start_ticks: 100_001, ..process(1, "p") }]);
    let snapshot = pushed(&scan, &times(&[]), &["p"], None);
    assert_eq!(watched(&snapshot, "uptime", "p"), None);
    assert_eq!(snapshot.diagnostics.len(), 1);
}

#[test]
fn restarts_are_processes_that_ended_and_were_replaced() {
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
fn defunct_process_is_not_watched() {
    let defunct = Process { state: State::Defunct, ..process(1, "p") };
    let snapshot = pushed(&scan_of(vec![defunct]), &times(&[(1, 50_000, 0)]), &["p"], Some(1.0));
    assert_eq!(watched(&snapshot, "count", "p"), Some(0.0));
}

#[test]
fn process_name_is_cleaned_and_left_out_if_empty() {
    assert_eq!(display_name(b"\xff\xfe\n\x1b[2J"), Some("\u{fffd}\u{fffd}\\u{a}\\u{1b}[2J".to_owned()));
    assert_eq!(display_name(&[7; 64]).unwrap().chars().count(), NAME_CHARS);
    assert_eq!(display_name(b""), None);
}

#[test]
fn times_have_every_process() {
    let scan = scan_of(vec![with_cpu(9, 5), Process { start_ticks: 3, ..with_cpu(1, 6) }]);
    assert_eq!(scan.times(), times(&[(1, 3, 6), (9, 50_000, 5)]));
}
