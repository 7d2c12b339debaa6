//! The state of a database file as seen without opening it: whether it was written since, and whether it is another file.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

/// A database file at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileState {
    /// `None` without a file.
    identity: Option<Identity>,
    /// Size and modification time of the file and of its write-ahead log, which SQLite writes first.
    written: [Option<(u64, Option<SystemTime>)>; 2],
}

/// Distinguishes a file from another file at the same path.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Identity {
    /// Device and inode.
    #[cfg(unix)]
    number: (u64, u64),
    /// Needed because inodes are reused, mostly at once.
    created: Option<SystemTime>,
}

impl FileState {
    /// The state of the database at a path, whether or not it exists.
    pub fn of(path: &Path) -> Self {
        let mut wal = OsString::from(path);
        wal.push("-wal");
        let written = [path, Path::new(&wal)].map(|path| {
            let metadata = fs::metadata(path).ok()?;
            Some((metadata.len(), metadata.modified().ok()))
        });
        Self { identity: Identity::of(path), written }
    }

    /// Whether both states are of the same file.
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
