//! Full and read-only filesystems: small ones in memory, which only root may mount.
#![cfg(target_os = "linux")]

use std::fs;
use std::process::Command;

use tempfile::{TempDir, tempdir};

use super::*;

/// A small filesystem, unmounted when dropped.
struct Mount(TempDir);

impl Mount {
    fn new(size_kib: u32) -> Option<Self> {
        let directory = tempdir().unwrap();
        let options = format!("size={size_kib}k");
        if mount(&["-t", "tmpfs", "-o", &options, "checkpost-test"], directory.path()) {
            return Some(Self(directory));
        }
        eprintln!("skipped: a small filesystem can only be mounted by root");
        None
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn make_read_only(&self) {
        assert!(mount(&["-o", "remount,ro"], self.path()));
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}

fn mount(options: &[&str], at: &Path) -> bool {
    Command::new("mount").args(options).arg(at).output().is_ok_and(|output| output.status.success())
}

#[test]
fn disk_without_room_for_the_schema_is_reported_as_full() {
    for size_kib in [4, 8, 32, 64, 128] {
        let Some(disk) = Mount::new(size_kib) else { return };
        let path = disk.path().join("automation.db");
        let error = Store::open(&path).unwrap_err();
        assert!(matches!(error, StoreError::DiskFull { .. }), "{size_kib} KiB: {error}");
        assert!(!error.to_string().contains('\n'));
        let left = Store::open_existing(&path).map(|store| count(&store, "runs"));
        assert!(!matches!(left, Ok(1..)), "{size_kib} KiB: {left:?}");
    }
}

#[test]
fn disk_that_fills_up_keeps_the_stored_cycles() {
    let Some(disk) = Mount::new(1024) else { return };
    let path = disk.path().join("automation.db");
    let mut store = Store::open(&path).unwrap();
    let mut saved = 0;
    let error = loop {
        match store.save_cycle(&cycle("2025-01-01T00:00:00Z")) {
            Ok(_) => saved += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StoreError::DiskFull { .. }), "{error}");
    assert!(error.to_string().ends_with("nothing was stored"), "{error}");
    assert_eq!(count(&store, "runs"), saved);
    assert_eq!(count(&store, "samples"), saved * 8);
    drop(store);
    assert!(saved > 10, "{saved}");
    assert_eq!(Store::open_existing(&path).unwrap().check().unwrap().runs, saved);
}

#[test]
fn disk_that_is_full_already_is_reported_as_full() {
    let Some(disk) = Mount::new(256) else { return };
    let path = disk.path().join("automation.db");
    fs::write(disk.path().join("ballast"), vec![0; 256 << 10]).unwrap();
    let error = Store::open(&path).unwrap_err();
    assert!(matches!(error, StoreError::DiskFull { .. }), "{error}");
}

#[test]
fn read_only_disk_is_reported_as_read_only() {
    let Some(disk) = Mount::new(1024) else { return };
    let path = disk.path().join("automation.db");
    Store::open(&path).unwrap().save_cycle(&cycle("2025-01-01T00:00:00Z")).unwrap();
    disk.make_read_only();
    let error = Store::open(&path).unwrap_err();
    assert!(matches!(error, StoreError::ReadOnly { .. }), "{error}");
    // It is unreadable too: SQLite cannot create the two files that it needs next to it.
    let error = Store::open_existing(&path).unwrap_err();
    assert!(matches!(error, StoreError::Open { .. }), "{error}");
    for new in ["new.db", "data/new.db"] {
        let error = Store::open(&disk.path().join(new)).unwrap_err().to_string();
        assert!(error.contains("Read-only file system") && !error.contains('\n'), "{error}");
    }
}
