//! The `disk-io` check: how busy each disk is, and how long it takes.

use checkpost_sdk::{
    Check, Input, Joint, Limits, Need, Reading, Verdict, check, is_among, missing, only_with, settings,
};

/// Bytes since boot, by direction: says which disks there are, also when there is no rate yet.
const IO: &str = "system.disk.io";
/// Bytes a second, by direction; like all rates made by the host from two cycles of one boot.
const IO_RATE: &str = "checkpost.disk.io.rate";
/// Reads and writes a second.
const OPERATIONS_RATE: &str = "checkpost.disk.operations.rate";
/// Share of time in which the disk was busy, 0..1.
const UTILIZATION: &str = "checkpost.disk.utilization";
/// Seconds that one read or write took on average, by direction; absent without any.
const DURATION: &str = "checkpost.disk.operation.duration";

const DEVICE: &str = "system.device";
const DIRECTION: &str = "disk.io.direction";

settings! {
    /// Warns of disks that are busy all the time, or slow.
    pub struct DiskIo {
        /// Only these disks; `*` stands for any text. Empty: every one that is measured.
        devices: Vec<String> = [];
        /// Share of time in which a disk was busy above which it is a warning.
        threshold: f64 = 95.0, unit "%", range 0.0..=100.0;
        /// Share of time in which a disk was busy above which a warning is critical. Not set: never.
        critical: Option<f64>, unit "%", range 0.0..=100.0;
        // A healthy disk answers within 1 ms when it is flash and within 20 ms when it turns; when it is a remote one whose
        // credit is used up, or a failing one that tries again, it is hundreds. 100 ms is what people notice.
        /// Mean duration of a read or a write, waiting included, above which it is a warning.
        latency_ms: f64 = 100.0, unit "ms", minimum 0.0;
        /// Mean duration of a read or a write above which a warning is critical. Not set: never.
        latency_critical_ms: Option<f64>, unit "ms", minimum 0.0;
        /// Reads or writes a second below which their duration is not judged: a mean of few says nothing.
        least_operations: f64 = 1.0, unit "1/s", minimum 0.0;
        /// Bytes read a second above which it is a warning. Not set: none is too much.
        read_limit: Option<f64>, unit "By/s", minimum 0.0;
        /// Bytes read a second above which a warning is critical. Not set: never.
        read_critical: Option<f64>, unit "By/s", minimum 0.0;
        /// Bytes written a second above which it is a warning. Not set: none is too much.
        write_limit: Option<f64>, unit "By/s", minimum 0.0;
        /// Bytes written a second above which a warning is critical. Not set: never.
        write_critical: Option<f64>, unit "By/s", minimum 0.0;
        /// Share of its limit down to which every reading of a raised disk must come. Not set: all of it.
        clear: Option<f64>, unit "%", range 0.0..=100.0;
    }
}

impl DiskIo {
    fn limits(&self, threshold: f64, critical: Option<f64>) -> Limits {
        Limits::clearing_at_share(threshold, critical, self.clear)
    }

    fn judge(&self, device: &str, input: &Input) -> Verdict {
        let of_disk = |metric| input.samples.find_with(metric, &[(DEVICE, device)]);
        let mut joint = Joint::on(device, "Disk I/O", input.previous(device));
        if let Some(busy) = of_disk(UTILIZATION) {
            let limits = Some(self.limits(self.threshold, self.critical));
            joint.hold(&Reading { name: "busy", value: busy * 100.0, unit: "%", title: "Busy disk", limits });
        }
        for (direction, latency, limit, critical) in [
            ("read", "read_latency", self.read_limit, self.read_critical),
            ("write", "write_latency", self.write_limit, self.write_critical),
        ] {
            let find = |metric| input.samples.find_with(metric, &[(DEVICE, device), (DIRECTION, direction)]);
            if let Some(value) = find(IO_RATE) {
                let limits = limit.map(|limit| self.limits(limit, critical));
                joint.hold(&Reading { name: direction, value, unit: "By/s", title: "High disk traffic", limits });
            }
            if let Some(seconds) = find(DURATION) {
                let are_enough = find(OPERATIONS_RATE).is_some_and(|rate| rate >= self.least_operations);
                let limits = are_enough.then(|| self.limits(self.latency_ms, self.latency_critical_ms));
                let value = seconds * 1000.0;
                joint.hold(&Reading { name: latency, value, unit: "ms", title: "Slow disk", limits });
            }
        }
        let told = joint.told();
        joint.verdict(told.as_deref().unwrap_or("no rate yet"))
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
        // Sorted by direction first: each device is there once for reads, and once for writes.
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
