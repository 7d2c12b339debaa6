//! Watched processes, by name.

use checkpost_model::clean;
use checkpost_model::metric::{Labels, Snapshot};

use super::interval::CpuInterval;
use super::pattern;
use super::scan::{Details, NAME_CHARS, Process, Scan, Selection, State};

/// Adds the readings of each pattern. A pattern without any process has a count of 0. Defunct processes do not count, because
/// they have ended.
pub(super) fn push(
    scan: &Scan,
    interval: Option<&CpuInterval>,
    selection: &Selection,
    previous_count: &dyn Fn(&str) -> Option<f64>,
    details: &dyn Details,
    snapshot: &mut Snapshot,
) {
    for pattern in selection.patterns {
        let is_match = |process: &&Process| {
            process.state != State::Defunct && pattern::matches(pattern, &process.name, scan.names_cut_at)
        };
        let group: Vec<_> = scan.processes.iter().filter(is_match).collect();
        let name = clean::bounded(pattern, NAME_CHARS);
        let count = group.len() as f64;
        let resident = |process: &&Process| details.resident_bytes(process.pid).unwrap_or(process.resident_bytes);
        let files = selection.open_files.then(|| open_files(&group, &name, details, snapshot)).flatten();
        let readings = [
            ("process.watched.count", Some(count)),
            ("process.watched.memory.usage", Some(group.iter().map(|process| resident(process) as f64).sum())),
            ("process.watched.cpu.utilization", interval.and_then(|interval| share(&group, interval))),
            (
                "process.watched.restarts",
                interval.and_then(|interval| restarts(&group, interval, previous_count(&name)?)),
            ),
            ("process.watched.open_file_descriptor.count", files),
            ("process.watched.uptime", age_s(&group, scan, &name, snapshot)),
        ];
        let labels = Labels::from([("process.watched.pattern", name)]);
        for (metric, value) in readings {
            if let Some(value) = value {
                snapshot.push(metric, labels.clone(), value);
            }
        }
    }
}

/// The share of all CPUs of a group. Unknown if the share of one process is, because the sum would be too low.
fn share(group: &[&Process], interval: &CpuInterval) -> Option<f64> {
    let sum: f64 = group.iter().map(|process| interval.share(process)).sum::<Option<f64>>()?;
    Some(sum.min(1.0))
}

/// The number of processes that ended and were replaced. An added or removed process is not a restart.
fn restarts(group: &[&Process], interval: &CpuInterval, previous_count: f64) -> Option<f64> {
    let stayed = group.iter().filter(|process| interval.had(process)).count() as f64;
    let gone = (previous_count - stayed).max(0.0);
    Some(gone.min(group.len() as f64 - stayed))
}

/// The number of open files of a group; `None` if those of one process cannot be counted.
fn open_files(group: &[&Process], name: &str, details: &dyn Details, snapshot: &mut Snapshot) -> Option<f64> {
    let mut sum = 0;
    for process in group {
        match details.open_files(process.pid)? {
            Ok(count) => sum += count,
            Err(error) => {
                snapshot.diagnose("process", format!("cannot count the open files of '{name}': {error}"));
                return None;
            }
        }
    }
    Some(sum as f64)
}

/// The age of the oldest process of a group.
fn age_s(group: &[&Process], scan: &Scan, name: &str, snapshot: &mut Snapshot) -> Option<f64> {
    let oldest = group.iter().map(|process| process.start_ticks).min()?;
    // Some containers have an uptime of their own, while starts count from the boot of the host.
    let Some(age_ticks) = scan.now_ticks?.checked_sub(oldest) else {
        snapshot.diagnose("process", format!("'{name}' started after the current uptime"));
        return None;
    };
    Some(age_ticks as f64 / scan.ticks_per_second)
}
