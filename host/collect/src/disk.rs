//! Disk counters since boot: bytes, operations, and the time that operations took.

#[cfg(target_os = "linux")]
use procfs::DiskStat;

use checkpost_model::clean;
use checkpost_model::metric::{Snapshot, name_matches};

#[cfg(target_os = "linux")]
use crate::roots::Roots;

/// Devices that are not disks: memory, files, and drives with removable media. Other devices count their traffic again.
const EXCLUDED: [&str; 5] = ["loop*", "ram*", "zram*", "fd*", "sr*"];

/// Counters of one disk since boot; those that a system lacks are `None`.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Disk {
    pub(super) device: String,
    pub(super) read: Counters,
    pub(super) write: Counters,
    /// Time with at least one operation in progress.
    pub(super) busy_s: Option<f64>,
}

/// Counters of one direction, reads or writes.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Counters {
    pub(super) bytes: u64,
    pub(super) operations: Option<u64>,
    /// Sum of the durations of all operations, including simultaneous ones.
    pub(super) operation_s: Option<f64>,
}

/// Adds the counters of the wanted disks.
pub(super) fn push(disks: &[Disk], wanted: Option<&[String]>, snapshot: &mut Snapshot) {
    for disk in disks.iter().filter(|disk| is_wanted(&disk.device, wanted)) {
        let device = clean::owned(&disk.device);
        for (direction, counters) in [("read", &disk.read), ("write", &disk.write)] {
            let mut push = |metric: &'static str, value: f64| {
                snapshot.push(metric, [("disk.io.direction", direction), ("system.device", &device)], value);
            };
            push("system.disk.io", counters.bytes as f64);
            counters.operations.into_iter().for_each(|count| push("system.disk.operations", count as f64));
            counters.operation_s.into_iter().for_each(|seconds| push("system.disk.operation_time", seconds));
        }
        if let Some(busy_s) = disk.busy_s {
            snapshot.push("system.disk.io_time", [("system.device", device)], busy_s);
        }
    }
    for pattern in wanted.into_iter().flatten() {
        if !disks.iter().any(|disk| name_matches(pattern, &disk.device)) {
            snapshot.diagnose("disk", format!("no disk matches '{}'", clean::owned(pattern)));
        }
    }
}

/// An explicit list replaces the default entirely, so that it may name excluded devices.
fn is_wanted(device: &str, wanted: Option<&[String]>) -> bool {
    match wanted {
        Some(patterns) => patterns.iter().any(|pattern| name_matches(pattern, device)),
        None => !EXCLUDED.iter().any(|pattern| name_matches(pattern, device)),
    }
}

/// Reads `diskstats` below `/proc`, by default whole disks only, because a disk counts the traffic of its partitions.
#[cfg(target_os = "linux")]
pub(super) fn collect(roots: &Roots, wanted: Option<&[String]>, snapshot: &mut Snapshot) {
    let path = roots.proc.join("diskstats");
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        // Some containers have no such file.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
        Err(error) => return snapshot.diagnose("disk", format!("cannot read {}: {error}", path.display())),
    };
    let mut disks = Vec::new();
    for line in String::from_utf8_lossy(&text).lines() {
        match DiskStat::from_line(line) {
            Ok(stat) if wanted.is_some() || is_whole(&stat.name, roots) => disks.push(disk(stat)),
            Ok(_) => {}
            Err(error) => {
                let line = clean::bounded(line, 80);
                snapshot.diagnose("disk", format!("cannot parse a line of {}: {error}: {line}", path.display()));
            }
        }
    }
    push(&disks, wanted, snapshot);
}

/// Whether a device has an entry in `block`, which partitions have not. Without that directory every device counts.
#[cfg(target_os = "linux")]
fn is_whole(device: &str, roots: &Roots) -> bool {
    let block = roots.sys.join("block");
    // The kernel writes `!` for the `/` of `cciss/c0d0`.
    block.join(device.replace('/', "!")).exists() || !block.exists()
}

#[cfg(target_os = "linux")]
fn disk(stat: DiskStat) -> Disk {
    // In this file a sector is always 512 bytes, whatever the sector size of the disk is.
    const SECTOR_BYTES: u64 = 512;
    let seconds = |milliseconds: u64| milliseconds as f64 / 1e3;
    let counters = |sectors: u64, operations: u64, milliseconds: u64| Counters {
        bytes: sectors.saturating_mul(SECTOR_BYTES),
        operations: Some(operations),
        operation_s: Some(seconds(milliseconds)),
    };
    Disk {
        device: stat.name,
        read: counters(stat.sectors_read, stat.reads, stat.time_reading),
        write: counters(stat.sectors_written, stat.writes, stat.time_writing),
        busy_s: Some(seconds(stat.time_in_progress)),
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;

    use checkpost_model::metric::{Host, Labels};

    use super::*;
    use crate::tests::tree_with;

    const DISKSTATS: &str = "   7       0 loop0 5 0 10 0 0 0 0 0 0 0 0
 254       0 vda 16997 6008 1830394 8173 3060 35965 3117680 10814 0 3676 19271 3840 32 150400 281 46 1
 254       1 vda1 16000 6008 1830000 8000 3000 35965 3117000 10000 0 3600 19000
 253       0 dm-0 10 0 20 5 6 0 8 7 0 9 12
   8       0 sda 1 0 8 1 0 0
";

    fn measured(wanted: Option<&[&str]>) -> Snapshot {
        let tree = tree_with(&[
            ("proc/diskstats", DISKSTATS),
            ("sys/block/vda/stat", ""),
            ("sys/block/dm-0/stat", ""),
            ("sys/block/loop0/stat", ""),
        ]);
        let wanted = wanted.map(|names| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        let mut snapshot = Snapshot::new(jiff::Timestamp::UNIX_EPOCH, Host::example("boot-1"));
        collect(&tree.roots, wanted.as_deref(), &mut snapshot);
        snapshot
    }

    fn devices(snapshot: &Snapshot) -> BTreeSet<&str> {
        snapshot.samples.iter().filter_map(|sample| sample.labels.get("system.device")).collect()
    }

    #[test]
    fn counters_are_bytes_operations_and_seconds() {
        let snapshot = measured(None);
        let value = |name: &str, direction: &str| {
            snapshot.value(name, &Labels::from([("disk.io.direction", direction), ("system.device", "vda")]))
        };
        assert_eq!(value("system.disk.io", "read"), Some(1_830_394.0 * 512.0));
        assert_eq!(value("system.disk.operations", "write"), Some(3060.0));
        assert_eq!(value("system.disk.operation_time", "write"), Some(10.814));
        assert_eq!(snapshot.value("system.disk.io_time", &Labels::from([("system.device", "vda")])), Some(3.676));
    }

    #[test]
    fn partitions_and_loop_devices_are_not_measured_by_default() {
        assert_eq!(devices(&measured(None)), BTreeSet::from(["dm-0", "vda"]));
    }

    #[test]
    fn explicit_list_replaces_the_default() {
        assert_eq!(devices(&measured(Some(&["vda1", "loop*"]))), BTreeSet::from(["loop0", "vda1"]));
        let message = &measured(Some(&["nosuch\n"])).diagnostics[1].message;
        assert_eq!(message, "no disk matches 'nosuch\\u{a}'");
    }

    #[test]
    fn diskstats_line_that_cannot_be_parsed_is_a_diagnostic_and_the_others_are_read() {
        let snapshot = measured(None);
        assert_eq!(snapshot.diagnostics.len(), 1);
        assert!(snapshot.diagnostics[0].message.ends_with("8       0 sda 1 0 8 1 0 0"), "{:?}", snapshot.diagnostics);
    }

    #[test]
    fn container_without_diskstats_has_no_disks() {
        let tree = tree_with(&[]);
        let mut snapshot = Snapshot::new(jiff::Timestamp::UNIX_EPOCH, Host::example("boot-1"));
        collect(&tree.roots, None, &mut snapshot);
        assert_eq!((snapshot.samples, snapshot.diagnostics), (vec![], vec![]));
    }
}
