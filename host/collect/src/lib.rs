//! Measures this host: one file per source. A reading that cannot be taken is left out with a diagnostic; it is never 0.
//!
//! `demand` decides which sources a cycle reads. `linux` reads them from `/proc` and `/sys`, `portable` reads other
//! systems through sysinfo. Counters are taken raw; only `rate` compares two snapshots. Nothing in here judges, stores
//! or renders.

mod background;
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
// Built for tests on Linux too, where most development happens.
#[cfg(any(not(target_os = "linux"), test))]
mod portable;
#[cfg(target_os = "linux")]
mod pressure;
mod process;
mod rate;
mod request;
#[cfg(target_os = "linux")]
mod roots;
mod sensor;
#[cfg(target_os = "linux")]
mod system;
#[cfg(target_os = "linux")]
mod users;

use checkpost_model::metric::Snapshot;

pub use demand::{DEFAULT_STORE, Demand};
pub use host::host;
pub use rate::derive;
pub use request::Request;

/// Measures the metrics in demand on this host. Readings are sorted by name and labels, each pair occurs once; every
/// reading that could not be taken has a diagnostic.
pub fn collect(request: &Request) -> Snapshot {
    let mut snapshot = Snapshot::new(request.now, host());
    #[cfg(target_os = "linux")]
    let physical = linux::measure(&roots::Roots::real(), request, &mut snapshot);
    #[cfg(not(target_os = "linux"))]
    let physical = portable::measure(request, &mut snapshot);
    complete(request, &physical, &mut snapshot);
    snapshot
}

/// Adds derived readings, removes those that are not in demand, and sorts the rest.
fn complete(request: &Request, physical: &[String], snapshot: &mut Snapshot) {
    checkpost::push(&request.last_cycle, snapshot);
    if let Some(previous) = request.previous {
        rate::derive(previous, physical, snapshot);
    }
    snapshot.samples.retain(|sample| request.demand.wants(&sample.name));
    sort(snapshot);
}

/// Sorts the readings by name and labels. Of two readings with the same name and labels the first stays.
fn sort(snapshot: &mut Snapshot) {
    let mut samples = std::mem::take(&mut snapshot.samples);
    samples.sort_by(|a, b| (&a.name, &a.labels).cmp(&(&b.name, &b.labels)));
    samples.dedup_by(|repeated, first| {
        let is_same = repeated.name == first.name && repeated.labels == first.labels;
        if is_same {
            let labels: Vec<_> = first.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
            let message =
                format!("{} {{{}}} was read twice; the second reading is ignored", first.name, labels.join(", "));
            snapshot.diagnose("collect", message);
        }
        is_same
    });
    snapshot.samples = samples;
}

#[cfg(test)]
mod tests;
