//! What can go wrong with the database, one line each: the file, what is wrong with it, and the remedy.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{ErrorCode, ffi};

/// Why the database cannot be used. Whatever was being stored is not stored at all.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A reader came before the first writer.
    #[error("no database at {} yet: run `checkpost run` first", path.display())]
    Missing {
        /// The file that is not there.
        path: PathBuf,
    },
    /// The path leads to a directory, a pipe, a device.
    #[error("the database {} is {what}: set DATABASE_URL to a file, such as sqlite:///./data/automation.db", path.display())]
    NotAFile {
        /// Where it leads.
        path: PathBuf,
        /// `a directory`.
        what: &'static str,
    },
    /// The directory for the database cannot be made.
    #[error(
        "cannot make the directory {} for the database: {source}: make it writable, or set DATABASE_URL to a file elsewhere",
        directory.display()
    )]
    Directory {
        /// The directory.
        directory: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file is not there and cannot be made.
    #[error(
        "cannot create the database {}: {source}: make its directory writable, or set DATABASE_URL to a file elsewhere",
        path.display()
    )]
    Create {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file, or one of the two that SQLite keeps beside it, cannot be opened.
    #[error(
        "cannot open the database {} ({why}): it or its directory is not writable for this user, as SQLite needs even to \
         read: run as its owner, or set DATABASE_URL to another file",
        path.display()
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// The file or its directory may be read but not written.
    #[error(
        "the database {} or its directory is read-only for this user: run as its owner, make both writable, or set DATABASE_URL \
         to another file",
        path.display()
    )]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// The bytes are something else.
    #[error("{} is not a SQLite database: move it away, or set DATABASE_URL to another file", path.display())]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// It is SQLite's, but damaged.
    #[error("the database {} is corrupt ({findings}): restore a backup, or move it away to start afresh", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// The first findings.
        findings: String,
    },
    /// Another program made it.
    #[error(
        "{} was not made by checkpost (it holds {holds}): move it away, or set DATABASE_URL to another file",
        path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The first tables, or the application's id.
        holds: String,
    },
    /// A later checkpost has migrated it.
    #[error("{} was made by a newer checkpost (schema {found}, this one knows {known}): upgrade checkpost", path.display())]
    NewerSchema {
        /// The file.
        path: PathBuf,
        /// Its schema version.
        found: i64,
        /// The latest that this program knows.
        known: i64,
    },
    /// A reader came before this version's first writer.
    #[error("{} was made by an older checkpost (schema {found}, this one needs {known}): run `checkpost db migrate`", path.display())]
    OlderSchema {
        /// The file.
        path: PathBuf,
        /// Its schema version.
        found: i64,
        /// The one that this program reads.
        known: i64,
    },
    /// The filesystem has no room.
    #[error("no space left for the database {}: free some on its disk; nothing of this was stored", path.display())]
    DiskFull {
        /// The file.
        path: PathBuf,
    },
    /// Another process kept it locked for longer than the busy timeout.
    #[error("the database {} has been locked by another process for too long: end that process, or try again", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// The system could not read or write.
    #[error("cannot {doing}: the disk of the database {} failed ({source}): see whether it is full, over quota or broken", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// Anything else that SQLite refused.
    #[error("cannot {doing} with the database {}: {source}", path.display())]
    Sqlite {
        /// What was being done.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
}

impl StoreError {
    /// Tells the causes of SQLite's errors apart. `doing` completes "cannot …".
    pub(super) fn sqlite(path: &Path, doing: &'static str, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::ReadOnly) => Self::ReadOnly { path },
            // Not SQLite's own text: it would name the path again.
            Some(ErrorCode::CannotOpen) => Self::Open { path, why: "SQLite is not let in".to_owned() },
            Some(ErrorCode::NotADatabase) => Self::NotADatabase { path },
            Some(ErrorCode::DatabaseCorrupt) => Self::Corrupt { path, findings: source.to_string() },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { path },
            Some(ErrorCode::DiskFull) => Self::DiskFull { path },
            Some(ErrorCode::SystemIoFailure) if is_out_of_space(&source) => Self::DiskFull { path },
            Some(ErrorCode::SystemIoFailure) => Self::Io { doing, path, source },
            _ => Self::Sqlite { doing, path, source },
        }
    }
}

/// SQLite says "full" for a full disk, except when it cannot extend the shared-memory file beside the database.
fn is_out_of_space(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| error.extended_code == ffi::SQLITE_IOERR_SHMSIZE)
}
