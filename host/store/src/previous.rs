//! What a cycle needs of the last one: the snapshot to derive rates from, the statuses, the cost and the start times.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row};

use checkpost_model::check::Status;
use checkpost_model::metric::{CycleCost, Host, ProcessTimes, Sample, Snapshot, catalog};

use crate::error::StoreError;
use crate::row::{invalid, read_json, read_ms, read_natural, readable, readable_rows};
use crate::sql::{integer, series_key};
use crate::store::Store;

impl Store {
    /// The latest snapshot of this boot, to derive rates from. It has only the samples that rates need, and no diagnostics.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn previous_snapshot(&mut self, boot_id: &str) -> Result<Option<Snapshot>, StoreError> {
        let read = read_previous_snapshot(&self.conn, boot_id, &mut self.series);
        readable(read).map(Option::flatten).map_err(self.failed("read the last cycle"))
    }

    /// The cost of the latest cycle, of any boot. The cost of its evaluations is read only on demand.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn last_cycle_cost(&self, with_evaluations: bool) -> Result<CycleCost, StoreError> {
        let read = read_cycle_cost(&self.conn, with_evaluations);
        readable(read).map(Option::unwrap_or_default).map_err(self.failed("read the cost of the last cycle"))
    }

    /// The start times of the last cycles, the one stored last first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn last_starts(&self, limit: usize) -> Result<Vec<Timestamp>, StoreError> {
        read_starts(&self.conn, limit).map_err(self.failed("read the start times of the last cycles"))
    }

    /// For each instance, the status of each subject when the instance last could judge.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn previous_statuses(&self) -> Result<BTreeMap<String, Vec<(String, Status)>>, StoreError> {
        let read = read_previous_statuses(&self.conn);
        readable(read).map(Option::unwrap_or_default).map_err(self.failed("read the last verdicts"))
    }
}

/// Nests max() in max(), because each is one step in the index, however many cycles this boot has.
pub(crate) const LATEST_RUN: &str = "
    SELECT runs.id, runs.started_at_ms, hosts.facts FROM runs JOIN hosts ON hosts.id = runs.host_id
    WHERE runs.id = (SELECT max((SELECT max(id) FROM runs WHERE host_id = hosts.id)) FROM hosts WHERE boot_id = ?)";

/// Seeks from one instance to the next in the index; GROUP BY would scan every evaluation ever stored.
pub(crate) const LATEST_STATUSES: &str = "
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

fn read_previous_snapshot(
    conn: &Connection,
    boot_id: &str,
    series: &mut HashMap<String, i64>,
) -> rusqlite::Result<Option<Snapshot>> {
    let read = |row: &Row<'_>| Ok((row.get("id")?, read_ms(row, "started_at_ms")?, read_json(row, "facts")?));
    let Some((run_id, time, host)) = conn.query_row(LATEST_RUN, [boot_id], read).optional()? else {
        return Ok(None);
    };
    let run_id: i64 = run_id;
    let host: Host = host;
    let mut statement = conn.prepare(
        "SELECT series.id, series.name, series.labels, samples.value FROM samples JOIN series ON series.id = samples.series_id
         WHERE samples.run_id = ?",
    )?;
    let mut rows = statement.query([run_id])?;
    let mut snapshot = Snapshot::new(time, host);
    while let Some(row) = rows.next()? {
        // Parsing the labels of the other samples, which are most, would cost more than the rest of this function.
        let name = row.get_ref("name")?.as_str()?;
        series.insert(series_key(name, row.get_ref("labels")?.as_str()?), row.get("id")?);
        if catalog::is_compared(name) {
            let name = Cow::Owned(name.to_owned());
            snapshot.samples.push(Sample { name, labels: read_json(row, "labels")?, value: row.get("value")? });
        }
    }
    let times = conn.query_row("SELECT times FROM process_times WHERE run_id = ?", [run_id], |row| row.get(0));
    snapshot.process_times = times.optional()?.and_then(|times: Vec<u8>| ProcessTimes::from_bytes(&times));
    Ok(Some(snapshot))
}

fn read_cycle_cost(conn: &Connection, with_evaluations: bool) -> rusqlite::Result<CycleCost> {
    let size = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
    let database_bytes = Some(conn.query_row(size, (), |row| read_natural(row, 0))?);
    let last = "SELECT id, duration_ms FROM runs ORDER BY id DESC LIMIT 1";
    let last = conn.query_row(last, (), |row| Ok((row.get(0)?, read_natural(row, 1)?))).optional()?;
    let Some((run_id, duration_ms)) = last else { return Ok(CycleCost { database_bytes, ..CycleCost::default() }) };
    let run_id: i64 = run_id;
    let mut evaluations = Vec::new();
    if with_evaluations {
        let mut statement = conn.prepare("SELECT instance, fuel, duration_us FROM evaluations WHERE run_id = ?")?;
        let mut rows = statement.query([run_id])?;
        while let Some(row) = rows.next()? {
            evaluations.push((row.get(0)?, read_natural(row, 1)?, Duration::from_micros(read_natural(row, 2)?)));
        }
    }
    Ok(CycleCost { duration: Some(Duration::from_millis(duration_ms)), evaluations, database_bytes })
}

/// The start times of the last runs, the one stored last first. Leaves out rows that cannot be read.
pub(crate) fn read_starts(conn: &Connection, limit: usize) -> rusqlite::Result<Vec<Timestamp>> {
    let mut statement = conn.prepare("SELECT started_at_ms FROM runs ORDER BY id DESC LIMIT ?")?;
    readable_rows(statement.query([integer(limit)])?, |row| read_ms(row, "started_at_ms"))
}

fn read_previous_statuses(conn: &Connection) -> rusqlite::Result<BTreeMap<String, Vec<(String, Status)>>> {
    let mut statement = conn.prepare(LATEST_STATUSES)?;
    let mut statuses = BTreeMap::<String, Vec<_>>::new();
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        let status: String = row.get("status")?;
        let status = Status::parse(&status).ok_or_else(|| invalid(format!("status '{status}'")))?;
        statuses.entry(row.get("instance")?).or_default().push((row.get("subject")?, status));
    }
    Ok(statuses)
}
