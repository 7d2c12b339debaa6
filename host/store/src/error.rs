//! Why the database cannot be used: one line with the file, the cause and the remedy.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{ErrorCode, ffi};

/// Why the database cannot be used. A write that fails stores nothing.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Nothing has been stored yet.
    #[error("no database at {} yet: run `checkpost run` first", path.display())]
    Missing {
        /// Where the file would be.
        path: PathBuf,
    },
    /// The path leads to a directory, a pipe or a device.
    #[error("the database {} is {found}: set DATABASE_URL to a file, such as sqlite:///./data/automation.db", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// `a directory`.
        found: &'static str,
    },
    /// The directory for the database cannot be created.
    #[error(
        "cannot create the directory {} for the database: {source}: make its parent writable, or set DATABASE_URL to a file \
         elsewhere",
        directory.display()
    )]
    Directory {
        /// The directory.
        directory: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The file does not exist and cannot be created.
    #[error(
        "cannot create the database {}: {source}: make its directory writable, or set DATABASE_URL to a file elsewhere",
        path.display()
    )]
    Create {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The file cannot be opened, or one of the two files that SQLite needs next to it.
    #[error(
        "cannot open the database {} ({cause}): SQLite must be able to write the file and its directory, even to read: run as \
         their owner, or set DATABASE_URL to another file",
        path.display()
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// The cause.
        cause: String,
    },
    /// The file or its directory can be read but not written.
    #[error(
        "the database {} or its directory is read-only for this user: run as its owner, make both writable, or set DATABASE_URL \
         to another file",
        path.display()
    )]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// The file has another format.
    #[error("{} is not a SQLite database: move it away, or set DATABASE_URL to another file", path.display())]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// The file is damaged.
    #[error("the database {} is corrupt ({findings}): restore a backup, or move it away to start afresh", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// The first findings.
        findings: String,
    },
    /// Another program made the file.
    #[error("{} was not made by checkpost ({content}): move it away, or set DATABASE_URL to another file", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The first tables, or the application id.
        content: String,
    },
    /// A newer checkpost has migrated the file.
    #[error("{} was made by a newer checkpost (schema {found}, this one knows {known}): upgrade checkpost", path.display())]
    NewerSchema {
        /// The file.
        path: PathBuf,
        /// Its schema version.
        found: i64,
        /// The latest version that this program knows.
        known: i64,
    },
    /// The file is to be read, and nothing has migrated it yet.
    #[error("{} was made by an older checkpost (schema {found}, this one needs {known}): run `checkpost db migrate`", path.display())]
    OlderSchema {
        /// The file.
        path: PathBuf,
        /// Its schema version.
        found: i64,
        /// The version that this program reads.
        known: i64,
    },
    /// The filesystem is full.
    #[error("no space left for the database {}: free some on its disk; nothing was stored", path.display())]
    DiskFull {
        /// The file.
        path: PathBuf,
    },
    /// Another process held a lock for longer than the busy timeout.
    #[error("the database {} has been locked by another process for too long: end that process, or try again", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// The system could not read or write the file.
    #[error(
        "cannot {action}: the disk of the database {} failed ({source}): check whether it is full, over quota or broken",
        path.display()
    )]
    Io {
        /// Completes "cannot …".
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// SQLite's error.
        source: rusqlite::Error,
    },
    /// Any other error of SQLite.
    #[error("cannot {action}: database {}: {source}", path.display())]
    Sqlite {
        /// Completes "cannot …".
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// SQLite's error.
        source: rusqlite::Error,
    },
}

impl StoreError {
    /// Sorts SQLite's errors by cause. `action` completes "cannot …".
    pub(crate) fn sqlite(path: &Path, action: &'static str, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::ReadOnly) => Self::ReadOnly { path },
            // Not SQLite's own text, which would repeat the path.
            Some(ErrorCode::CannotOpen) => Self::Open { path, cause: "SQLite has no access".to_owned() },
            Some(ErrorCode::NotADatabase) => Self::NotADatabase { path },
            Some(ErrorCode::DatabaseCorrupt) => Self::Corrupt { path, findings: source.to_string() },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { path },
            Some(ErrorCode::DiskFull) => Self::DiskFull { path },
            Some(ErrorCode::SystemIoFailure) if is_out_of_space(&source) => Self::DiskFull { path },
            Some(ErrorCode::SystemIoFailure) => Self::Io { action, path, source },
            _ => Self::Sqlite { action, path, source },
        }
    }
}

/// SQLite reports a full disk as such, except when it cannot extend its shared-memory file.
fn is_out_of_space(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| error.extended_code == ffi::SQLITE_IOERR_SHMSIZE)
}
