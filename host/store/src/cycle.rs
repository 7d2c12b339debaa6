//! Writes a cycle in one transaction: samples, verdicts, alerts, notifications and messages, all or nothing.
//!
//! The tables `runs`, `hosts`, `series`, `samples`, `process_times`, `diagnostics` and `system_metrics` are written here.

use std::collections::HashMap;

use rusqlite::{Connection, named_params, params};

use checkpost_model::metric::{Diagnostic, Host, ProcessTimes, Sample, Snapshot};
use checkpost_record::CycleRecord;

use crate::acknowledgements::end_acknowledgements;
use crate::alerts::write_alerts;
use crate::error::StoreError;
use crate::evaluations::write_evaluation;
use crate::notifications::write_notification;
use crate::outbox::write_deliveries;
use crate::sql::{id_of, integer, json, series_key};
use crate::store::{Store, in_transaction};
use crate::time::public_time;

impl Store {
    /// Stores a cycle in one transaction, and returns the id of its row in `runs`.
    ///
    /// # Errors
    /// When the disk is full, the file is locked for too long, or a sample is not finite or occurs twice.
    pub fn save_cycle(&mut self, cycle: &CycleRecord) -> Result<i64, StoreError> {
        in_transaction(&mut self.conn, |conn| write_cycle(conn, &self.series, cycle))
            .map_err(|source| StoreError::sqlite(&self.path, "store the cycle", source))
    }
}

fn write_cycle(conn: &Connection, series: &HashMap<String, i64>, cycle: &CycleRecord) -> rusqlite::Result<i64> {
    let run_id = write_run(conn, cycle)?;
    write_samples(conn, series, run_id, &cycle.snapshot.samples)?;
    write_process_times(conn, run_id, cycle.snapshot.process_times.as_ref())?;
    write_diagnostics(conn, run_id, &cycle.snapshot.diagnostics)?;
    write_headline(conn, run_id, cycle)?;
    for evaluation in &cycle.evaluations {
        write_evaluation(conn, run_id, cycle.snapshot.time, evaluation)?;
    }
    write_alerts(conn, &cycle.previous_alerts, &cycle.alerts)?;
    let notifications = write_notifications(conn, run_id, cycle)?;
    write_deliveries(conn, run_id, &notifications, &cycle.messages, cycle.snapshot.time)?;
    end_acknowledgements(conn, &cycle.ended_acknowledgements, cycle.snapshot.time)?;
    Ok(run_id)
}

fn write_run(conn: &Connection, cycle: &CycleRecord) -> rusqlite::Result<i64> {
    let host_id = host_id(conn, &cycle.snapshot.host)?;
    conn.prepare_cached("INSERT INTO runs (started_at_ms, duration_ms, host_id, version) VALUES (?, ?, ?, ?)")?.insert(
        params![cycle.snapshot.time.as_millisecond(), integer(cycle.duration.as_millis()), host_id, cycle.version],
    )
}

fn host_id(conn: &Connection, host: &Host) -> rusqlite::Result<i64> {
    let facts = json(host)?;
    id_of(
        conn,
        ("SELECT id FROM hosts WHERE boot_id = ? AND facts = ?", params![host.boot_id, facts]),
        ("INSERT INTO hosts (boot_id, facts) VALUES (?, ?)", params![host.boot_id, facts]),
    )
}

fn write_samples(
    conn: &Connection,
    known: &HashMap<String, i64>,
    run_id: i64,
    samples: &[Sample],
) -> rusqlite::Result<()> {
    let mut rows = samples
        .iter()
        .map(|sample| Ok((series_id(conn, known, sample)?, sample.value)))
        .collect::<rusqlite::Result<Vec<_>>>()?;
    // Inserted in the order of the key, so that pages fill from left to right.
    rows.sort_unstable_by_key(|(series_id, _)| *series_id);
    let mut insert = conn.prepare_cached("INSERT INTO samples (run_id, series_id, value) VALUES (?, ?, ?)")?;
    for (series_id, value) in rows {
        insert.execute(params![run_id, series_id, value])?;
    }
    Ok(())
}

/// Replaces all process times: only the next cycle needs them.
fn write_process_times(conn: &Connection, run_id: i64, times: Option<&ProcessTimes>) -> rusqlite::Result<()> {
    conn.prepare_cached("DELETE FROM process_times")?.execute(())?;
    if let Some(times) = times {
        let mut insert = conn.prepare_cached("INSERT INTO process_times (run_id, times) VALUES (?, ?)")?;
        insert.execute(params![run_id, times.to_bytes()])?;
    }
    Ok(())
}

fn series_id(conn: &Connection, known: &HashMap<String, i64>, sample: &Sample) -> rusqlite::Result<i64> {
    let labels = json(&sample.labels)?;
    if let Some(id) = known.get(&series_key(&sample.name, &labels)) {
        return Ok(*id);
    }
    id_of(
        conn,
        ("SELECT id FROM series WHERE name = ? AND labels = ?", params![sample.name, labels]),
        ("INSERT INTO series (name, labels) VALUES (?, ?)", params![sample.name, labels]),
    )
}

fn write_diagnostics(conn: &Connection, run_id: i64, diagnostics: &[Diagnostic]) -> rusqlite::Result<()> {
    let mut insert =
        conn.prepare_cached("INSERT INTO diagnostics (run_id, position, source, message) VALUES (?, ?, ?, ?)")?;
    for (position, diagnostic) in diagnostics.iter().enumerate() {
        insert.execute(params![run_id, integer(position), diagnostic.source, diagnostic.message])?;
    }
    Ok(())
}

fn write_headline(conn: &Connection, run_id: i64, cycle: &CycleRecord) -> rusqlite::Result<()> {
    let CycleRecord { snapshot, headline, .. } = cycle;
    let sql = "INSERT INTO system_metrics VALUES (:run_id, :timestamp, :hostname, :platform, :cpu_percent, :cpu_count,
        :memory_percent, :memory_used_bytes, :memory_total_bytes, :disk_percent, :disk_used_bytes, :disk_total_bytes,
        :network_sent_bytes, :network_received_bytes)";
    conn.prepare_cached(sql)?.execute(named_params! {
        ":run_id": run_id,
        ":timestamp": public_time(snapshot.time),
        ":hostname": snapshot.host.name,
        ":platform": snapshot.host.platform,
        ":cpu_percent": headline.cpu_percent,
        ":cpu_count": headline.cpu_count.map(integer),
        ":memory_percent": headline.memory_percent,
        ":memory_used_bytes": headline.memory_used_bytes.map(integer),
        ":memory_total_bytes": headline.memory_total_bytes.map(integer),
        ":disk_percent": headline.disk_percent,
        ":disk_used_bytes": headline.disk_used_bytes.map(integer),
        ":disk_total_bytes": headline.disk_total_bytes.map(integer),
        ":network_sent_bytes": headline.network_sent_bytes.map(integer),
        ":network_received_bytes": headline.network_received_bytes.map(integer),
    })?;
    Ok(())
}

fn write_notifications(conn: &Connection, run_id: i64, cycle: &CycleRecord) -> rusqlite::Result<Vec<i64>> {
    let Snapshot { host, time, .. } = &cycle.snapshot;
    let write = |notification| write_notification(conn, run_id, &host.name, *time, notification);
    cycle.notifications.iter().map(write).collect()
}
