#![allow(clippy::unwrap_used)]
use checkpost_sdk::{Measure, Settings, Status, Value};

use super::*;

const MB: f64 = 1024.0 * 1024.0;

fn with_both(input: Input, metric: &str, device: &str, read: f64, write: f64) -> Input {
    let labels = |direction| [(DIRECTION, direction), (DEVICE, device)];
    input.with_sample(metric, &labels("read"), read).with_sample(metric, &labels("write"), write)
}

/// A disk without rates, as in the first cycle.
fn with_disk(input: Input, device: &str) -> Input {
    with_both(input, IO, device, 1e12, 1e12)
}

/// A working disk with this busy share and this duration of reads.
fn working(device: &str, busy: f64, read_seconds: f64) -> Input {
    let input = with_disk(Input::default(), device).with_sample(UTILIZATION, &[(DEVICE, device)], busy);
    let input = with_both(input, IO_RATE, device, 1.5 * MB, 3.0 * MB);
    let input = with_both(input, OPERATIONS_RATE, device, 1.0, 50.0);
    with_both(input, DURATION, device, read_seconds, 0.0005)
}

/// The one verdict on `sda`.
fn judge(check: &DiskIo, input: &Input) -> Verdict {
    let mut verdicts = check.evaluate(input).unwrap();
    assert_eq!((verdicts.len(), verdicts[0].subject.as_str()), (1, "sda"));
    verdicts.remove(0)
}

fn listing(devices: &[&str]) -> DiskIo {
    DiskIo { devices: devices.iter().map(|&name| name.to_owned()).collect(), ..DiskIo::default() }
}

#[test]
fn idle_disk_is_ok_and_its_readings_are_listed() {
    let verdict = judge(&DiskIo::default(), &working("sda", 0.03, 0.004));
    assert_eq!((verdict.status, verdict.title.as_str()), (Status::Ok, "Disk I/O"));
    let message = "sda: busy 3.0%, read 1.5 MB/s, read latency 4.0 ms, write 3.0 MB/s, write latency 0.5 ms";
    assert_eq!(verdict.message, message);
    assert_eq!(verdict.measures[0], Measure::new("busy", 3.0, "%").warning(95.0));
    assert_eq!(verdict.measures[2], Measure::new("read_latency", 4.0, "ms").warning(100.0));
}

#[test]
fn disk_without_rates_is_ok_in_the_first_cycle() {
    let verdict = judge(&DiskIo::default(), &with_disk(Input::default(), "sda"));
    assert_eq!((verdict.status, verdict.message.as_str()), (Status::Ok, "sda: no rate yet"));
}

#[test]
fn busy_disk_is_a_warning_and_critical_only_with_a_threshold() {
    assert_eq!(judge(&DiskIo::default(), &working("sda", 0.95, 0.0)).status, Status::Ok);
    let verdict = judge(&DiskIo::default(), &working("sda", 1.0, 0.0));
    assert_eq!((verdict.status, verdict.title.as_str()), (Status::Warning, "Busy disk"));
    assert_eq!(verdict.message, "sda: busy 100.0% (limit: 95%)");
    let strict = DiskIo { critical: Some(99.0), ..DiskIo::default() };
    assert_eq!(judge(&strict, &working("sda", 1.0, 0.0)).status, Status::Critical);
}

#[test]
fn message_shows_the_latency_of_a_slow_disk_and_its_limit() {
    let check = DiskIo { latency_critical_ms: Some(500.0), ..DiskIo::default() };
    assert_eq!(judge(&check, &working("sda", 0.1, 0.1)).status, Status::Ok);
    let verdict = judge(&check, &working("sda", 0.1, 0.25));
    assert_eq!((verdict.status, verdict.title.as_str()), (Status::Warning, "Slow disk"));
    assert_eq!(verdict.message, "sda: read latency 250.0 ms (limit: 100 ms)");
    assert_eq!(judge(&check, &working("sda", 0.1, 0.5)).status, Status::Warning);
    assert_eq!(judge(&check, &working("sda", 0.1, 0.501)).status, Status::Critical);
}

#[test]
fn latency_of_few_operations_is_not_judged() {
    let judge_with = |least_operations, input| judge(&DiskIo { least_operations, ..DiskIo::default() }, &input);
    // One read a second.
    assert_eq!(judge_with(1.0, working("sda", 0.1, 9.0)).status, Status::Warning);
    let verdict = judge_with(1.1, working("sda", 0.1, 9.0));
    assert_eq!(verdict.status, Status::Ok);
    assert_eq!(verdict.measures[2], Measure::new("read_latency", 9000.0, "ms"));
    let no_rate = with_both(with_disk(Input::default(), "sda"), DURATION, "sda", 9.0, 9.0);
    assert_eq!(judge_with(1.0, no_rate).status, Status::Ok);
}

#[test]
fn traffic_has_separate_limits_for_each_direction() {
    let check = DiskIo { write_limit: Some(2.0 * MB), write_critical: Some(4.0 * MB), ..DiskIo::default() };
    let verdict = judge(&check, &working("sda", 0.1, 0.0));
    assert_eq!((verdict.status, verdict.title.as_str()), (Status::Warning, "High disk traffic"));
    assert_eq!(verdict.message, "sda: write 3.0 MB/s (limit: 2.0 MB/s)");
    let check = DiskIo { read_limit: Some(MB), read_critical: Some(1.2 * MB), ..DiskIo::default() };
    assert_eq!(judge(&check, &working("sda", 0.1, 0.0)).status, Status::Critical);
}

#[test]
fn raised_disk_clears_at_a_share_of_its_thresholds() {
    let check = DiskIo { clear: Some(80.0), ..DiskIo::default() };
    let raised = |busy, seconds| judge(&check, &working("sda", busy, seconds).with_previous("sda", Status::Warning));
    assert_eq!(raised(0.8, 0.0).message, "sda: busy 80.0% (limit: 95%, clears at 76%)");
    assert_eq!(raised(0.76, 0.09).message, "sda: read latency 90.0 ms (limit: 100 ms, clears at 80 ms)");
    assert_eq!(raised(0.76, 0.08).status, Status::Ok);
    assert_eq!(judge(&check, &working("sda", 0.8, 0.0)).status, Status::Ok);
}

#[test]
fn disks_have_one_verdict_each_and_a_list_selects_them() {
    let input = with_disk(with_disk(working("sda", 0.1, 0.0), "nvme0n1"), "sdb");
    let subjects = |check: DiskIo| {
        let verdicts = check.evaluate(&input).unwrap();
        verdicts.into_iter().map(|verdict| (verdict.subject, verdict.status)).collect::<Vec<_>>()
    };
    let expect = |names: &[(&str, Status)]| names.iter().map(|(name, status)| ((*name).to_owned(), *status)).collect();
    let ok = Status::Ok;
    let all: Vec<_> = expect(&[("nvme0n1", ok), ("sda", ok), ("sdb", ok)]);
    assert_eq!(subjects(DiskIo::default()), all);
    let some: Vec<_> = expect(&[("vda", Status::Unknown), ("sda", ok), ("sdb", ok)]);
    assert_eq!(subjects(listing(&["sd*", "vda"])), some);
}

#[test]
fn missing_disks_are_an_error_unless_they_are_listed() {
    assert_eq!(DiskIo::default().evaluate(&Input::default()), Err("no reading of system.disk.io".to_owned()));
    let verdicts = listing(&["sda"]).evaluate(&Input::default()).unwrap();
    assert_eq!((verdicts[0].status, verdicts[0].message.as_str()), (Status::Unknown, "no reading of the disk sda"));
}

#[test]
fn invalid_settings_are_refused() {
    let refused = DiskIo { read_critical: Some(5.0), ..DiskIo::default() }.needs();
    assert_eq!(refused, Err("read_critical is 5: must not be set without read_limit".to_owned()));
    let refused = DiskIo::parse(vec![("latency_ms".to_owned(), Value::Number(-1.0))]);
    assert_eq!(refused, Err("latency_ms is -1: must be a number of at least 0, in ms".to_owned()));
}
