//! Measures this host: one file per source. What cannot be read is left out with a diagnostic, never zero.
//!
//! `demand` says which sources a cycle reads, `linux` in which order: from `/proc` and `/sys`; other systems are read
//! through sysinfo (`portable`). Counters are taken raw; `rate` is the one place where two snapshots are compared.
//! Nothing in here judges, stores or renders.

mod beside;
#[cfg(target_os = "linux")]
mod cgroup;
mod checkpost;
#[cfg(target_os = "linux")]
mod clock;
#[cfg(target_os = "linux")]
mod cpu;
mod demand;
mod disk;
#[cfg(target_os = "linux")]
mod files;
mod filesystem;
mod gpu;
mod host;
#[cfg(target_os = "linux")]
mod linux;
mod memory;
mod network;
#[cfg(target_os = "linux")]
mod paging;
// Built for tests on Linux too: nobody here compiles it for the systems that it is for.
#[cfg(any(not(target_os = "linux"), test))]
mod portable;
#[cfg(target_os = "linux")]
mod pressure;
mod process;
mod rate;
#[cfg(target_os = "linux")]
mod roots;
mod sensor;
#[cfg(target_os = "linux")]
mod system;
#[cfg(target_os = "linux")]
mod users;

use std::time::{Duration, Instant};

use jiff::Timestamp;

pub use checkpost::LastCycle;
pub use demand::{DEFAULT_STORE, Demand};
pub use host::host;
#[cfg(test)]
pub(crate) use rate::derive;

use crate::metric::Snapshot;
use crate::metric::catalog::Source;

/// What one collection needs to know.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// When the cycle began.
    pub now: Timestamp,
    /// What is to be measured.
    pub demand: Demand,
    /// The last stored snapshot of this host, if there is one: what rates are derived from.
    pub previous: Option<&'a Snapshot>,
    /// What the last cycle cost.
    pub last_cycle: LastCycle,
    /// Interface names or `prefix*` patterns; `None` for the physical ones.
    pub interfaces: Option<&'a [String]>,
    /// Names of disks or `prefix*` patterns; `None` for whole disks.
    pub disks: Option<&'a [String]>,
    /// How many processes are told of those that use the most CPU, and of those that use the most memory.
    pub top_processes: usize,
    /// The last snapshot is no help for CPU use when it is younger: that says too little.
    pub shortest_cpu_interval: Duration,
    /// Over how long CPU use is measured when the last snapshot is no help. The other sources are read meanwhile.
    pub cpu_window: Duration,
    /// How long each source that may hang, such as a network mount or a driver, is waited for.
    pub slow_source_deadline: Duration,
}

impl Request<'_> {
    /// A first look at everything that this host tells: nothing to compare with, physical interfaces, whole disks, a CPU
    /// window of 250 ms, 2 s for each slow source.
    pub fn new(now: Timestamp) -> Self {
        Self {
            now,
            demand: Demand::of_sources(&Source::ALL),
            previous: None,
            last_cycle: LastCycle::default(),
            interfaces: None,
            disks: None,
            top_processes: 5,
            shortest_cpu_interval: Duration::from_secs(5),
            cpu_window: Duration::from_millis(250),
            slow_source_deadline: Duration::from_secs(2),
        }
    }
}

/// Measures this host: what is in demand, and no more. Readings come sorted by name and labels, each once; what could not
/// be read is a diagnostic.
pub fn collect(request: &Request) -> Snapshot {
    let mut snapshot = Snapshot::new(request.now, host());
    #[cfg(target_os = "linux")]
    let physical = linux::measure(&roots::Roots::real(), request, &mut snapshot);
    #[cfg(not(target_os = "linux"))]
    let physical = portable::measure(request, &mut snapshot);
    complete(request, &physical, &mut snapshot);
    snapshot
}

/// What follows from the readings, and their order.
fn complete(request: &Request, physical: &[String], snapshot: &mut Snapshot) {
    checkpost::push(&request.last_cycle, snapshot);
    if let Some(previous) = request.previous {
        rate::derive(previous, physical, snapshot);
    }
    snapshot.samples.retain(|sample| request.demand.wants(&sample.name));
    tidy(snapshot);
}

/// Reads one source, if it is in demand, and notes what that took.
fn timed(source: Source, request: &Request, snapshot: &mut Snapshot, read: impl FnOnce(&mut Snapshot)) {
    if request.demand.needs(source) {
        let started = Instant::now();
        read(snapshot);
        checkpost::push_duration(source, started.elapsed(), snapshot);
    }
}

/// Sorts the readings by name and labels; of two with the same ones the first stays.
fn tidy(snapshot: &mut Snapshot) {
    let mut samples = std::mem::take(&mut snapshot.samples);
    samples.sort_by(|a, b| (&a.name, &a.labels).cmp(&(&b.name, &b.labels)));
    samples.dedup_by(|repeated, kept| {
        let same = repeated.name == kept.name && repeated.labels == kept.labels;
        if same {
            let labels: Vec<_> = kept.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
            let message = format!("{} {{{}}} was read twice; the first reading is kept", kept.name, labels.join(", "));
            snapshot.diagnose("collect", message);
        }
        same
    });
    snapshot.samples = samples;
}

#[cfg(test)]
mod tests;
