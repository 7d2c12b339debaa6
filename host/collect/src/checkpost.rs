//! The cost of checkpost itself: of the last cycle, and of each source in this one.

use std::time::{Duration, Instant};

use checkpost_model::metric::catalog::Source;
use checkpost_model::metric::{CycleCost, Labels, Snapshot};

use crate::request::Request;

/// Adds the cost of the last cycle.
pub(super) fn push(last: &CycleCost, snapshot: &mut Snapshot) {
    if let Some(duration) = last.duration {
        snapshot.push("checkpost.run.duration", Labels::none(), duration.as_secs_f64());
    }
    if let Some(bytes) = last.database_bytes {
        snapshot.push("checkpost.database.size", Labels::none(), bytes as f64);
    }
    for (instance, fuel, duration) in &last.evaluations {
        let labels = || Labels::from([("checkpost.check", instance.as_str())]);
        snapshot.push("checkpost.check.fuel", labels(), *fuel as f64);
        snapshot.push("checkpost.check.duration", labels(), duration.as_secs_f64());
    }
}

/// Adds the time that reading a source took.
pub(super) fn push_duration(source: Source, duration: Duration, snapshot: &mut Snapshot) {
    let labels = [("checkpost.collector", source.name())];
    snapshot.push("checkpost.collector.duration", labels, duration.as_secs_f64());
}

/// Reads a source if it is in demand, and adds the time that reading took.
pub(super) fn timed(source: Source, request: &Request, snapshot: &mut Snapshot, read: impl FnOnce(&mut Snapshot)) {
    if request.demand.needs(source) {
        let started = Instant::now();
        read(snapshot);
        push_duration(source, started.elapsed(), snapshot);
    }
}
