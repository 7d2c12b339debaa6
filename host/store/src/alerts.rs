//! The table `alerts`: the state of each alert, carried from one cycle to the next.

use rusqlite::{Connection, Row, params};

use checkpost_alerting::alert::{Alert, AlertKey, Alerts};

use crate::error::StoreError;
use crate::previous::read_starts;
use crate::row::{read_json, readable_rows};
use crate::sql::{integer, json};
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

/// Leaves out rows that cannot be read, with a warning. Every run takes every alert a step, so each was last seen in the
/// last run, whatever its row says: a row is written only when something else has changed.
fn read_alerts(conn: &Connection) -> rusqlite::Result<Alerts> {
    let mut statement = conn.prepare("SELECT instance, subject, state FROM alerts")?;
    let mut alerts: Alerts = readable_rows(statement.query(())?, alert)?;
    if !alerts.is_empty()
        && let [last_run] = read_starts(conn, 1)?[..]
    {
        alerts.values_mut().for_each(|alert| alert.last_seen = last_run);
    }
    Ok(alerts)
}

fn alert(row: &Row<'_>) -> rusqlite::Result<(AlertKey, Alert)> {
    let key = AlertKey { instance: row.get("instance")?, subject: row.get("subject")? };
    Ok((key, read_json(row, "state")?))
}

/// Writes what has changed since the cycle began with the `previous` alerts. Statements are prepared when they are needed: in
/// most cycles nothing has changed.
pub(crate) fn write_alerts(conn: &Connection, previous: &Alerts, alerts: &Alerts) -> rusqlite::Result<()> {
    for key in previous.keys().filter(|key| !alerts.contains_key(key)) {
        conn.prepare_cached("DELETE FROM alerts WHERE instance = ? AND subject = ?")?
            .execute(params![key.instance, key.subject])?;
    }
    let is_unchanged = |(key, alert): &(&AlertKey, &Alert)| previous.get(key).is_some_and(|old| alert.is_same_as(old));
    insert(conn, alerts.iter().filter(|changed| !is_unchanged(changed)))?;
    // A row that could not be read is in neither.
    let rows: i64 = conn.prepare_cached("SELECT count(*) FROM alerts")?.query_row((), |row| row.get(0))?;
    if rows != integer(alerts.len()) {
        conn.prepare_cached("DELETE FROM alerts")?.execute(())?;
        insert(conn, alerts.iter())?;
    }
    Ok(())
}

fn insert<'a>(conn: &Connection, alerts: impl Iterator<Item = (&'a AlertKey, &'a Alert)>) -> rusqlite::Result<()> {
    let sql =
        "INSERT OR REPLACE INTO alerts (instance, subject, phase, level, since_ms, state) VALUES (?, ?, ?, ?, ?, ?)";
    for (key, alert) in alerts {
        conn.prepare_cached(sql)?.execute(params![
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
