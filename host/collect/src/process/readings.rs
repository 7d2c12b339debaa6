//! The readings of a scan: processes by state, and the processes that use the most.

use std::time::Duration;

use checkpost_model::metric::{Labels, ProcessTimes, Snapshot};

use super::interval::CpuInterval;
use super::scan::{Details, Process, Scan, Selection, State, display_name, process_labels};
use super::watched;

/// Adds every reading. `before` holds earlier CPU times of this boot and their age; `previous_count` is
/// `process.watched.count` of a pattern at that moment.
pub(super) fn push(
    scan: &Scan,
    before: Option<(&ProcessTimes, Duration)>,
    selection: &Selection,
    previous_count: &dyn Fn(&str) -> Option<f64>,
    details: &dyn Details,
    snapshot: &mut Snapshot,
) {
    if let Some(problem) = &scan.problem {
        snapshot.diagnose("process", problem);
    }
    for state in State::ALL {
        let count = scan.processes.iter().filter(|process| process.state == state).count();
        if count > 0 || state.is_always_counted() {
            snapshot.push("system.process.count", [("process.state", state.label())], count as f64);
        }
    }
    let interval = before.and_then(|(times, interval)| CpuInterval::new(scan, times, interval));
    let labels = |process: &Process| {
        let owner = details.owner(process.pid);
        process_labels(process.pid, display_name(&process.name), owner).collect::<Labels>()
    };
    if let Some(interval) = &interval {
        for (process, share) in top(scan, selection.top, |process| interval.share(process)) {
            snapshot.push("process.cpu.utilization", labels(process), share);
        }
    }
    for (process, bytes) in top(scan, selection.top, |process| Some(process.resident_bytes as f64)) {
        let bytes = details.resident_bytes(process.pid).map_or(bytes, |bytes| bytes as f64);
        snapshot.push("process.memory.usage", labels(process), bytes);
    }
    watched::push(scan, interval.as_ref(), selection, previous_count, details, snapshot);
}

/// The processes with the highest values, in descending order. Processes without a positive value are left out.
fn top(scan: &Scan, count: usize, value: impl Fn(&Process) -> Option<f64>) -> Vec<(&Process, f64)> {
    let with_value = |process| Some((process, value(process).filter(|value| *value > 0.0)?));
    let mut ranked: Vec<_> = scan.processes.iter().filter_map(with_value).collect();
    ranked.sort_unstable_by(|(a, a_value), (b, b_value)| b_value.total_cmp(a_value).then(a.pid.cmp(&b.pid)));
    ranked.truncate(count);
    ranked
}
