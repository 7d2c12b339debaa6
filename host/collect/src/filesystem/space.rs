//! Size and usage of a filesystem, with the meaning of `df` and psutil.

use checkpost_model::clean;
use checkpost_model::metric::{Labels, Snapshot};

/// Length of a label. Mount points may be almost arbitrarily long; checks and people see their start.
const LABEL_CHARS: usize = 256;

/// The names of a filesystem, all of them printable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filesystem {
    pub(super) mount_point: String,
    fs_type: String,
    pub(super) device: String,
    pub(super) read_only: bool,
}

impl Filesystem {
    pub(crate) fn new(mount_point: &str, fs_type: &str, device: &str, read_only: bool) -> Self {
        Self {
            mount_point: clean::bounded(mount_point, LABEL_CHARS),
            fs_type: clean::bounded(fs_type, LABEL_CHARS),
            device: clean::bounded(device, LABEL_CHARS),
            read_only,
        }
    }
}

/// Size and usage of a filesystem.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Space {
    pub(crate) total_bytes: u64,
    pub(crate) used_bytes: u64,
    /// Space that users other than root may still fill.
    pub(crate) available_bytes: u64,
    /// Space that only root may still fill; `None` if the system does not report it.
    pub(crate) reserved_bytes: Option<u64>,
    /// `None` if the filesystem creates inodes as needed, or the system does not report them.
    pub(crate) inodes: Option<Inodes>,
}

/// Number of files that a filesystem may hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Inodes {
    pub(crate) total: u64,
    pub(crate) free: u64,
}

/// Adds the readings of one filesystem, unless it has no size, like filesystems without data.
pub(crate) fn push(filesystem: &Filesystem, space: &Space, snapshot: &mut Snapshot) {
    if space.total_bytes == 0 {
        return;
    }
    let mut push = |name: &'static str, state: Option<&'static str>, value: f64| {
        let labels = [
            ("system.filesystem.mountpoint", filesystem.mount_point.as_str()),
            ("system.filesystem.type", &filesystem.fs_type),
            ("system.device", &filesystem.device),
            ("system.filesystem.mode", if filesystem.read_only { "ro" } else { "rw" }),
        ];
        let state = state.map(|state| ("system.filesystem.state", state));
        snapshot.push(name, labels.into_iter().chain(state).collect::<Labels>(), value);
    };
    push("system.filesystem.limit", None, space.total_bytes as f64);
    push("system.filesystem.usage", Some("used"), space.used_bytes as f64);
    push("system.filesystem.usage", Some("free"), space.available_bytes as f64);
    if let Some(reserved_bytes) = space.reserved_bytes {
        push("system.filesystem.usage", Some("reserved"), reserved_bytes as f64);
    }
    // A share of the space that users may fill: at 1.0 only root can still write.
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use checkpost_model::metric::{Host, Sample};

    use super::*;

    fn measured(space: Space) -> Snapshot {
        let mut snapshot = Snapshot::new(jiff::Timestamp::UNIX_EPOCH, Host::example("boot-1"));
        push(&Filesystem::new("/var", "ext4", "/dev/sda1", false), &space, &mut snapshot);
        snapshot
    }

    fn value(snapshot: &Snapshot, name: &str, state: Option<&str>) -> Option<f64> {
        let is_wanted = |sample: &&Sample| sample.name == name && sample.labels.get("system.filesystem.state") == state;
        snapshot.samples.iter().find(is_wanted).map(|sample| sample.value)
    }

    #[test]
    fn utilization_is_a_share_of_the_space_that_users_may_fill() {
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
    fn filesystem_is_named_by_its_labels() {
        let snapshot = measured(Space { total_bytes: 10, used_bytes: 5, available_bytes: 5, ..Space::default() });
        let labels = &snapshot.samples[0].labels;
        assert_eq!(labels.get("system.filesystem.mountpoint"), Some("/var"));
        assert_eq!(labels.get("system.filesystem.type"), Some("ext4"));
        assert_eq!(labels.get("system.device"), Some("/dev/sda1"));
        assert_eq!(labels.get("system.filesystem.mode"), Some("rw"));
        assert_eq!(value(&snapshot, "system.filesystem.usage", Some("reserved")), None);
    }

    #[test]
    fn filesystem_without_a_size_has_no_readings() {
        assert_eq!(measured(Space::default()).samples, []);
    }

    #[test]
    fn inodes_have_a_limit_and_a_utilization() {
        let inodes = Some(Inodes { total: 100, free: 25 });
        let snapshot =
            measured(Space { total_bytes: 10, used_bytes: 1, available_bytes: 9, inodes, ..Space::default() });
        assert_eq!(value(&snapshot, "checkpost.filesystem.inodes.limit", None), Some(100.0));
        assert_eq!(value(&snapshot, "checkpost.filesystem.inodes.usage", Some("used")), Some(75.0));
        assert_eq!(value(&snapshot, "checkpost.filesystem.inodes.usage", Some("free")), Some(25.0));
        assert_eq!(value(&snapshot, "checkpost.filesystem.inodes.utilization", None), Some(0.75));
    }

    #[test]
    fn filesystem_that_creates_inodes_as_needed_has_no_reading_of_them() {
        let snapshot = measured(Space { total_bytes: 10, used_bytes: 1, available_bytes: 9, ..Space::default() });
        assert!(!snapshot.samples.iter().any(|sample| sample.name.contains("inodes")));
    }

    #[test]
    fn filesystem_without_space_for_users_has_no_utilization() {
        let snapshot = measured(Space { total_bytes: 10, reserved_bytes: Some(10), ..Space::default() });
        assert_eq!(value(&snapshot, "system.filesystem.limit", None), Some(10.0));
        assert_eq!(value(&snapshot, "system.filesystem.utilization", None), None);
    }
}
