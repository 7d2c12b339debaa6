//! All samples of one cycle, with the host, the time and the diagnostics.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::labels::Labels;
use super::process::ProcessTimes;
use super::sample::Sample;

/// A reading that could not be taken, or that is doubtful. Absence is never reported as zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// The collector: `filesystem`.
    pub source: Cow<'static, str>,
    /// One line: the problem and the thing that it concerns.
    pub message: String,
}

/// Facts that identify a host and the boot that it is in.
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
    /// A host for tests.
    #[cfg(any(test, feature = "fixtures"))]
    pub fn example(boot_id: &str) -> Self {
        Self {
            name: "web-1".to_owned(),
            os_type: "linux".to_owned(),
            os_description: "Debian GNU/Linux 12".to_owned(),
            platform: "Linux 6.1.0 (Debian GNU/Linux 12) x86_64".to_owned(),
            arch: "x86_64".to_owned(),
            boot_id: boot_id.to_owned(),
        }
    }

    /// The facts that checks see. The boot id is excluded: checks must not depend on it.
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Start of the cycle, UTC.
    pub time: Timestamp,
    /// The host that was measured.
    pub host: Host,
    /// The readings; each pair of name and labels occurs once.
    pub samples: Vec<Sample>,
    /// Readings that could not be taken.
    pub diagnostics: Vec<Diagnostic>,
    /// CPU time of each process, if the cycle read processes. Only the next cycle needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process_times: Option<ProcessTimes>,
}

impl Snapshot {
    /// A snapshot without readings.
    pub fn new(time: Timestamp, host: Host) -> Self {
        Self { time, host, samples: Vec::new(), diagnostics: Vec::new(), process_times: None }
    }

    /// Adds a reading. A value that is not finite is left out.
    pub fn push(&mut self, name: impl Into<Cow<'static, str>>, labels: impl Into<Labels>, value: f64) {
        if value.is_finite() {
            self.samples.push(Sample { name: name.into(), labels: labels.into(), value });
        }
    }

    /// A snapshot of the same time and host without readings, for a source that is read in the background.
    pub fn empty_copy(&self) -> Self {
        Self::new(self.time, self.host.clone())
    }

    /// Adds the readings and diagnostics of another snapshot.
    pub fn absorb(&mut self, other: Self) {
        self.samples.extend(other.samples);
        self.diagnostics.extend(other.diagnostics);
    }

    /// Adds a diagnostic.
    pub fn diagnose(&mut self, source: impl Into<Cow<'static, str>>, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic { source: source.into(), message: message.into() });
    }

    /// The reading of a metric with exactly these labels.
    pub fn value(&self, name: &str, labels: &Labels) -> Option<f64> {
        self.samples.iter().find(|sample| sample.name == name && sample.labels == *labels).map(|sample| sample.value)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::process::ProcessTime;
    use super::*;
    use crate::json::assert_round_trip;

    fn snapshot() -> Snapshot {
        let mut snapshot = Snapshot::new(Timestamp::new(1_760_000_000, 123_456_789).unwrap(), Host::example("boot-1"));
        snapshot.push("system.uptime", Labels::none(), 0.1 + 0.2);
        snapshot.diagnose("filesystem", "no answer from /mnt/nfs within 2 s (stuck)");
        snapshot
    }

    #[test]
    fn snapshot_survives_json() {
        let mut snapshot = snapshot();
        assert_round_trip(&snapshot);
        let time = ProcessTime { pid: 7, start_ticks: 100, cpu_ticks: u64::MAX };
        snapshot.process_times = Some(ProcessTimes::new(vec![time]));
        assert_round_trip(&snapshot);
    }

    #[test]
    fn process_times_are_a_field_only_when_processes_were_read() {
        let mut snapshot = snapshot();
        let field = |snapshot: &Snapshot| serde_json::to_value(snapshot).unwrap().get("process_times").cloned();
        assert_eq!(field(&snapshot), None);
        snapshot.process_times = Some(ProcessTimes::default());
        assert_eq!(field(&snapshot), Some(serde_json::json!([])));
    }
}
