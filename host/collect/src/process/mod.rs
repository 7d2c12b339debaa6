//! Processes: their number, those that use the most, and those that are watched.
//!
//! A process is known by the name that the system has for it. Its command line is never read, because it may hold secrets.
//! `linux` and `portable` make one [`Scan`], from which all readings follow. CPU use is the difference to earlier
//! [`ProcessTimes`], so that it covers the whole time since then; the use of processes that ended meanwhile is unknown.

mod interval;
#[cfg(target_os = "linux")]
mod linux;
mod pattern;
#[cfg(any(not(target_os = "linux"), test))]
pub(super) mod portable;
mod readings;
mod scan;
mod watched;

use std::time::Instant;

use checkpost_model::metric::catalog::Source;
use checkpost_model::metric::{ProcessTimes, Snapshot};

use crate::rate;
use crate::request::Request;
#[cfg(target_os = "linux")]
pub(super) use linux::{Processes, scan};
pub(super) use scan::process_labels;
use scan::{Details, Scan, Selection};

/// The CPU times of processes at the start of the CPU window; `None` if CPU use is measured since the last cycle.
pub(super) type Baseline = Option<(Instant, ProcessTimes)>;

/// Reads the CPU times of processes, unless the last cycle has them.
pub(super) fn baseline(
    request: &Request,
    snapshot: &Snapshot,
    scan: impl FnOnce() -> Result<Scan, String>,
) -> Baseline {
    if !request.demand.needs(Source::Process) || rate::process_times(request, snapshot).is_some() {
        return None;
    }
    let at = Instant::now();
    // An error is ignored here, because the scan at the end of the window reports it again.
    Some((at, scan().ok()?.times()))
}

/// Adds the readings of a scan, compared with the baseline or else with the last cycle.
pub(super) fn measure(
    baseline: &Baseline,
    scan: &Scan,
    request: &Request,
    details: &dyn Details,
    snapshot: &mut Snapshot,
) {
    let before = match baseline {
        Some((at, times)) => Some((times, at.elapsed())),
        None => rate::process_times(request, snapshot),
    };
    let selection = Selection {
        top: request.top_processes,
        patterns: request.demand.watched(),
        open_files: request.demand.wants("process.watched.open_file_descriptor.count"),
    };
    let counts = rate::watched_counts(request, snapshot);
    readings::push(scan, before, &selection, &|name| counts.get(name).copied(), details, snapshot);
    snapshot.process_times = Some(scan.times());
}

#[cfg(test)]
mod tests;
