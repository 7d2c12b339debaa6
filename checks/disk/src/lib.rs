//! The `disk` check: usage of each filesystem, in space and in inodes.

mod aligned;

use checkpost_sdk::{
    Check, Input, Measure, Need, Sample, Thresholds, Usage, Verdict, check, is_among, keep_worst, missing, settings,
};

use aligned::Aligned;

/// Used share of the space of a filesystem, 0..1.
const UTILIZATION: &str = "system.filesystem.utilization";
/// Bytes by state.
const USAGE: &str = "system.filesystem.usage";
/// Total bytes.
const LIMIT: &str = "system.filesystem.limit";
/// Used share of the inodes, 0..1; only for filesystems with a fixed number of inodes.
const INODES_UTILIZATION: &str = "checkpost.filesystem.inodes.utilization";
/// Total inodes. The number of used inodes is derived from the share, which saves a metric.
const INODES_LIMIT: &str = "checkpost.filesystem.inodes.limit";
/// The state of [`USAGE`] that counts as used.
const USED: (&str, &str) = ("system.filesystem.state", "used");

const MOUNTPOINT: &str = "system.filesystem.mountpoint";
const TYPE: &str = "system.filesystem.type";

settings! {
    /// Warns of full filesystems.
    pub struct Disk {
        /// Space usage of a filesystem above which the status is warning.
        threshold: f64 = 90.0, unit "%", range 0.0..=100.0;
        /// Space usage of a filesystem above which a warning becomes critical.
        critical: f64 = 95.0, unit "%", range 0.0..=100.0;
        /// Space usage of a filesystem at or below which a raised status clears. Defaults to the threshold.
        clear: Option<f64>, unit "%", range 0.0..=100.0;
        /// Inode usage of a filesystem above which the status is warning.
        inodes_threshold: f64 = 90.0, unit "%", range 0.0..=100.0;
        /// Inode usage of a filesystem above which a warning becomes critical.
        inodes_critical: f64 = 95.0, unit "%", range 0.0..=100.0;
        /// Inode usage of a filesystem at or below which a raised status clears. Defaults to the threshold.
        inodes_clear: Option<f64>, unit "%", range 0.0..=100.0;
        /// Mount points to watch, whatever their type; `*` matches any text. If empty, all of them.
        mounts: Vec<String> = [];
        /// Filesystem types to ignore. Has no effect when `mounts` is set.
        exclude_types: Vec<String> = ["tmpfs", "devtmpfs", "ramfs"];
    }
}

impl Disk {
    fn thresholds(&self) -> Thresholds {
        Thresholds { threshold: self.threshold, critical: Some(self.critical), clear: self.clear }
    }

    fn inodes_thresholds(&self) -> Thresholds {
        Thresholds { threshold: self.inodes_threshold, critical: Some(self.inodes_critical), clear: self.inodes_clear }
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
        self.thresholds().validate()?;
        self.inodes_thresholds().validate().map_err(|refusal| format!("inodes_{refusal}"))?;
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
        let (thresholds, inodes_thresholds) = (self.thresholds(), self.inodes_thresholds());
        let exists = |mount: &str| filesystems.iter().any(|filesystem| filesystem.label(MOUNTPOINT) == Some(mount));
        let mut verdicts = missing(&self.mounts, "filesystem", exists);
        for filesystem in filesystems {
            let mountpoint = filesystem.label(MOUNTPOINT).unwrap_or_default();
            if !self.watches(filesystem, mountpoint) {
                continue;
            }
            let previous = input.previous(mountpoint);
            let bytes = used.of(filesystem).zip(total.of(filesystem));
            let space = Usage { resource: "Disk", subject: mountpoint, ratio: filesystem.value, bytes };
            let mut verdict = space.judge(&thresholds, previous);
            if let Some(ratio) = inodes.of(filesystem) {
                let percent = ratio * 100.0;
                let status = inodes_thresholds.status(percent, previous);
                if status > verdict.status {
                    let total = inodes_total.get_or_insert_with(|| aligned(INODES_LIMIT)).of(filesystem);
                    verdict.status = status;
                    "High inode usage".clone_into(&mut verdict.title);
                    verdict.message = inodes_message(mountpoint, percent, total, &inodes_thresholds);
                }
                verdict.measures.push(Measure::new("inodes_used", percent, "%").thresholds(&inodes_thresholds));
            }
            verdicts.push(verdict);
        }
        // Several filesystems can be mounted on one mount point; the worst stands for all of them.
        keep_worst(&mut verdicts);
        Ok(verdicts)
    }
}

/// Formats `Inode usage of /var is 97.1% (6363000 / 6553600, threshold: 90%)`.
fn inodes_message(mountpoint: &str, percent: f64, total: Option<f64>, thresholds: &Thresholds) -> String {
    let numbers = |total: f64| format!("{:.0} / {total:.0}, ", percent / 100.0 * total);
    let numbers = total.map(numbers).unwrap_or_default();
    let mut message = format!("Inode usage of {mountpoint} is {percent:.1}% ({numbers}");
    thresholds.append_to(&mut message, "threshold", percent, "%");
    message.push(')');
    message
}

check!(Disk);

#[cfg(test)]
mod tests;
