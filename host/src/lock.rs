//! One cycle at a time, and one process that delivers: files beside the database, locked for as long as it lasts.
//!
//! The operating system releases the lock when the process ends, however it ends, so a stale one cannot exist.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

/// Held while it lives.
#[must_use]
pub struct RunLock {
    _file: File,
}

/// What is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A cycle, from measuring to storing.
    Run,
    /// Sending messages.
    Deliver,
}

/// Takes a lock of a database, or says with `None` that another process holds it.
///
/// # Errors
/// When the lock file or its directory cannot be made.
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

/// Opens an empty file for this user alone, and makes it where it is not there. No link is followed, and no pipe waited
/// for. Nobody else may open it: whoever can, can hold the lock and so switch the runs off.
///
/// # Errors
/// When it cannot be made or opened, or is a link.
pub fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600).custom_flags((rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits() as i32);
    }
    let file = options.open(path)?;
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
    fn the_second_taker_is_told_and_the_next_one_gets_it() {
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
