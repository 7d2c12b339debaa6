//! Whose file it is, and bringing its schema up to date. `user_version` counts the migrations that were applied.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::error::StoreError;

/// Applied in order, each once. A published one is never edited.
const MIGRATIONS: &[&str] = &[
    include_str!("../../../migrations/0001_initial.sql"),
    include_str!("../../../migrations/0002_history.sql"),
    include_str!("../../../migrations/0003_process_times.sql"),
    include_str!("../../../migrations/0004_alerts.sql"),
    include_str!("../../../migrations/0005_delivery.sql"),
];

/// The schema version that this program writes and reads.
pub const SCHEMA_VERSION: i64 = MIGRATIONS.len() as i64;

/// Marks a SQLite file as checkpost's, in its header.
pub(super) const APPLICATION_ID: i32 = i32::from_be_bytes(*b"ckpo");

/// The schema version of the file: 0 for an empty one. A file that is not ours, or of a later version, is refused.
pub(super) fn schema_version(conn: &Connection, path: &Path) -> Result<i64, StoreError> {
    // One transaction for all reads: another process may be migrating.
    let transaction = conn.unchecked_transaction().map_err(|why| StoreError::sqlite(path, "read the schema", why))?;
    identify(&transaction, path)
}

fn identify(conn: &Connection, path: &Path) -> Result<i64, StoreError> {
    let failed = |source| StoreError::sqlite(path, "read the schema", source);
    let application_id: i32 = conn.query_row("PRAGMA application_id", (), |row| row.get(0)).map_err(failed)?;
    let found: i64 = conn.query_row("PRAGMA user_version", (), |row| row.get(0)).map_err(failed)?;
    let path = path.to_owned();
    if application_id == APPLICATION_ID {
        return match found {
            0..=SCHEMA_VERSION => Ok(found),
            _ => Err(StoreError::NewerSchema { path, found, known: SCHEMA_VERSION }),
        };
    }
    let holds = foreign_tables(conn).map_err(failed)?;
    match (application_id, found, holds) {
        (0, 0, None) => Ok(0),
        (.., Some(holds)) => Err(StoreError::Foreign { path, holds }),
        _ => Err(StoreError::Foreign { path, holds: format!("application id {application_id}, version {found}") }),
    }
}

/// The names of a few tables, if there are any.
fn foreign_tables(conn: &Connection) -> rusqlite::Result<Option<String>> {
    let names = "SELECT group_concat(name, ', ') FROM (SELECT name FROM sqlite_schema WHERE type = 'table' LIMIT 3)";
    let names: Option<String> = conn.query_row(names, (), |row| row.get(0))?;
    Ok(names.map(|names| format!("the tables {}", names.escape_debug())))
}

/// Applies what is missing, all or nothing.
pub(super) fn migrate(conn: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let failed = |source| StoreError::sqlite(path, "migrate", source);
    let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    // Again, now under the lock: another process may have migrated since.
    let found = identify(&transaction, path)?;
    for migration in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or_default()) {
        transaction.execute_batch(migration).map_err(failed)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
    transaction.pragma_update(None, "user_version", SCHEMA_VERSION).map_err(failed)?;
    transaction.commit().map_err(failed)
}
