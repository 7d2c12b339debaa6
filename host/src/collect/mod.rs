//! Measures this host: one file per source. What cannot be read is left out with a diagnostic, never zero.
//!
//! Linux is read from `/proc` (`linux`), other systems through sysinfo (`portable`). Counters are taken raw; `rate` is
//! the one place where two snapshots are compared. Nothing in here judges, stores or renders.

#[cfg(target_os = "linux")]
mod cgroup;
#[cfg(target_os = "linux")]
mod clock;
#[cfg(target_os = "linux")]
mod cpu;
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
#[cfg(target_os = "linux")]
mod sensor;
#[cfg(target_os = "linux")]
mod system;
#[cfg(target_os = "linux")]
mod users;

use std::time::Duration;

use jiff::Timestamp;

pub use host::host;

use crate::metric::Snapshot;

/// What one collection needs to know.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// When the cycle began.
    pub now: Timestamp,
    /// The last stored snapshot of this host, if there is one: what rates are derived from.
    pub previous: Option<&'a Snapshot>,
    /// Interface names or `prefix*` patterns; `None` for the physical ones.
    pub interfaces: Option<&'a [String]>,
    /// Over how long CPU use is measured when the last snapshot is no help. The other sources are read meanwhile.
    pub cpu_window: Duration,
    /// How long the sources that may hang, such as a network mount, are waited for; all of them together.
    pub slow_source_deadline: Duration,
}

impl Request<'_> {
    /// A first look at this host: nothing to compare with, physical interfaces, a CPU window of 250 ms, 2 s for slow
    /// sources.
    pub fn new(now: Timestamp) -> Self {
        Self {
            now,
            previous: None,
            interfaces: None,
            cpu_window: Duration::from_millis(250),
            slow_source_deadline: Duration::from_secs(2),
        }
    }
}

/// Measures this host. Readings come sorted by name and labels, each once; what could not be read is a diagnostic.
pub fn collect(request: &Request) -> Snapshot {
    let mut snapshot = Snapshot::new(request.now, host());
    #[cfg(target_os = "linux")]
    linux::measure(std::path::Path::new("/proc"), request, &mut snapshot);
    #[cfg(not(target_os = "linux"))]
    portable::measure(request, &mut snapshot);
    if let Some(previous) = request.previous {
        rate::derive(previous, &mut snapshot);
    }
    tidy(&mut snapshot);
    snapshot
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
