//! Failures and samples of the last cycle, for `checkpost doctor`.

use rusqlite::{Connection, OptionalExtension, Row};

use crate::error::StoreError;
use crate::row::readable_rows;
use crate::store::Store;

/// A check that could not judge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastFailure {
    /// The instance.
    pub instance: String,
    /// The reason: `out_of_fuel`.
    pub reason: String,
    /// The detail of the reason.
    pub detail: String,
}

impl Store {
    /// The checks that could not judge in the last cycle.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn last_failures(&self) -> Result<Vec<LastFailure>, StoreError> {
        read_failures(&self.conn).map_err(self.failed("read the last evaluations"))
    }

    /// The reading of a metric without labels in the last cycle, if it was measured.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn last_reading(&self, metric: &str) -> Result<Option<f64>, StoreError> {
        let sql = "SELECT value FROM samples WHERE run_id = (SELECT max(id) FROM runs)
            AND series_id = (SELECT id FROM series WHERE name = ? AND labels = '{}')";
        let read = self.conn.query_row(sql, [metric], |row| row.get(0)).optional();
        read.map_err(self.failed("read the last readings"))
    }
}

fn read_failures(conn: &Connection) -> rusqlite::Result<Vec<LastFailure>> {
    let mut statement = conn.prepare(
        "SELECT instance, reason, detail FROM evaluations
         WHERE run_id = (SELECT max(id) FROM runs) AND reason IS NOT NULL ORDER BY instance",
    )?;
    let failure = |row: &Row<'_>| Ok(LastFailure { instance: row.get(0)?, reason: row.get(1)?, detail: row.get(2)? });
    readable_rows(statement.query(())?, failure)
}
