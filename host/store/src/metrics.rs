//! Reads the table `system_metrics`: the headline figures of past cycles.

use jiff::Timestamp;
use rusqlite::Row;
use serde::Serialize;

use crate::error::StoreError;
use crate::sql::integer;
use crate::store::Store;
use crate::time::{read_public_time, since_text};

/// A row of `system_metrics`. `None` means not measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MetricsRow {
    /// The cycle's row in `runs`.
    pub run_id: i64,
    /// Start of the cycle.
    pub timestamp: Timestamp,
    /// Host name.
    pub hostname: String,
    /// Kernel, system and architecture.
    pub platform: String,
    /// Busy share of all CPUs, 0..100.
    pub cpu_percent: Option<f64>,
    /// Logical CPUs.
    pub cpu_count: Option<i64>,
    /// Used share of memory, 0..100.
    pub memory_percent: Option<f64>,
    /// Total minus available memory.
    pub memory_used_bytes: Option<i64>,
    /// Physical memory of the host.
    pub memory_total_bytes: Option<i64>,
    /// Used share of the root filesystem, 0..100.
    pub disk_percent: Option<f64>,
    /// Used bytes of the root filesystem.
    pub disk_used_bytes: Option<i64>,
    /// Size of the root filesystem.
    pub disk_total_bytes: Option<i64>,
    /// Sent since boot, over all interfaces.
    pub network_sent_bytes: Option<i64>,
    /// Received since boot, over all interfaces.
    pub network_received_bytes: Option<i64>,
}

impl Store {
    /// Headline figures of cycles that began at `since` or later, newest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn metrics(&self, since: Option<Timestamp>, limit: usize) -> Result<Vec<MetricsRow>, StoreError> {
        let read = || {
            self.conn
                .prepare(
                    "SELECT * FROM system_metrics WHERE timestamp >= ? ORDER BY timestamp DESC, run_id DESC LIMIT ?",
                )?
                .query_map((since_text(since), integer(limit)), metrics_row)?
                .collect::<rusqlite::Result<_>>()
        };
        read().map_err(self.failed("read the metrics"))
    }
}

fn metrics_row(row: &Row<'_>) -> rusqlite::Result<MetricsRow> {
    Ok(MetricsRow {
        run_id: row.get("run_id")?,
        timestamp: read_public_time(row, "timestamp")?,
        hostname: row.get("hostname")?,
        platform: row.get("platform")?,
        cpu_percent: row.get("cpu_percent")?,
        cpu_count: row.get("cpu_count")?,
        memory_percent: row.get("memory_percent")?,
        memory_used_bytes: row.get("memory_used_bytes")?,
        memory_total_bytes: row.get("memory_total_bytes")?,
        disk_percent: row.get("disk_percent")?,
        disk_used_bytes: row.get("disk_used_bytes")?,
        disk_total_bytes: row.get("disk_total_bytes")?,
        network_sent_bytes: row.get("network_sent_bytes")?,
        network_received_bytes: row.get("network_received_bytes")?,
    })
}
