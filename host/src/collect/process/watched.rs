//! The processes that somebody watches, by their names.

use super::{Details, NAME_CHARS, Process, Scan, Since, State, pattern, resident_bytes};
use crate::clean;
use crate::metric::{Labels, Snapshot};

/// Pushes what is known of the processes of each pattern. No process at all is a reading, too: zero. A defunct process
/// has ended already and is none of them.
pub(super) fn push(
    scan: &Scan,
    since: Option<&Since>,
    patterns: &[String],
    previous_count: &dyn Fn(&str) -> Option<f64>,
    details: &dyn Details,
    snapshot: &mut Snapshot,
) {
    for (index, pattern) in patterns.iter().enumerate() {
        if patterns[..index].contains(pattern) {
            continue;
        }
        let is_meant = |process: &&Process| {
            process.state != State::Defunct && pattern::matches(pattern, &process.name, scan.names_cut_at)
        };
        let group: Vec<_> = scan.processes.iter().filter(is_meant).collect();
        let name = clean::bounded(pattern, NAME_CHARS);
        let count = group.len() as f64;
        let resident_bytes: u64 = group.iter().map(|process| resident_bytes(process, details)).sum();
        let readings = [
            ("process.watched.count", Some(count)),
            ("process.watched.memory.usage", Some(resident_bytes as f64)),
            ("process.watched.cpu.utilization", since.and_then(|since| share(&group, since))),
            ("process.watched.restarts", since.and_then(|since| restarts(&group, since, previous_count(&name)?))),
            ("process.watched.open_file_descriptor.count", open_files(&group, &name, details, snapshot)),
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

/// Their share of all CPUs together. Unknown when that of one is: the others alone would look like all.
fn share(group: &[&Process], since: &Since) -> Option<f64> {
    let sum: f64 = group.iter().map(|process| since.share(process)).sum::<Option<f64>>()?;
    Some(sum.min(1.0))
}

/// How many ended and were replaced. One more or one less is no restart.
fn restarts(group: &[&Process], since: &Since, previous_count: f64) -> Option<f64> {
    let stayed = group.iter().filter(|process| since.saw(process)).count() as f64;
    let gone = (previous_count - stayed).max(0.0);
    Some(gone.min(group.len() as f64 - stayed))
}

/// Their open files together, unless those of one may not be counted.
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

/// The age of the oldest.
fn age_s(group: &[&Process], scan: &Scan, name: &str, snapshot: &mut Snapshot) -> Option<f64> {
    let oldest = group.iter().map(|process| process.start_ticks).min()?;
    // In some containers the uptime is the container's and the start is told in the host's.
    let Some(age_ticks) = scan.now_ticks?.checked_sub(oldest) else {
        snapshot.diagnose("process", format!("'{name}' started later than now, if the uptime is right"));
        return None;
    };
    Some(age_ticks as f64 / scan.ticks_per_second)
}
