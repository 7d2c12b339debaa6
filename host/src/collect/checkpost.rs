//! What checkpost itself costs.

use std::time::Duration;

use crate::metric::catalog::Source;
use crate::metric::{Labels, Snapshot};

/// What the store knows of the last cycle. Not of this one: a check is given what is stored of this one, and its own cost
/// is not known before it has judged.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LastCycle {
    /// From its start until it was stored.
    pub duration: Option<Duration>,
    /// For each instance, the fuel it used and what its evaluation took.
    pub evaluations: Vec<(String, u64, Duration)>,
    /// Size of the database file.
    pub database_bytes: Option<u64>,
}

/// Adds what is known of the last cycle.
pub(super) fn push(last: &LastCycle, snapshot: &mut Snapshot) {
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

/// Adds what one source took.
pub(super) fn push_duration(source: Source, duration: Duration, snapshot: &mut Snapshot) {
    let labels = [("checkpost.collector", source.name())];
    snapshot.push("checkpost.collector.duration", labels, duration.as_secs_f64());
}
