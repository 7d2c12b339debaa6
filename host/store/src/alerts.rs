//! The table `alerts`: the state of each alert, carried from one cycle to the next.

use rusqlite::{Connection, Row, params};

use checkpost_alerting::alert::{Alert, AlertKey, Alerts};

use crate::error::StoreError;
use crate::row::{read_json, readable_rows};
use crate::sql::json;
use crate::store::Store;

impl Store {
    /// The alerts after the last cycle.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn alerts(&self) -> Result<Alerts, StoreError> {
        read_alerts(&self.conn).map_err(self.failed("read the alerts"))
    }
}

/// Leaves out rows that cannot be read, with a warning.
fn read_alerts(conn: &Connection) -> rusqlite::Result<Alerts> {
    let mut statement = conn.prepare("SELECT instance, subject, state FROM alerts")?;
    readable_rows(statement.query(())?, alert)
}

fn alert(row: &Row<'_>) -> rusqlite::Result<(AlertKey, Alert)> {
    let key = AlertKey { instance: row.get("instance")?, subject: row.get("subject")? };
    Ok((key, read_json(row, "state")?))
}

/// Replaces all alerts. There are few, because an alert that is ok has no row.
pub(crate) fn write_alerts(conn: &Connection, alerts: &Alerts) -> rusqlite::Result<()> {
    conn.prepare_cached("DELETE FROM alerts")?.execute(())?;
    let mut insert = conn.prepare_cached(
        "INSERT INTO alerts (instance, subject, phase, level, since_ms, state) VALUES (?, ?, ?, ?, ?, ?)",
    )?;
    for (key, alert) in alerts {
        insert.execute(params![
            key.instance,
            key.subject,
            alert.phase.as_str(),
            alert.level.as_str(),
            alert.since.as_millisecond(),
            json(alert)?
        ])?;
    }
    Ok(())
}
