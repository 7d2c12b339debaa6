//! An open database. Each file of this crate adds the methods of its own tables.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, TransactionBehavior};

use crate::error::StoreError;

/// An open database of this schema version.
#[derive(Debug)]
pub struct Store {
    pub(crate) conn: Connection,
    /// Names the file in errors.
    pub(crate) path: PathBuf,
    /// Ids of the series of the last cycle, by name and labels. The next cycle mostly has the same series, and looking
    /// up each of them again would take a third of the time of storing a cycle.
    pub(crate) series: HashMap<String, i64>,
}

impl Store {
    /// The file, or `:memory:`.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Converts SQLite's errors for this file. `action` completes "cannot …".
    pub(crate) fn failed(&self, action: &'static str) -> impl FnOnce(rusqlite::Error) -> StoreError {
        let path = self.path.clone();
        move |source| StoreError::sqlite(&path, action, source)
    }

    /// Runs statements in one transaction. `action` completes "cannot …".
    pub(crate) fn write<T>(
        &mut self,
        action: &'static str,
        statements: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        in_transaction(&mut self.conn, statements).map_err(|source| StoreError::sqlite(&self.path, action, source))
    }
}

/// Runs statements in one transaction, whole or not at all. It takes the write lock at once: a transaction that reads before
/// it writes can fail without waiting.
pub(crate) fn in_transaction<T>(
    conn: &mut Connection,
    statements: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let result = statements(&transaction)?;
    transaction.commit()?;
    Ok(result)
}
