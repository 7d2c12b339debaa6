//! The `disk` check: how full each filesystem is, in space and in inodes.

mod aligned;

use checkpost_sdk::{
    Check, Input, Limits, Measure, Need, Sample, Usage, Verdict, check, is_among, keep_worst, missing, settings,
};

use aligned::Aligned;

/// Used share of a filesystem, 0..1.
const UTILIZATION: &str = "system.filesystem.utilization";
/// Bytes, by state.
const USAGE: &str = "system.filesystem.usage";
/// Bytes in all.
const LIMIT: &str = "system.filesystem.limit";
/// Used share of the inodes, 0..1; only where their number is fixed.
const INODES_UTILIZATION: &str = "checkpost.filesystem.inodes.utilization";
/// Inodes in all. How many are used follows from the share: what is not asked for costs nothing.
const INODES_LIMIT: &str = "checkpost.filesystem.inodes.limit";
/// The state of [`USAGE`] that counts.
const USED: (&str, &str) = ("system.filesystem.state", "used");

const MOUNTPOINT: &str = "system.filesystem.mountpoint";
const TYPE: &str = "system.filesystem.type";

settings! {
    /// Warns of full filesystems.
    pub struct Disk {
        /// Usage of a filesystem above which it is a warning.
        threshold: f64 = 90.0, unit "%", range 0.0..=100.0;
        /// Usage of a filesystem above which a warning is critical.
        critical: f64 = 95.0, unit "%", range 0.0..=100.0;
        /// Usage of a filesystem at which a raised status clears. Not set: the threshold.
        clear: Option<f64>, unit "%", range 0.0..=100.0;
        /// Usage of a filesystem's inodes above which it is a warning.
        inodes_threshold: f64 = 90.0, unit "%", range 0.0..=100.0;
        /// Usage of a filesystem's inodes above which a warning is critical.
        inodes_critical: f64 = 95.0, unit "%", range 0.0..=100.0;
        /// Usage of a filesystem's inodes at which a raised status clears. Not set: the threshold.
        inodes_clear: Option<f64>, unit "%", range 0.0..=100.0;
        /// Only these mount points, whatever their type; `*` stands for any text. Empty: all.
        mounts: Vec<String> = [];
        /// Filesystem types that are left out, unless `mounts` names some.
        exclude_types: Vec<String> = ["tmpfs", "devtmpfs", "ramfs"];
    }
}

impl Disk {
    fn limits(&self) -> Limits {
        Limits { threshold: self.threshold, critical: Some(self.critical), clear: self.clear }
    }

    fn inodes_limits(&self) -> Limits {
        Limits { threshold: self.inodes_threshold, critical: Some(self.inodes_critical), clear: self.inodes_clear }
    }

    fn watches(&self, filesystem: &Sample, mountpoint: &str) -> bool {
        if self.mounts.is_empty() {
            let kind = filesystem.label(TYPE).unwrap_or_default();
            !self.exclude_types.iter().any(|excluded| excluded == kind)
        } else {
            is_among(&self.mounts, mountpoint)
        }
    }
}

impl Check for Disk {
    const NAME: &'static str = "disk";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Usage of each filesystem: space and inodes";

    fn needs(&self) -> Result<Vec<Need>, String> {
        self.limits().validate()?;
        self.inodes_limits().validate().map_err(|refusal| format!("inodes_{refusal}"))?;
        Ok(vec![
            Need::current(UTILIZATION),
            Need::current(USAGE).label(USED.0, USED.1),
            Need::current(LIMIT),
            Need::current(INODES_UTILIZATION),
            Need::current(INODES_LIMIT),
        ])
    }

    fn evaluate(&self, input: &Input) -> Result<Vec<Verdict>, String> {
        let filesystems = input.samples.named(UTILIZATION);
        if filesystems.is_empty() && self.mounts.is_empty() {
            return Err(format!("no reading of {UTILIZATION}"));
        }
        let aligned = |metric| Aligned::new(input.samples.named(metric));
        let (mut used, mut total, mut inodes) = (aligned(USAGE), aligned(LIMIT), aligned(INODES_UTILIZATION));
        let mut inodes_total = None;
        let (limits, inodes_limits) = (self.limits(), self.inodes_limits());
        let is_there = |mount: &str| filesystems.iter().any(|filesystem| filesystem.label(MOUNTPOINT) == Some(mount));
        let mut verdicts = missing(&self.mounts, "filesystem", is_there);
        for filesystem in filesystems {
            let mountpoint = filesystem.label(MOUNTPOINT).unwrap_or_default();
            if !self.watches(filesystem, mountpoint) {
                continue;
            }
            let previous = input.previous(mountpoint);
            let bytes = used.of(filesystem).zip(total.of(filesystem));
            let space = Usage { what: "Disk", subject: mountpoint, ratio: filesystem.value, bytes };
            let mut verdict = space.judge(&limits, previous);
            if let Some(ratio) = inodes.of(filesystem) {
                let percent = ratio * 100.0;
                let status = inodes_limits.status(percent, previous);
                if status > verdict.status {
                    let total = inodes_total.get_or_insert_with(|| aligned(INODES_LIMIT)).of(filesystem);
                    verdict.status = status;
                    "High inode usage".clone_into(&mut verdict.title);
                    verdict.message = inodes_message(mountpoint, percent, total, &inodes_limits);
                }
                verdict.measures.push(Measure::new("inodes_used", percent, "%").limits(&inodes_limits));
            }
            verdicts.push(verdict);
        }
        // One mount may hide another at the same place: the worst stands for all.
        keep_worst(&mut verdicts);
        Ok(verdicts)
    }
}

/// `Inode usage of /var is 97.1% (6363000 / 6553600, threshold: 90%)`.
fn inodes_message(mountpoint: &str, percent: f64, total: Option<f64>, limits: &Limits) -> String {
    let numbers = |total: f64| format!("{:.0} / {total:.0}, ", percent / 100.0 * total);
    let numbers = total.map(numbers).unwrap_or_default();
    let mut message = format!("Inode usage of {mountpoint} is {percent:.1}% ({numbers}");
    limits.tell(&mut message, "threshold", percent, "%");
    message.push(')');
    message
}

check!(Disk);

#[cfg(test)]
mod tests;
