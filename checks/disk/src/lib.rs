//! The `disk` check: how full each filesystem is.

use std::cmp::Reverse;

use checkpost_sdk::{Check, Input, Limits, Need, Sample, Status, Usage, Verdict, check, is_pattern, matches, settings};

/// Used share of a filesystem, 0..1.
const UTILIZATION: &str = "system.filesystem.utilization";
/// Bytes, by state.
const USAGE: &str = "system.filesystem.usage";
/// Bytes in all.
const LIMIT: &str = "system.filesystem.limit";
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

    fn watches(&self, filesystem: &Sample, mountpoint: &str) -> bool {
        if self.mounts.is_empty() {
            let kind = filesystem.label(TYPE).unwrap_or_default();
            !self.exclude_types.iter().any(|excluded| excluded == kind)
        } else {
            self.mounts.iter().any(|pattern| matches(pattern, mountpoint))
        }
    }
}

impl Check for Disk {
    const NAME: &'static str = "disk";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Usage of each filesystem";

    fn needs(&self) -> Result<Vec<Need>, String> {
        self.limits().validate()?;
        Ok(vec![Need::current(UTILIZATION), Need::current(USAGE).label(USED.0, USED.1), Need::current(LIMIT)])
    }

    fn evaluate(&self, input: &Input) -> Result<Vec<Verdict>, String> {
        let filesystems = input.samples.named(UTILIZATION);
        if filesystems.is_empty() && self.mounts.is_empty() {
            return Err(format!("no reading of {UTILIZATION}"));
        }
        let (used, limits) = (input.samples.named(USAGE), input.samples.named(LIMIT));
        let mut verdicts: Vec<_> = self.mounts.iter().filter_map(|mount| missing(mount, filesystems)).collect();
        for filesystem in filesystems {
            let mountpoint = filesystem.label(MOUNTPOINT).unwrap_or_default();
            if self.watches(filesystem, mountpoint) {
                let at = (MOUNTPOINT, mountpoint);
                let bytes = find(used, &[at, USED]).zip(find(limits, &[at]));
                let disk = Usage { what: "Disk", subject: mountpoint, ratio: filesystem.value, bytes };
                verdicts.push(disk.judge(&self.limits(), input.previous(mountpoint)));
            }
        }
        // One mount may hide another at the same place, and a list may name one twice: the worst stands for all.
        verdicts.sort_by(|a, b| (&a.subject, Reverse(a.status)).cmp(&(&b.subject, Reverse(b.status))));
        verdicts.dedup_by(|a, b| a.subject == b.subject);
        Ok(verdicts)
    }
}

fn find(samples: &[Sample], labels: &[(&str, &str)]) -> Option<f64> {
    samples.iter().find(|sample| sample.carries(labels)).map(|sample| sample.value)
}

/// A mount point that was asked for by name must not go unnoticed when it is gone.
fn missing(mount: &str, filesystems: &[Sample]) -> Option<Verdict> {
    let is_there =
        is_pattern(mount) || filesystems.iter().any(|filesystem| filesystem.label(MOUNTPOINT) == Some(mount));
    let message = || format!("no reading of the filesystem {mount}");
    (!is_there).then(|| Verdict::new(Status::Unknown, "Filesystem not found", message()).subject(mount))
}

check!(Disk);

#[cfg(test)]
mod tests;
