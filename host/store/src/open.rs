//! Opens a database file, or says why it cannot be opened.

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::error::StoreError;
use crate::migrate::{SCHEMA_VERSION, migrate, schema_version};
use crate::store::Store;

/// How long a statement waits for the lock of another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The pause between attempts where SQLite itself does not wait.
const BUSY_RETRY: Duration = Duration::from_millis(5);

impl Store {
    /// Opens the database for writing. Creates it and its directories, and migrates it, where necessary.
    ///
    /// # Errors
    /// When the file cannot be created, read or written, is not a database, or was made by another program or a newer
    /// checkpost.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let is_new = !path.exists();
        refuse_other_than_files(path)?;
        if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
            fs::create_dir_all(directory)
                .map_err(|source| StoreError::Directory { directory: directory.to_owned(), source })?;
        }
        let conn = connect(path, OpenFlags::SQLITE_OPEN_CREATE).map_err(|error| match error {
            StoreError::Open { .. } if is_new => creation_error(path).unwrap_or(error),
            other => other,
        })?;
        Self::prepare(conn, path)
    }

    /// Opens an existing database for reading. Creates and migrates nothing.
    ///
    /// # Errors
    /// Those of [`Store::open`], and [`StoreError::Missing`] or [`StoreError::OlderSchema`].
    pub fn open_existing(path: &Path) -> Result<Self, StoreError> {
        let missing = || StoreError::Missing { path: path.to_owned() };
        match fs::metadata(path) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(missing()),
            Err(error) => return Err(StoreError::Open { path: path.to_owned(), cause: error.to_string() }),
        }
        refuse_other_than_files(path)?;
        // Not SQLITE_OPEN_READ_ONLY: such a connection would leave the -wal and -shm files behind.
        let conn = connect(path, OpenFlags::empty())?;
        let store = Self { conn, path: path.to_owned(), series: HashMap::new() };
        match schema_version(&store.conn, path)? {
            SCHEMA_VERSION => {}
            // The first run ended before it had stored anything.
            0 => return Err(missing()),
            found => return Err(StoreError::OlderSchema { path: path.to_owned(), found, known: SCHEMA_VERSION }),
        }
        store.conn.pragma_update(None, "query_only", true).map_err(store.failed("open the file for reading"))?;
        Ok(store)
    }

    /// Checks that this user can write an existing database. Writes nothing.
    ///
    /// # Errors
    /// When this user cannot.
    pub fn can_write(path: &Path) -> Result<(), StoreError> {
        refuse_other_than_files(path)?;
        let conn = connect(path, OpenFlags::empty())?;
        let failed = |source| StoreError::sqlite(path, "write to the file", source);
        if conn.is_readonly("main").map_err(failed)? {
            return Err(StoreError::ReadOnly { path: path.to_owned() });
        }
        conn.execute_batch("BEGIN IMMEDIATE; ROLLBACK").map_err(failed)
    }

    /// A database in memory. Dropping it deletes it.
    #[cfg(test)]
    pub(crate) fn in_memory() -> Result<Self, StoreError> {
        let path = Path::new(":memory:");
        let conn =
            Connection::open_in_memory().map_err(|source| StoreError::sqlite(path, "open a database", source))?;
        Self::prepare(conn, path)
    }

    fn prepare(mut conn: Connection, path: &Path) -> Result<Self, StoreError> {
        let failed = |source| StoreError::sqlite(path, "prepare the file", source);
        // A read-only file may be unreadable too, because SQLite needs two more files next to it.
        if conn.is_readonly("main").map_err(failed)? {
            return Err(StoreError::ReadOnly { path: path.to_owned() });
        }
        // Refuses a file of another program before anything in it is changed.
        let version = schema_version(&conn, path)?;
        use_wal(&conn).map_err(failed)?;
        conn.pragma_update(None, "synchronous", "FULL").map_err(failed)?;
        conn.pragma_update(None, "foreign_keys", true).map_err(failed)?;
        if version < SCHEMA_VERSION {
            migrate(&mut conn, path)?;
        }
        Ok(Self { conn, path: path.to_owned(), series: HashMap::new() })
    }
}

fn connect(path: &Path, create: OpenFlags) -> Result<Connection, StoreError> {
    let failed = |source| StoreError::sqlite(path, "open the file", source);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | create;
    let conn = Connection::open_with_flags(path, flags).map_err(failed)?;
    conn.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    Ok(conn)
}

/// Retries, because SQLite does not wait for another connection that is switching the same file to WAL.
fn use_wal(conn: &Connection) -> rusqlite::Result<()> {
    let deadline = Instant::now() + BUSY_TIMEOUT;
    loop {
        match conn.query_row("PRAGMA journal_mode = WAL", (), |_| Ok(())) {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && Instant::now() < deadline => {
                thread::sleep(BUSY_RETRY);
            }
            done => return done,
        }
    }
}

/// Refuses directories, for which SQLite's error is poor, and pipes, which would block forever.
fn refuse_other_than_files(path: &Path) -> Result<(), StoreError> {
    let found = match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => "a directory",
        Ok(metadata) if !metadata.is_file() => "not a regular file",
        _ => return Ok(()),
    };
    Err(StoreError::NotAFile { path: path.to_owned(), found })
}

/// The system's own error, because SQLite only says "unable to open". Only for a file that does not exist: opening and
/// closing a file that is open elsewhere in this process would drop its locks.
fn creation_error(path: &Path) -> Option<StoreError> {
    let source = OpenOptions::new().write(true).create_new(true).open(path).err()?;
    Some(StoreError::Create { path: path.to_owned(), source })
}
