//! The `disk-io` check: how busy each disk is, and how long its reads and writes take.

use checkpost_sdk::{
    Check, CombinedVerdict, Input, Need, Reading, Thresholds, Verdict, check, is_among, missing, only_with, settings,
};

/// Bytes since boot, by direction. Lists the disks even in the first cycle, which has no rates.
const IO: &str = "system.disk.io";
/// Bytes per second, by direction. The host derives all rates from two cycles of one boot.
const IO_RATE: &str = "checkpost.disk.io.rate";
/// Reads and writes per second.
const OPERATIONS_RATE: &str = "checkpost.disk.operations.rate";
/// Share of the time that the disk was busy, 0..1.
const UTILIZATION: &str = "checkpost.disk.utilization";
/// Mean seconds of a read or write, by direction; absent when there were none.
const DURATION: &str = "checkpost.disk.operation.duration";

const DEVICE: &str = "system.device";
const DIRECTION: &str = "disk.io.direction";

settings! {
    /// Warns of disks that are constantly busy or slow.
    pub struct DiskIo {
        /// Disks to watch; `*` matches any text. If empty, all measured disks.
        devices: Vec<String> = [];
        /// Share of the time that a disk was busy above which the status is warning.
        threshold: f64 = 95.0, unit "%", range 0.0..=100.0;
        /// Share of the time that a disk was busy above which a warning becomes critical. Off by default.
        critical: Option<f64>, unit "%", range 0.0..=100.0;
        // A healthy disk answers within 1 ms (flash) or 20 ms (rotating). A remote disk that has used up its I/O credit, or a
        // failing disk that retries, takes hundreds of milliseconds. People notice 100 ms.
        /// Mean duration of a read or write, including waiting time, above which the status is warning.
        latency_ms: f64 = 100.0, unit "ms", minimum 0.0;
        /// Mean duration of a read or write above which a warning becomes critical. Off by default.
        latency_critical_ms: Option<f64>, unit "ms", minimum 0.0;
        /// Reads or writes per second below which their duration is not judged, because the mean of a few says little.
        least_operations: f64 = 1.0, unit "1/s", minimum 0.0;
        /// Bytes read per second above which the status is warning. Off by default.
        read_limit: Option<f64>, unit "By/s", minimum 0.0;
        /// Bytes read per second above which a warning becomes critical. Off by default.
        read_critical: Option<f64>, unit "By/s", minimum 0.0;
        /// Bytes written per second above which the status is warning. Off by default.
        write_limit: Option<f64>, unit "By/s", minimum 0.0;
        /// Bytes written per second above which a warning becomes critical. Off by default.
        write_critical: Option<f64>, unit "By/s", minimum 0.0;
        /// Share of its threshold to which every reading of a raised disk must fall before the disk clears. Defaults to 100.
        clear: Option<f64>, unit "%", range 0.0..=100.0;
    }
}

impl DiskIo {
    fn thresholds(&self, threshold: f64, critical: Option<f64>) -> Thresholds {
        Thresholds::clearing_at_share(threshold, critical, self.clear)
    }

    fn judge(&self, device: &str, input: &Input) -> Verdict {
        let find = |metric| input.samples.find_with(metric, &[(DEVICE, device)]);
        let mut combined = CombinedVerdict::new(device, "Disk I/O", input.previous(device));
        if let Some(busy) = find(UTILIZATION) {
            let thresholds = Some(self.thresholds(self.threshold, self.critical));
            combined.judge(&Reading { name: "busy", value: busy * 100.0, unit: "%", title: "Busy disk", thresholds });
        }
        for (direction, latency, limit, critical) in [
            ("read", "read_latency", self.read_limit, self.read_critical),
            ("write", "write_latency", self.write_limit, self.write_critical),
        ] {
            let find = |metric| input.samples.find_with(metric, &[(DEVICE, device), (DIRECTION, direction)]);
            if let Some(value) = find(IO_RATE) {
                let thresholds = limit.map(|limit| self.thresholds(limit, critical));
                combined.judge(&Reading {
                    name: direction,
                    value,
                    unit: "By/s",
                    title: "High disk traffic",
                    thresholds,
                });
            }
            if let Some(seconds) = find(DURATION) {
                let are_enough = find(OPERATIONS_RATE).is_some_and(|rate| rate >= self.least_operations);
                let thresholds = are_enough.then(|| self.thresholds(self.latency_ms, self.latency_critical_ms));
                let value = seconds * 1000.0;
                combined.judge(&Reading { name: latency, value, unit: "ms", title: "Slow disk", thresholds });
            }
        }
        let summary = combined.summary();
        combined.finish(summary.as_deref().unwrap_or("no rate yet"))
    }
}

impl Check for DiskIo {
    const NAME: &'static str = "disk-io";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "How busy each disk is, and how long reads and writes take";

    fn needs(&self) -> Result<Vec<Need>, String> {
        only_with("read_critical", self.read_critical, "read_limit", self.read_limit)?;
        only_with("write_critical", self.write_critical, "write_limit", self.write_limit)?;
        Ok([IO, IO_RATE, OPERATIONS_RATE, UTILIZATION, DURATION].map(Need::current).into())
    }

    fn evaluate(&self, input: &Input) -> Result<Vec<Verdict>, String> {
        let mut devices: Vec<_> = input.samples.named(IO).iter().filter_map(|io| io.label(DEVICE)).collect();
        // Readings are sorted by direction first, so each device occurs once for reads and once for writes.
        devices.sort_unstable();
        devices.dedup();
        if devices.is_empty() && self.devices.is_empty() {
            return Err(format!("no reading of {IO}"));
        }
        let mut verdicts = missing(&self.devices, "disk", |name| devices.contains(&name));
        let watched = devices.iter().filter(|device| is_among(&self.devices, device));
        verdicts.extend(watched.map(|device| self.judge(device, input)));
        Ok(verdicts)
    }
}

check!(DiskIo);

#[cfg(test)]
mod tests;
