//! Reads the table `system_metrics`: the headline figures of past cycles.

use jiff::Timestamp;
use rusqlite::Row;
use serde::Serialize;

use checkpost_model::metric::Headline;

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
    /// The figures.
    #[serde(flatten)]
    pub headline: Headline,
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
    // SQLite's integers are signed.
    let natural = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(i64::cast_unsigned));
    Ok(MetricsRow {
        run_id: row.get("run_id")?,
        timestamp: read_public_time(row, "timestamp")?,
        hostname: row.get("hostname")?,
        platform: row.get("platform")?,
        headline: Headline {
            cpu_percent: row.get("cpu_percent")?,
            cpu_count: natural("cpu_count")?,
            memory_percent: row.get("memory_percent")?,
            memory_used_bytes: natural("memory_used_bytes")?,
            memory_total_bytes: natural("memory_total_bytes")?,
            disk_percent: row.get("disk_percent")?,
            disk_used_bytes: natural("disk_used_bytes")?,
            disk_total_bytes: natural("disk_total_bytes")?,
            network_sent_bytes: natural("network_sent_bytes")?,
            network_received_bytes: natural("network_received_bytes")?,
        },
    })
}
