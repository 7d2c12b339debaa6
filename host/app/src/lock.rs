//! Locks of a database: one cycle at a time, and one process that delivers. Each lock is a file in the directory of the
//! database.
//!
//! The operating system releases a lock when its process ends, however it ends, so stale locks cannot exist.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

use checkpost_files as files;

/// A lock, held until it is dropped.
#[must_use]
pub struct RunLock {
    _file: File,
}

/// The work that a lock protects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A cycle, from measuring to storing.
    Run,
    /// The delivery of messages.
    Deliver,
}

/// Takes a lock of a database; `None` if another process holds it.
///
/// # Errors
/// If the lock file or its directory cannot be created.
pub fn take(database: &Path, purpose: Purpose) -> io::Result<Option<RunLock>> {
    if let Some(directory) = database.parent() {
        fs::create_dir_all(directory)?;
    }
    let mut path = OsString::from(database);
    path.push(match purpose {
        Purpose::Run => ".lock",
        Purpose::Deliver => ".deliver.lock",
    });
    let file = open(Path::new(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(RunLock { _file: file })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Opens or creates an empty file that only this user may open, because any user with the file open could hold the lock and
/// so stop all runs. Links are not followed, and nothing but a file is opened.
///
/// # Errors
/// If the file cannot be created or opened, or is no file.
pub fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = files::open_for_writing(path, &mut options)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn lock_has_one_holder_and_is_free_again_after_it() {
        let directory = tempfile::tempdir().unwrap();
        let database = directory.path().join("data/automation.db");
        let first = take(&database, Purpose::Run).unwrap();
        assert!(first.is_some());
        assert!(take(&database, Purpose::Run).unwrap().is_none());
        assert!(take(&database, Purpose::Deliver).unwrap().is_some());
        drop(first);
        assert!(take(&database, Purpose::Run).unwrap().is_some());
    }
}
