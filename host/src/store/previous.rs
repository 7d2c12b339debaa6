//! What the next cycle needs of the last one: its counters, and what each instance said.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row};
use serde::de::DeserializeOwned;

use super::Store;
use super::error::StoreError;
use super::time::{read_ms, unreadable};
use crate::check::Status;
use crate::metric::{Host, Labels, Sample, Snapshot};

impl Store {
    /// The latest snapshot of this boot, to derive rates from. Its diagnostics stay behind: they were for its report.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn previous_snapshot(&self, boot_id: &str) -> Result<Option<Snapshot>, StoreError> {
        let read = read_previous_snapshot(&self.conn, boot_id);
        readable(read).map(Option::flatten).map_err(self.failed("read the last cycle"))
    }

    /// For each instance, what it said of each subject when it last could judge.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn previous_statuses(&self) -> Result<BTreeMap<String, Vec<(String, Status)>>, StoreError> {
        let read = read_previous_statuses(&self.conn);
        readable(read).map(Option::unwrap_or_default).map_err(self.failed("read the last verdicts"))
    }
}

/// A row that somebody else wrote, or another version, must not stop every run from now on: it is as good as absent.
pub(super) fn readable<T>(read: rusqlite::Result<T>) -> rusqlite::Result<Option<T>> {
    use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType};
    match read {
        Err(why @ (FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | InvalidColumnType(..))) => {
            tracing::warn!("a row of an earlier cycle cannot be understood and is left aside: {why}");
            Ok(None)
        }
        read => read.map(Some),
    }
}

/// max() inside max(): each is one step in the index, however many cycles this boot has.
pub(super) const LATEST_RUN: &str = "
    SELECT runs.id, runs.started_at_ms, hosts.facts FROM runs JOIN hosts ON hosts.id = runs.host_id
    WHERE runs.id = (SELECT max((SELECT max(id) FROM runs WHERE host_id = hosts.id)) FROM hosts WHERE boot_id = ?)";

/// Hops from one instance to the next in the index, where GROUP BY would walk through every evaluation ever made.
pub(super) const LATEST_STATUSES: &str = "
    WITH RECURSIVE judged (instance) AS (
        SELECT min(instance) FROM evaluations WHERE reason IS NULL
        UNION ALL
        SELECT (SELECT min(instance) FROM evaluations WHERE reason IS NULL AND instance > judged.instance)
        FROM judged WHERE judged.instance IS NOT NULL
    ), latest (id, instance) AS (
        SELECT (SELECT id FROM evaluations WHERE reason IS NULL AND instance = judged.instance
                ORDER BY run_id DESC LIMIT 1), instance
        FROM judged WHERE judged.instance IS NOT NULL
    )
    SELECT latest.instance, verdicts.subject, verdicts.status
    FROM latest JOIN verdicts ON verdicts.evaluation_id = latest.id";

fn read_previous_snapshot(conn: &Connection, boot_id: &str) -> rusqlite::Result<Option<Snapshot>> {
    let read = |row: &Row<'_>| Ok((row.get("id")?, read_ms(row, "started_at_ms")?, read_json(row, "facts")?));
    let Some((run_id, time, host)) = conn.query_row(LATEST_RUN, [boot_id], read).optional()? else {
        return Ok(None);
    };
    let run_id: i64 = run_id;
    let host: Host = host;
    let samples = conn
        .prepare(
            "SELECT series.name, series.labels, samples.value FROM samples JOIN series ON series.id = samples.series_id
             WHERE samples.run_id = ?",
        )?
        .query_map([run_id], |row| {
            let name: String = row.get("name")?;
            let labels: Labels = read_json(row, "labels")?;
            Ok(Sample { name: Cow::Owned(name), labels, value: row.get("value")? })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Some(Snapshot { time, host, samples, diagnostics: Vec::new() }))
}

fn read_previous_statuses(conn: &Connection) -> rusqlite::Result<BTreeMap<String, Vec<(String, Status)>>> {
    let mut statement = conn.prepare(LATEST_STATUSES)?;
    let mut statuses = BTreeMap::<String, Vec<_>>::new();
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        let status: String = row.get("status")?;
        let status = Status::parse(&status).ok_or_else(|| unreadable(format!("status '{status}' is none")))?;
        statuses.entry(row.get("instance")?).or_default().push((row.get("subject")?, status));
    }
    Ok(statuses)
}

pub(super) fn read_json<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|why| unreadable(format!("{column} '{text}': {why}")))
}
