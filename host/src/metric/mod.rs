//! The one data model: what a collector measures, the store keeps and a check is given.
//!
//! Names and units are OpenTelemetry's (<https://opentelemetry.io/docs/specs/semconv/system/system-metrics/>): base
//! units, utilization as a ratio 0..1. Per cent is made at the edges: settings, reports, the `system_metrics` table.

pub mod catalog;
mod process;

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use process::{ProcessTime, ProcessTimes};

/// What a sample is about, sorted by key: `system.filesystem.mountpoint` = `/var`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Labels(BTreeMap<Cow<'static, str>, String>);

impl Labels {
    /// No labels: the reading is about the host as a whole.
    pub fn none() -> Self {
        Self::default()
    }

    /// The value of a label, if the series carries it.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// Whether every label of `filter` is here with the same value.
    pub fn contains(&self, filter: &Labels) -> bool {
        filter.iter().all(|(key, value)| self.get(key) == Some(value))
    }

    /// Key and value pairs, sorted by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_ref(), value.as_str()))
    }

    /// Whether there is no label at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<K: Into<Cow<'static, str>>, V: Into<String>> FromIterator<(K, V)> for Labels {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }
}

impl<K: Into<Cow<'static, str>>, V: Into<String>, const N: usize> From<[(K, V); N]> for Labels {
    fn from(pairs: [(K, V); N]) -> Self {
        pairs.into_iter().collect()
    }
}

/// Whether a name is the one meant, or begins as one that ends in `*` does.
pub fn name_matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == pattern,
    }
}

/// One reading, in the base unit of its metric. The value is finite.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sample {
    /// OpenTelemetry metric name.
    pub name: Cow<'static, str>,
    /// What was measured.
    pub labels: Labels,
    /// The reading.
    pub value: f64,
}

/// Past readings of one metric with one set of labels, oldest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// OpenTelemetry metric name.
    pub name: String,
    /// What was measured.
    pub labels: Labels,
    /// When, in milliseconds since the epoch, and the reading.
    pub points: Vec<(i64, f64)>,
}

/// A reading that could not be taken, or was taken with a reservation. Absence is never reported as zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// The collector: `filesystem`.
    pub source: &'static str,
    /// One line: what happened to which thing.
    pub message: String,
}

/// Facts that tell one host, and one boot of it, from another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// Host name.
    pub name: String,
    /// `linux`, `windows`, `macos`, as OpenTelemetry's `os.type`.
    pub os_type: String,
    /// For people: `Debian GNU/Linux 12`.
    pub os_description: String,
    /// For people, and the `platform` column: `Linux 6.1.0 (Debian GNU/Linux 12) x86_64`.
    pub platform: String,
    /// CPU architecture: `x86_64`.
    pub arch: String,
    /// Changes with every boot. Counters of two boots must never be compared.
    pub boot_id: String,
}

impl Host {
    /// Some host, in some boot.
    #[cfg(test)]
    pub(crate) fn example(boot_id: &str) -> Self {
        Self {
            name: "web-1".to_owned(),
            os_type: "linux".to_owned(),
            os_description: "Debian GNU/Linux 12".to_owned(),
            platform: "Linux 6.1.0 (Debian GNU/Linux 12) x86_64".to_owned(),
            arch: "x86_64".to_owned(),
            boot_id: boot_id.to_owned(),
        }
    }

    /// The facts as a check sees them. The boot id stays out: it is no business of a check.
    pub fn labels(&self) -> Labels {
        Labels::from([
            ("host.name", self.name.as_str()),
            ("os.type", &self.os_type),
            ("os.description", &self.os_description),
            ("host.arch", &self.arch),
        ])
    }
}

/// Everything that one cycle measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Snapshot {
    /// When the cycle began, UTC.
    pub time: Timestamp,
    /// The host that was measured.
    pub host: Host,
    /// The readings, each (name, labels) once.
    pub samples: Vec<Sample>,
    /// What could not be read.
    pub diagnostics: Vec<Diagnostic>,
}

impl Snapshot {
    /// A snapshot without readings.
    pub fn new(time: Timestamp, host: Host) -> Self {
        Self { time, host, samples: Vec::new(), diagnostics: Vec::new() }
    }

    /// Adds a reading. A value that is not finite is no reading and is left out.
    pub fn push(&mut self, name: impl Into<Cow<'static, str>>, labels: impl Into<Labels>, value: f64) {
        if value.is_finite() {
            self.samples.push(Sample { name: name.into(), labels: labels.into(), value });
        }
    }

    /// An empty snapshot of the same moment and host, for a source that is read beside the others.
    pub fn beside(&self) -> Self {
        Self::new(self.time, self.host.clone())
    }

    /// Adds what was read beside.
    pub fn absorb(&mut self, other: Self) {
        self.samples.extend(other.samples);
        self.diagnostics.extend(other.diagnostics);
    }

    /// Notes that something could not be read.
    pub fn diagnose(&mut self, source: &'static str, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic { source, message: message.into() });
    }

    /// The reading of a metric with exactly these labels.
    pub fn value(&self, name: &str, labels: &Labels) -> Option<f64> {
        self.samples.iter().find(|sample| sample.name == name && sample.labels == *labels).map(|sample| sample.value)
    }
}

/// The figures that reports lead with and the `system_metrics` table keeps, with the meaning they have in psutil.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
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
    /// Sent since boot over all interfaces, loopback too. `psutil.net_io_counters().bytes_sent`.
    pub network_sent_bytes: Option<u64>,
    /// Received since boot over all interfaces, loopback too. `psutil.net_io_counters().bytes_recv`.
    pub network_received_bytes: Option<u64>,
}

/// The filesystem that the headline is about.
#[cfg(not(windows))]
pub const ROOT: &str = "/";
/// The filesystem that the headline is about.
#[cfg(windows)]
pub const ROOT: &str = "C:\\";

impl Headline {
    /// Takes the headline figures out of a snapshot; what is not in it stays `None`.
    pub fn of(snapshot: &Snapshot) -> Self {
        let plain = |name| snapshot.value(name, &Labels::none());
        let with = |name: &str, key: &'static str, value: &str| snapshot.value(name, &Labels::from([(key, value)]));
        let root = |name: &str, state: Option<&str>| {
            let of_root = |sample: &&Sample| {
                sample.name == name
                    && sample.labels.get("system.filesystem.mountpoint") == Some(ROOT)
                    && sample.labels.get("system.filesystem.state") == state
            };
            snapshot.samples.iter().find(of_root).map(|sample| sample.value)
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
