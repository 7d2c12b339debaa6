//! The headline figures of a cycle.

use serde::{Deserialize, Serialize};

use super::labels::Labels;
use super::sample::Sample;
use super::snapshot::Snapshot;

/// The figures at the top of reports and in the `system_metrics` table, with the meaning that psutil gives them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Headline {
    /// Busy share of all CPUs, 0..100. `psutil.cpu_percent()`.
    pub cpu_percent: Option<f64>,
    /// Logical CPUs. `psutil.cpu_count()`.
    pub cpu_count: Option<u64>,
    /// Used share of memory, 0..100. `psutil.virtual_memory().percent`.
    pub memory_percent: Option<f64>,
    /// Total minus available.
    pub memory_used_bytes: Option<u64>,
    /// Memory of the host.
    pub memory_total_bytes: Option<u64>,
    /// Used share of the root filesystem, 0..100. `psutil.disk_usage("/").percent`.
    pub disk_percent: Option<f64>,
    /// Used bytes of the root filesystem.
    pub disk_used_bytes: Option<u64>,
    /// Size of the root filesystem.
    pub disk_total_bytes: Option<u64>,
    /// Sent since boot over all interfaces, including loopback. `psutil.net_io_counters().bytes_sent`.
    pub network_sent_bytes: Option<u64>,
    /// Received since boot over all interfaces, including loopback. `psutil.net_io_counters().bytes_recv`.
    pub network_received_bytes: Option<u64>,
}

/// Mount point of the root filesystem.
#[cfg(not(windows))]
pub const ROOT: &str = "/";
/// Mount point of the root filesystem.
#[cfg(windows)]
pub const ROOT: &str = "C:\\";

impl Headline {
    /// Takes the headline figures from a snapshot; absent readings stay `None`.
    pub fn of(snapshot: &Snapshot) -> Self {
        let plain = |name| snapshot.value(name, &Labels::none());
        let with = |name: &str, key: &'static str, value: &str| snapshot.value(name, &Labels::from([(key, value)]));
        let root = |name: &str, state: Option<&str>| {
            let is_root = |sample: &&Sample| {
                sample.name == name
                    && sample.labels.get("system.filesystem.mountpoint") == Some(ROOT)
                    && sample.labels.get("system.filesystem.state") == state
            };
            snapshot.samples.iter().find(is_root).map(|sample| sample.value)
        };
        let bytes = |value: Option<f64>| value.map(|value| value as u64);
        Self {
            cpu_percent: plain("system.cpu.utilization").map(|ratio| ratio * 100.0),
            cpu_count: bytes(plain("system.cpu.logical.count")),
            memory_percent: plain("system.memory.utilization").map(|ratio| ratio * 100.0),
            memory_used_bytes: bytes(with("system.memory.usage", "system.memory.state", "used")),
            memory_total_bytes: bytes(plain("system.memory.limit")),
            disk_percent: root("system.filesystem.utilization", None).map(|ratio| ratio * 100.0),
            disk_used_bytes: bytes(root("system.filesystem.usage", Some("used"))),
            disk_total_bytes: bytes(root("system.filesystem.limit", None)),
            network_sent_bytes: bytes(with("checkpost.network.total", "network.io.direction", "transmit")),
            network_received_bytes: bytes(with("checkpost.network.total", "network.io.direction", "receive")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::assert_round_trip;

    #[test]
    fn headline_survives_json() {
        assert_round_trip(&Headline::default());
        assert_round_trip(&Headline {
            cpu_percent: Some(100.0 / 3.0),
            memory_total_bytes: Some(u64::MAX),
            ..Headline::default()
        });
    }
}
