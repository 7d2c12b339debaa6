//! Recognizes a file as checkpost's and updates its schema. `user_version` counts the applied migrations.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::error::StoreError;

/// Applied in this order, each once. A published migration is never edited.
const MIGRATIONS: &[&str] = &[
    include_str!("../../../migrations/0001_initial.sql"),
    include_str!("../../../migrations/0002_history.sql"),
    include_str!("../../../migrations/0003_process_times.sql"),
    include_str!("../../../migrations/0004_alerts.sql"),
    include_str!("../../../migrations/0005_delivery.sql"),
    include_str!("../../../migrations/0006_found.sql"),
];

/// The schema version that this program writes and reads.
pub const SCHEMA_VERSION: i64 = MIGRATIONS.len() as i64;

/// Marks a SQLite file as checkpost's, in its header.
const APPLICATION_ID: i32 = i32::from_be_bytes(*b"ckpo");

/// The schema version of the file; 0 for an empty file. Refuses files of other programs and of newer versions.
pub(crate) fn schema_version(conn: &Connection, path: &Path) -> Result<i64, StoreError> {
    // One transaction for all reads, because another process may be migrating.
    let transaction =
        conn.unchecked_transaction().map_err(|source| StoreError::sqlite(path, "read the schema", source))?;
    identify(&transaction, path)
}

fn identify(conn: &Connection, path: &Path) -> Result<i64, StoreError> {
    let failed = |source| StoreError::sqlite(path, "read the schema", source);
    let application_id: i32 = conn.query_row("PRAGMA application_id", (), |row| row.get(0)).map_err(failed)?;
    let version: i64 = conn.query_row("PRAGMA user_version", (), |row| row.get(0)).map_err(failed)?;
    let path = path.to_owned();
    if application_id == APPLICATION_ID {
        return match version {
            0..=SCHEMA_VERSION => Ok(version),
            _ => Err(StoreError::NewerSchema { path, found: version, known: SCHEMA_VERSION }),
        };
    }
    let tables = first_tables(conn).map_err(failed)?;
    match (application_id, version, tables) {
        (0, 0, None) => Ok(0),
        (.., Some(tables)) => Err(StoreError::Foreign { path, content: format!("tables: {tables}") }),
        _ => Err(StoreError::Foreign { path, content: format!("application id {application_id}, version {version}") }),
    }
}

/// The names of the first tables, if there are any.
fn first_tables(conn: &Connection) -> rusqlite::Result<Option<String>> {
    let names = "SELECT group_concat(name, ', ') FROM (SELECT name FROM sqlite_schema WHERE type = 'table' LIMIT 3)";
    let names: Option<String> = conn.query_row(names, (), |row| row.get(0))?;
    Ok(names.map(|names| names.escape_debug().to_string()))
}

/// Applies the missing migrations in one transaction.
pub(crate) fn migrate(conn: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let failed = |source| StoreError::sqlite(path, "migrate the schema", source);
    let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    // Read again under the lock: another process may have migrated since.
    let version = identify(&transaction, path)?;
    for migration in MIGRATIONS.iter().skip(usize::try_from(version).unwrap_or_default()) {
        transaction.execute_batch(migration).map_err(failed)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
    transaction.pragma_update(None, "user_version", SCHEMA_VERSION).map_err(failed)?;
    transaction.commit().map_err(failed)
}
