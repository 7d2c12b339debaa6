//! Reading the two public tables, newest first.

use jiff::Timestamp;
use rusqlite::{Row, named_params};
use serde::Serialize;

use super::Store;
use super::error::StoreError;
use super::sql::integer;
use super::time::{public_time, read_public_time};
use crate::check::Status;

/// A row of `system_metrics`. `None` is "not measured".
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MetricsRow {
    /// Row in `runs`.
    pub run_id: i64,
    /// When the cycle began.
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
    /// Total minus available.
    pub memory_used_bytes: Option<i64>,
    /// Memory of the host.
    pub memory_total_bytes: Option<i64>,
    /// Used share of the root filesystem, 0..100.
    pub disk_percent: Option<f64>,
    /// Used bytes of the root filesystem.
    pub disk_used_bytes: Option<i64>,
    /// Size of the root filesystem.
    pub disk_total_bytes: Option<i64>,
    /// Sent since boot over all interfaces.
    pub network_sent_bytes: Option<i64>,
    /// Received since boot over all interfaces.
    pub network_received_bytes: Option<i64>,
}

/// A row of `notifications`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotificationRow {
    /// Its number, for `checkpost explain`.
    pub id: i64,
    /// Row in `runs`.
    pub run_id: i64,
    /// Which team it is for.
    pub channel: String,
    /// `OK`, `WARNING`, `CRITICAL` or `UNKNOWN`.
    pub level: String,
    /// Why it was told: `raised`, `reminder`, `resolved`.
    pub kind: String,
    /// Headline.
    pub title: String,
    /// One sentence.
    pub message: String,
    /// When its cycle began.
    pub sent_at: Timestamp,
    /// Host name.
    pub hostname: String,
    /// The instance.
    pub check_name: String,
    /// What it is about; empty for the host.
    pub subject: String,
    /// Whose the instance is; empty: nobody's in particular.
    pub owner: String,
    /// What people had been told of it before; `OK`: nothing.
    pub previous_level: String,
    /// Why it went to nobody: `silence 3: new disks`.
    pub suppressed: Option<String>,
}

/// Which notifications to read.
#[derive(Clone, Debug)]
pub struct NotificationFilter {
    /// Not those before.
    pub since: Option<Timestamp>,
    /// Not more than this, the newest.
    pub limit: usize,
    /// Only those of this channel.
    pub channel: Option<String>,
    /// Only those of this level.
    pub level: Option<Status>,
}

impl Store {
    /// Headline figures, newest first.
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

    /// Notifications, newest first; those of one cycle in the order it stored them, the worst first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn notifications(&self, filter: &NotificationFilter) -> Result<Vec<NotificationRow>, StoreError> {
        self.read_notifications(filter, "1", "sent_at DESC, id")
    }

    /// The notifications that were stored after the one with a number, in the order in which they were stored.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn notifications_after(
        &self,
        id: i64,
        filter: &NotificationFilter,
    ) -> Result<Vec<NotificationRow>, StoreError> {
        self.read_notifications(filter, &format!("id > {id}"), "id")
    }

    /// The number of the notification that was stored last; 0 without any.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn last_notification(&self) -> Result<i64, StoreError> {
        let sql = "SELECT coalesce(max(id), 0) FROM notifications";
        self.conn.query_row(sql, (), |row| row.get(0)).map_err(self.failed("read the notifications"))
    }

    fn read_notifications(
        &self,
        filter: &NotificationFilter,
        condition: &str,
        order: &str,
    ) -> Result<Vec<NotificationRow>, StoreError> {
        // Only the conditions that are asked for: "? IS NULL OR channel = ?" would keep SQLite from using the index.
        let channel = if filter.channel.is_some() { "channel = :channel" } else { ":channel IS NULL" };
        let level = if filter.level.is_some() { "level = :level" } else { ":level IS NULL" };
        let sql = format!(
            "SELECT * FROM notifications WHERE {condition} AND sent_at >= :since AND {channel} AND {level}
             ORDER BY {order} LIMIT :limit"
        );
        let read = || {
            self.conn
                .prepare(&sql)?
                .query_map(
                    named_params! {
                        ":since": since_text(filter.since),
                        ":channel": filter.channel,
                        ":level": filter.level.map(Status::level),
                        ":limit": integer(filter.limit),
                    },
                    notification_row,
                )?
                .collect::<rusqlite::Result<_>>()
        };
        read().map_err(self.failed("read the notifications"))
    }
}

/// Every time sorts after the empty text.
fn since_text(since: Option<Timestamp>) -> String {
    since.map(public_time).unwrap_or_default()
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

fn notification_row(row: &Row<'_>) -> rusqlite::Result<NotificationRow> {
    Ok(NotificationRow {
        id: row.get("id")?,
        run_id: row.get("run_id")?,
        channel: row.get("channel")?,
        level: row.get("level")?,
        kind: row.get("kind")?,
        title: row.get("title")?,
        message: row.get("message")?,
        sent_at: read_public_time(row, "sent_at")?,
        hostname: row.get("hostname")?,
        check_name: row.get("check_name")?,
        subject: row.get("subject")?,
        owner: row.get("owner")?,
        previous_level: row.get("previous_level")?,
        suppressed: row.get("suppressed")?,
    })
}
