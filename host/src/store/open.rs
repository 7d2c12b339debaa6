//! Opening a database file, and telling why it cannot be.

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::Store;
use super::error::StoreError;
use super::migrate::{SCHEMA_VERSION, migrate, schema_version};

/// How long a statement waits for another process's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How long we wait where SQLite itself would not.
const BUSY_RETRY: Duration = Duration::from_millis(5);

impl Store {
    /// Opens the database to write, after making it, and its directories, and bringing it up to date where needed.
    ///
    /// # Errors
    /// When the file cannot be made, read or written, is not a database, is not checkpost's or is a newer one's.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let is_new = !path.exists();
        refuse_other_than_files(path)?;
        if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
            fs::create_dir_all(directory)
                .map_err(|source| StoreError::Directory { directory: directory.to_owned(), source })?;
        }
        let conn = connect(path, OpenFlags::SQLITE_OPEN_CREATE).map_err(|error| match error {
            StoreError::Open { .. } if is_new => why_not_created(path).unwrap_or(error),
            other => other,
        })?;
        Self::prepare(conn, path)
    }

    /// Opens a database that is there, to read it. Makes and migrates nothing.
    ///
    /// # Errors
    /// Those of [`Store::open`], and [`StoreError::Missing`] or [`StoreError::OlderSchema`].
    pub fn open_existing(path: &Path) -> Result<Self, StoreError> {
        let missing = || StoreError::Missing { path: path.to_owned() };
        match fs::metadata(path) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(missing()),
            Err(error) => return Err(StoreError::Open { path: path.to_owned(), why: error.to_string() }),
        }
        refuse_other_than_files(path)?;
        // Not SQLITE_OPEN_READ_ONLY: such a connection would leave the -wal and -shm files behind.
        let conn = connect(path, OpenFlags::empty())?;
        let store = Self { conn, path: path.to_owned(), series: HashMap::new() };
        match schema_version(&store.conn, path)? {
            SCHEMA_VERSION => {}
            // A first run got no further than an empty file.
            0 => return Err(missing()),
            found => return Err(StoreError::OlderSchema { path: path.to_owned(), found, known: SCHEMA_VERSION }),
        }
        store.conn.pragma_update(None, "query_only", true).map_err(store.failed("open it for reading"))?;
        Ok(store)
    }

    /// Whether this user can write a database that is there. Writes nothing.
    ///
    /// # Errors
    /// Why not.
    pub fn can_write(path: &Path) -> Result<(), StoreError> {
        refuse_other_than_files(path)?;
        let conn = connect(path, OpenFlags::empty())?;
        let failed = |source| StoreError::sqlite(path, "write it", source);
        if conn.is_readonly("main").map_err(failed)? {
            return Err(StoreError::ReadOnly { path: path.to_owned() });
        }
        conn.execute_batch("BEGIN IMMEDIATE; ROLLBACK").map_err(failed)
    }

    /// A database that is gone when dropped, for tests.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn in_memory() -> Result<Self, StoreError> {
        let path = Path::new(":memory:");
        let conn = Connection::open_in_memory().map_err(|source| StoreError::sqlite(path, "open it", source))?;
        Self::prepare(conn, path)
    }

    fn prepare(mut conn: Connection, path: &Path) -> Result<Self, StoreError> {
        let failed = |source| StoreError::sqlite(path, "prepare it", source);
        // A read-only file may be unreadable as well, since SQLite keeps two more beside it.
        if conn.is_readonly("main").map_err(failed)? {
            return Err(StoreError::ReadOnly { path: path.to_owned() });
        }
        // Before anything is changed in a file that may not be ours.
        let found = schema_version(&conn, path)?;
        use_wal(&conn).map_err(failed)?;
        conn.pragma_update(None, "synchronous", "FULL").map_err(failed)?;
        conn.pragma_update(None, "foreign_keys", true).map_err(failed)?;
        if found < SCHEMA_VERSION {
            migrate(&mut conn, path)?;
        }
        Ok(Self { conn, path: path.to_owned(), series: HashMap::new() })
    }
}

fn connect(path: &Path, create: OpenFlags) -> Result<Connection, StoreError> {
    let failed = |source| StoreError::sqlite(path, "open it", source);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | create;
    let conn = Connection::open_with_flags(path, flags).map_err(failed)?;
    conn.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    Ok(conn)
}

/// SQLite does not wait for another connection that turns the same file to WAL right now: asks again.
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

/// A directory gives a poor error from SQLite, and opening a pipe would wait for ever.
fn refuse_other_than_files(path: &Path) -> Result<(), StoreError> {
    let what = match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => "a directory",
        Ok(metadata) if !metadata.is_file() => "not a regular file",
        _ => return Ok(()),
    };
    Err(StoreError::NotAFile { path: path.to_owned(), what })
}

/// SQLite says "unable to open" for everything: asks the system itself. Only for a file that is not there, since closing
/// one that is open elsewhere in this process would drop its locks.
fn why_not_created(path: &Path) -> Option<StoreError> {
    let source = OpenOptions::new().write(true).create_new(true).open(path).err()?;
    Some(StoreError::Create { path: path.to_owned(), source })
}
