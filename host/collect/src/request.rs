//! The request for one collection: demand, last snapshot, names and time limits.

use std::time::Duration;

use jiff::Timestamp;

use checkpost_model::metric::catalog::Source;
use checkpost_model::metric::{CycleCost, Snapshot};

use crate::demand::Demand;

/// The request for one collection.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// Start of the cycle.
    pub now: Timestamp,
    /// The metrics to measure.
    pub demand: Demand,
    /// The last stored snapshot of this host, from which rates are derived.
    pub previous: Option<&'a Snapshot>,
    /// The cost of the last cycle.
    pub last_cycle: CycleCost,
    /// Interface names or `prefix*` patterns; `None` for the physical interfaces.
    pub interfaces: Option<&'a [String]>,
    /// Disk names or `prefix*` patterns; `None` for whole disks.
    pub disks: Option<&'a [String]>,
    /// Number of processes to list, by CPU and by memory each.
    pub top_processes: usize,
    /// Minimum age of the last snapshot for CPU use to be measured since then.
    pub shortest_cpu_interval: Duration,
    /// Length of the window over which CPU use is measured otherwise. The other sources are read meanwhile.
    pub cpu_window: Duration,
    /// Time limit of each source that may hang, such as a network mount or a driver.
    pub slow_source_deadline: Duration,
}

impl Request<'_> {
    /// A request for every metric of this host, without a last snapshot: physical interfaces, whole disks, a CPU window
    /// of 250 ms, 2 s for each slow source.
    pub fn new(now: Timestamp) -> Self {
        Self {
            now,
            demand: Demand::of_sources(&Source::ALL),
            previous: None,
            last_cycle: CycleCost::default(),
            interfaces: None,
            disks: None,
            top_processes: 5,
            shortest_cpu_interval: Duration::from_secs(5),
            cpu_window: Duration::from_millis(250),
            slow_source_deadline: Duration::from_secs(2),
        }
    }
}
