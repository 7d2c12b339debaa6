//! What can be seen of a database without opening it: whether something was written since, and whether it is another one.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

/// A database file at some moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileState {
    /// `None` when there is no file.
    identity: Option<Identity>,
    /// Size and time of the last change of the file, and of the one beside it in which SQLite writes first.
    written: [Option<(u64, Option<SystemTime>)>; 2],
}

/// What tells a file from another one that has its name.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Identity {
    /// Device and number on it.
    #[cfg(unix)]
    number: (u64, u64),
    /// Numbers are used again, as a rule at once.
    created: Option<SystemTime>,
}

impl FileState {
    /// Of the database at a path, whether or not there is one.
    pub fn of(path: &Path) -> Self {
        let mut wal = OsString::from(path);
        wal.push("-wal");
        let written = [path, Path::new(&wal)].map(|path| {
            let metadata = fs::metadata(path).ok()?;
            Some((metadata.len(), metadata.modified().ok()))
        });
        Self { identity: Identity::of(path), written }
    }

    /// Whether both are of one file.
    pub fn is_same_file(&self, other: &Self) -> bool {
        self.identity == other.identity
    }
}

impl Identity {
    fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        Some(Self {
            #[cfg(unix)]
            number: {
                use std::os::unix::fs::MetadataExt;
                (metadata.dev(), metadata.ino())
            },
            created: metadata.created().ok(),
        })
    }
}
