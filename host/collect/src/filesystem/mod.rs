//! Filesystems: which of the mounts to measure, and how full they are.

#[cfg(target_os = "linux")]
mod mounts;
#[cfg(target_os = "linux")]
mod probe;
mod space;

#[cfg(target_os = "linux")]
use std::path::Path;
#[cfg(target_os = "linux")]
use std::time::Duration;

#[cfg(target_os = "linux")]
use checkpost_model::metric::Snapshot;

#[cfg(any(not(target_os = "linux"), test))]
pub(super) use space::{Filesystem, Space, push};

/// Reads `self/mountinfo` below `/proc` and measures each filesystem. The deadline is for all of them together.
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
