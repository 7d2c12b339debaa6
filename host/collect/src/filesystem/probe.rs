//! Reads the space of filesystems without waiting for one that hangs.

use std::io;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use checkpost_model::metric::Snapshot;

use super::mounts::Mount;
use super::space::{Inodes, Space, push};

/// Reads each mount in a thread of its own, because a network mount without its server never answers and cannot be
/// interrupted. Such a thread is abandoned until the process ends. `stat` is a parameter so that a test can hang.
pub(super) fn collect<S>(mounts: Vec<Mount>, deadline: Duration, stat: S, snapshot: &mut Snapshot)
where
    S: Fn(&Path) -> io::Result<Space> + Clone + Send + 'static,
{
    let started = Instant::now();
    let (sender, receiver) = mpsc::channel();
    for (index, mount) in mounts.iter().enumerate() {
        let (thread_sender, stat, path) = (sender.clone(), stat.clone(), mount.path.clone());
        let read = move || {
            // The receiver is gone once the deadline has passed.
            thread_sender.send((index, stat(&path))).ok();
        };
        if let Err(error) = thread::Builder::new().name("statvfs".to_owned()).spawn(read) {
            sender.send((index, Err(error))).ok();
        }
    }
    drop(sender);

    let mut answers: Vec<Option<io::Result<Space>>> = mounts.iter().map(|_| None).collect();
    // Also ends with the last answer, because the last sender is gone then.
    while let Ok((index, answer)) = receiver.recv_timeout(deadline.saturating_sub(started.elapsed())) {
        answers[index] = Some(answer);
    }
    for (Mount { filesystem, .. }, answer) in mounts.iter().zip(answers) {
        let place = &filesystem.mount_point;
        match answer {
            Some(Ok(space)) => push(filesystem, &space, snapshot),
            Some(Err(error)) => snapshot.diagnose("filesystem", format!("cannot read the size of {place}: {error}")),
            None => {
                let message = format!("no answer from {place} within {} s (stuck)", deadline.as_secs_f64());
                snapshot.diagnose("filesystem", message);
            }
        }
    }
}

/// Calls statvfs(3), with the meaning of `df`.
pub(super) fn statvfs(path: &Path) -> io::Result<Space> {
    let stat = rustix::fs::statvfs(path)?;
    let space = space(stat.f_frsize, stat.f_blocks, stat.f_bfree, stat.f_bavail);
    Ok(Space { inodes: inodes(stat.f_files, stat.f_ffree), ..space })
}

/// The inodes of a filesystem. Filesystems that create inodes as needed report 0; more free inodes than inodes are invalid.
fn inodes(total: u64, free: u64) -> Option<Inodes> {
    (total > 0 && free <= total).then_some(Inodes { total, free })
}

fn space(block_bytes: u64, blocks: u64, free: u64, available: u64) -> Space {
    // Some servers report a negative number once root uses its reserve, which reads as more space than the total.
    let available = if available > blocks { 0 } else { available };
    let bytes = |blocks: u64| blocks.saturating_mul(block_bytes);
    Space {
        total_bytes: bytes(blocks),
        used_bytes: bytes(blocks.saturating_sub(free)),
        available_bytes: bytes(available),
        reserved_bytes: Some(bytes(free.saturating_sub(available))),
        inodes: None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::{Arc, Mutex};

    use checkpost_model::metric::Host;

    use super::super::mounts;
    use super::*;

    const MOUNTINFO: &[u8] = b"\
30 1 8:1 / / rw - ext4 /dev/sda1 rw
31 30 0:40 / /mnt/x rw - nfs4 nas:/x rw
32 30 8:2 / /srv rw - ext4 /dev/sda2 rw
";

    fn measured<S>(deadline: Duration, stat: S) -> Snapshot
    where
        S: Fn(&Path) -> io::Result<Space> + Clone + Send + 'static,
    {
        let mut snapshot = Snapshot::new(jiff::Timestamp::UNIX_EPOCH, Host::example("boot-1"));
        let mounts = mounts::select(mounts::parse(MOUNTINFO, &mut snapshot));
        collect(mounts, deadline, stat, &mut snapshot);
        snapshot
    }

    fn limits(snapshot: &Snapshot) -> Vec<&str> {
        let mut places: Vec<_> = snapshot
            .samples
            .iter()
            .filter(|sample| sample.name == "system.filesystem.limit")
            .filter_map(|sample| sample.labels.get("system.filesystem.mountpoint"))
            .collect();
        places.sort_unstable();
        places
    }

    #[test]
    fn filesystems_that_answer_are_measured_without_waiting_for_the_deadline() {
        let started = Instant::now();
        let snapshot = measured(Duration::from_secs(60), |_| Ok(space(4096, 100, 50, 40)));
        assert_eq!(limits(&snapshot), ["/", "/mnt/x", "/srv"]);
        assert_eq!(snapshot.diagnostics, []);
        assert!(started.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn hung_mount_is_a_diagnostic_and_the_others_are_read() {
        let (release, hang) = mpsc::channel::<()>();
        let hang = Arc::new(Mutex::new(hang));
        let snapshot = measured(Duration::from_millis(500), move |path| {
            if path == Path::new("/mnt/x") {
                hang.lock().unwrap().recv().ok();
            }
            Ok(space(4096, 100, 50, 40))
        });
        assert_eq!(limits(&snapshot), ["/", "/srv"]);
        let messages: Vec<_> = snapshot.diagnostics.iter().map(|diagnostic| diagnostic.message.as_str()).collect();
        assert_eq!(messages, ["no answer from /mnt/x within 0.5 s (stuck)"]);
        drop(release);
    }

    #[test]
    fn mount_that_refuses_is_a_diagnostic_and_the_others_are_read() {
        let snapshot = measured(Duration::from_secs(60), |path| match path.to_str() {
            Some("/mnt/x") => Err(io::Error::from(io::ErrorKind::PermissionDenied)),
            _ => Ok(space(4096, 100, 50, 40)),
        });
        assert_eq!(limits(&snapshot), ["/", "/srv"]);
        assert_eq!(snapshot.diagnostics[0].message, "cannot read the size of /mnt/x: permission denied");
    }

    #[test]
    fn free_space_is_for_users_and_the_rest_is_reserved() {
        let expected = Space {
            total_bytes: 4_096_000,
            used_bytes: 2_457_600,
            available_bytes: 1_433_600,
            reserved_bytes: Some(204_800),
            inodes: None,
        };
        assert_eq!(space(4096, 1000, 400, 350), expected);
    }

    #[test]
    fn inodes_are_reported_where_their_number_is_fixed() {
        assert_eq!(inodes(100, 25), Some(Inodes { total: 100, free: 25 }));
        assert_eq!(inodes(0, 0), None);
        assert_eq!(inodes(10, u64::MAX), None);
    }

    #[test]
    fn negative_available_space_is_zero() {
        let space = space(4096, 1000, 20, -30_i64 as u64);
        assert_eq!(space.available_bytes, 0);
        assert_eq!(space.reserved_bytes, Some(81_920));
    }
}
