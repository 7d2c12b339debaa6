//! Looks for damage in the whole file, for `checkpost db check` and `checkpost doctor`.

use jiff::Timestamp;
use rusqlite::Connection;
use serde::Serialize;

use crate::error::StoreError;
use crate::migrate::schema_version;
use crate::row::read_ms;
use crate::store::Store;

/// Findings that an error lists at most.
const MAX_FINDINGS: usize = 3;

/// The size of an undamaged database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckSummary {
    /// Migrations that were applied.
    pub schema_version: i64,
    /// Cycles.
    pub runs: i64,
    /// Readings.
    pub samples: i64,
    /// Notifications.
    pub notifications: i64,
    /// Size of the file.
    pub size_bytes: i64,
    /// Start of the oldest cycle.
    pub oldest: Option<Timestamp>,
    /// Start of the newest cycle.
    pub newest: Option<Timestamp>,
}

impl Store {
    /// Reads every page. Does not compare the indexes with their tables.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] with the first findings, if there are any.
    pub fn check_quickly(&self) -> Result<(), StoreError> {
        let findings = damage(&self.conn, "quick_check").map_err(self.failed("check the integrity"))?;
        match findings.is_empty() {
            true => Ok(()),
            false => Err(StoreError::Corrupt { path: self.path.clone(), findings: findings.join("; ") }),
        }
    }

    /// Reads every page, compares the indexes with their tables, and follows every reference.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] with the first findings, if there are any.
    pub fn check(&self) -> Result<CheckSummary, StoreError> {
        let schema_version = schema_version(&self.conn, &self.path)?;
        let mut findings = damage(&self.conn, "integrity_check").map_err(self.failed("check the integrity"))?;
        findings.extend(dangling_references(&self.conn).map_err(self.failed("check the references"))?);
        if !findings.is_empty() {
            findings.truncate(MAX_FINDINGS);
            return Err(StoreError::Corrupt { path: self.path.clone(), findings: findings.join("; ") });
        }
        summary(&self.conn, schema_version).map_err(self.failed("count the rows"))
    }
}

fn damage(conn: &Connection, pragma: &str) -> rusqlite::Result<Vec<String>> {
    let mut findings: Vec<String> = conn
        .prepare(&format!("PRAGMA {pragma}({MAX_FINDINGS})"))?
        .query_map((), |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    findings.retain(|finding| finding != "ok");
    // An error is one line, but some findings have several.
    Ok(findings.into_iter().map(|finding| finding.split_whitespace().collect::<Vec<_>>().join(" ")).collect())
}

fn dangling_references(conn: &Connection) -> rusqlite::Result<Vec<String>> {
    conn.prepare("SELECT \"table\", parent FROM pragma_foreign_key_check LIMIT ?")?
        .query_map([MAX_FINDINGS as i64], |row| {
            let (table, parent): (String, String) = (row.get(0)?, row.get(1)?);
            Ok(format!("a row of {table} refers to a missing row of {parent}"))
        })?
        .collect()
}

fn summary(conn: &Connection, schema_version: i64) -> rusqlite::Result<CheckSummary> {
    let sql = "SELECT (SELECT count(*) FROM runs) AS runs, (SELECT count(*) FROM samples) AS samples,
        (SELECT count(*) FROM notifications) AS notifications,
        (SELECT page_count * page_size FROM pragma_page_count, pragma_page_size) AS size_bytes,
        (SELECT min(started_at_ms) FROM runs) AS oldest, (SELECT max(started_at_ms) FROM runs) AS newest";
    conn.query_row(sql, (), |row| {
        let runs = row.get("runs")?;
        let time = |column| if runs == 0 { Ok(None) } else { read_ms(row, column).map(Some) };
        Ok(CheckSummary {
            schema_version,
            runs,
            samples: row.get("samples")?,
            notifications: row.get("notifications")?,
            size_bytes: row.get("size_bytes")?,
            oldest: time("oldest")?,
            newest: time("newest")?,
        })
    })
}
