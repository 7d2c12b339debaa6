//! Size and use of mounted filesystems, with the meaning of `df` and psutil.

#[cfg(target_os = "linux")]
mod mounts;
#[cfg(target_os = "linux")]
mod probe;

#[cfg(target_os = "linux")]
use std::path::Path;
#[cfg(target_os = "linux")]
use std::time::Duration;

use crate::clean;
use crate::metric::Snapshot;

/// A mount point may be called almost anything, at almost any length; checks and people get its beginning.
const LABEL_CHARS: usize = 256;

/// What a filesystem is called. All of it is printable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Filesystem {
    mount_point: String,
    fs_type: String,
    device: String,
    read_only: bool,
}

impl Filesystem {
    pub(super) fn new(mount_point: &str, fs_type: &str, device: &str, read_only: bool) -> Self {
        Self {
            mount_point: clean::bounded(mount_point, LABEL_CHARS),
            fs_type: clean::bounded(fs_type, LABEL_CHARS),
            device: clean::bounded(device, LABEL_CHARS),
            read_only,
        }
    }
}

/// How full it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Space {
    pub(super) total_bytes: u64,
    pub(super) used_bytes: u64,
    /// What users other than root may still write.
    pub(super) available_bytes: u64,
    /// What only root may still write; `None` where the system does not say.
    pub(super) reserved_bytes: Option<u64>,
    /// `None` where they are made as needed, or the system does not say.
    pub(super) inodes: Option<Inodes>,
}

/// How many files it may hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Inodes {
    pub(super) total: u64,
    pub(super) free: u64,
}

/// Adds one filesystem; nothing for one without a size, such as those that hold no data.
pub(super) fn push(filesystem: &Filesystem, space: &Space, snapshot: &mut Snapshot) {
    if space.total_bytes == 0 {
        return;
    }
    let mut push = |name: &'static str, state: Option<&'static str>, value: f64| {
        let about = [
            ("system.filesystem.mountpoint", filesystem.mount_point.as_str()),
            ("system.filesystem.type", &filesystem.fs_type),
            ("system.device", &filesystem.device),
            ("system.filesystem.mode", if filesystem.read_only { "ro" } else { "rw" }),
        ];
        let state = state.map(|state| ("system.filesystem.state", state));
        snapshot.push(name, about.into_iter().chain(state).collect::<crate::metric::Labels>(), value);
    };
    push("system.filesystem.limit", None, space.total_bytes as f64);
    push("system.filesystem.usage", Some("used"), space.used_bytes as f64);
    push("system.filesystem.usage", Some("free"), space.available_bytes as f64);
    if let Some(reserved_bytes) = space.reserved_bytes {
        push("system.filesystem.usage", Some("reserved"), reserved_bytes as f64);
    }
    // Of what users may fill: at 1.0 they can write no more, though root still can.
    let usable = space.used_bytes as f64 + space.available_bytes as f64;
    push("system.filesystem.utilization", None, space.used_bytes as f64 / usable);
    if let Some(Inodes { total, free }) = space.inodes {
        let used = total.saturating_sub(free);
        push("checkpost.filesystem.inodes.limit", None, total as f64);
        push("checkpost.filesystem.inodes.usage", Some("used"), used as f64);
        push("checkpost.filesystem.inodes.usage", Some("free"), free as f64);
        push("checkpost.filesystem.inodes.utilization", None, used as f64 / total as f64);
    }
}

/// Reads `self/mountinfo` below `proc` and asks each filesystem. The deadline is for all of them together.
#[cfg(target_os = "linux")]
pub(super) fn collect(proc: &Path, deadline: Duration, snapshot: &mut Snapshot) {
    let path = proc.join("self/mountinfo");
    match std::fs::read(&path) {
        Ok(text) => {
            let mounts = mounts::select(mounts::parse(&text, snapshot));
            probe::collect(mounts, deadline, probe::statvfs, snapshot);
        }
        Err(error) => snapshot.diagnose("filesystem", format!("cannot read {}: {error}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::metric::Host;

    fn measured(space: Space) -> Snapshot {
        let mut snapshot = Snapshot::new(jiff::Timestamp::UNIX_EPOCH, Host::example("boot-1"));
        push(&Filesystem::new("/var", "ext4", "/dev/sda1", false), &space, &mut snapshot);
        snapshot
    }

    fn value(snapshot: &Snapshot, name: &str, state: Option<&str>) -> Option<f64> {
        let is_it = |sample: &&crate::metric::Sample| {
            sample.name == name && sample.labels.get("system.filesystem.state") == state
        };
        snapshot.samples.iter().find(is_it).map(|sample| sample.value)
    }

    #[test]
    fn utilization_is_of_what_users_may_fill() {
        let space = Space {
            total_bytes: 1000,
            used_bytes: 720,
            available_bytes: 180,
            reserved_bytes: Some(100),
            ..Space::default()
        };
        let snapshot = measured(space);
        assert_eq!(value(&snapshot, "system.filesystem.limit", None), Some(1000.0));
        assert_eq!(value(&snapshot, "system.filesystem.usage", Some("used")), Some(720.0));
        assert_eq!(value(&snapshot, "system.filesystem.usage", Some("free")), Some(180.0));
        assert_eq!(value(&snapshot, "system.filesystem.usage", Some("reserved")), Some(100.0));
        assert_eq!(value(&snapshot, "system.filesystem.utilization", None), Some(0.8));
    }

    #[test]
    fn a_filesystem_is_named_by_its_labels() {
        let snapshot = measured(Space { total_bytes: 10, used_bytes: 5, available_bytes: 5, ..Space::default() });
        let labels = &snapshot.samples[0].labels;
        assert_eq!(labels.get("system.filesystem.mountpoint"), Some("/var"));
        assert_eq!(labels.get("system.filesystem.type"), Some("ext4"));
        assert_eq!(labels.get("system.device"), Some("/dev/sda1"));
        assert_eq!(labels.get("system.filesystem.mode"), Some("rw"));
        assert_eq!(value(&snapshot, "system.filesystem.usage", Some("reserved")), None);
    }

    #[test]
    fn a_filesystem_without_a_size_gives_no_sample_at_all() {
        assert_eq!(measured(Space::default()).samples, []);
    }

    #[test]
    fn inodes_fill_too() {
        let inodes = Some(Inodes { total: 100, free: 25 });
        let snapshot =
            measured(Space { total_bytes: 10, used_bytes: 1, available_bytes: 9, inodes, ..Space::default() });
        assert_eq!(value(&snapshot, "checkpost.filesystem.inodes.limit", None), Some(100.0));
        assert_eq!(value(&snapshot, "checkpost.filesystem.inodes.usage", Some("used")), Some(75.0));
        assert_eq!(value(&snapshot, "checkpost.filesystem.inodes.usage", Some("free")), Some(25.0));
        assert_eq!(value(&snapshot, "checkpost.filesystem.inodes.utilization", None), Some(0.75));
    }

    #[test]
    fn a_filesystem_that_makes_inodes_as_needed_has_no_reading_of_them() {
        let snapshot = measured(Space { total_bytes: 10, used_bytes: 1, available_bytes: 9, ..Space::default() });
        assert!(!snapshot.samples.iter().any(|sample| sample.name.contains("inodes")));
    }

    #[test]
    fn nothing_that_users_may_fill_gives_no_ratio() {
        let snapshot = measured(Space { total_bytes: 10, reserved_bytes: Some(10), ..Space::default() });
        assert_eq!(value(&snapshot, "system.filesystem.limit", None), Some(10.0));
        assert_eq!(value(&snapshot, "system.filesystem.utilization", None), None);
    }
}
