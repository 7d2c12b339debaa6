//! The table `notifications`: written with their cycle, read by commands and by delivery.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, named_params};

use checkpost_alerting::alert::{AlertKey, Kind, Notification, Stored};
use checkpost_model::check::Status;

use crate::error::StoreError;
use crate::sql::integer;
use crate::store::Store;
use crate::time::{public_time, read_public_time, since_text};

/// Which notifications to read.
#[derive(Clone, Debug)]
pub struct NotificationFilter {
    /// Only notifications of this time or later.
    pub since: Option<Timestamp>,
    /// At most this many.
    pub limit: usize,
    /// Only this channel.
    pub channel: Option<String>,
    /// Only this level.
    pub level: Option<Status>,
}

impl Store {
    /// Notifications, newest cycle first; within a cycle, the worst first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn notifications(&self, filter: &NotificationFilter) -> Result<Vec<Stored<Notification>>, StoreError> {
        self.read_notifications(filter, "1", "sent_at DESC, id")
    }

    /// Notifications that were stored after the one with this number, in the order in which they were stored.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn notifications_after(
        &self,
        id: i64,
        filter: &NotificationFilter,
    ) -> Result<Vec<Stored<Notification>>, StoreError> {
        self.read_notifications(filter, &format!("id > {id}"), "id")
    }

    /// The number of the newest notification; 0 if there is none.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn last_notification(&self) -> Result<i64, StoreError> {
        let sql = "SELECT coalesce(max(id), 0) FROM notifications";
        self.conn.query_row(sql, (), |row| row.get(0)).map_err(self.failed("read the notifications"))
    }

    /// The alert of a notification.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn alert_of_notification(&self, id: i64) -> Result<Option<AlertKey>, StoreError> {
        let key = |row: &Row<'_>| Ok(AlertKey { instance: row.get(0)?, subject: row.get(1)? });
        let sql = "SELECT check_name, subject FROM notifications WHERE id = ?";
        self.conn.query_row(sql, [id], key).optional().map_err(self.failed("read the notification"))
    }

    fn read_notifications(
        &self,
        filter: &NotificationFilter,
        condition: &str,
        order: &str,
    ) -> Result<Vec<Stored<Notification>>, StoreError> {
        // Only the necessary conditions: "? IS NULL OR channel = ?" would keep SQLite from using the index.
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
                    |row| stored_notification(row, read_public_time(row, "sent_at")?),
                )?
                .collect::<rusqlite::Result<_>>()
        };
        read().map_err(self.failed("read the notifications"))
    }
}

/// Writes one notification and returns its id.
pub(crate) fn write_notification(
    conn: &Connection,
    run_id: i64,
    hostname: &str,
    sent_at: Timestamp,
    notification: &Notification,
) -> rusqlite::Result<i64> {
    let sql = "INSERT INTO notifications (run_id, channel, level, kind, title, message, sent_at, hostname, check_name,
            subject, owner, previous_level, suppressed, found)
        VALUES (:run_id, :channel, :level, :kind, :title, :message, :sent_at, :hostname, :check_name,
            :subject, :owner, :previous_level, :suppressed, :found)";
    conn.prepare_cached(sql)?.insert(named_params! {
        ":run_id": run_id,
        ":channel": notification.channel,
        ":level": notification.level.level(),
        ":kind": notification.kind.as_str(),
        ":title": notification.title,
        ":message": notification.message,
        ":sent_at": public_time(sent_at),
        ":hostname": hostname,
        ":check_name": notification.check,
        ":subject": notification.subject,
        ":owner": notification.owner,
        ":previous_level": notification.previous_level.level(),
        ":suppressed": notification.suppressed,
        ":found": notification.is_found,
    })
}

/// Reads a row of `notifications`. An invalid level or kind becomes unknown.
pub(crate) fn stored_notification(row: &Row<'_>, time: Timestamp) -> rusqlite::Result<Stored<Notification>> {
    let level = |column| {
        let text: String = row.get(column)?;
        Ok::<_, rusqlite::Error>(Status::parse(&text.to_lowercase()).unwrap_or(Status::Unknown))
    };
    let kind: String = row.get("kind")?;
    Ok(Stored {
        id: row.get("id")?,
        run_id: row.get("run_id")?,
        time,
        host: row.get("hostname")?,
        value: Notification {
            level: level("level")?,
            previous_level: level("previous_level")?,
            kind: Kind::parse(&kind).unwrap_or(Kind::Unknown),
            channel: row.get("channel")?,
            owner: row.get("owner")?,
            check: row.get("check_name")?,
            subject: row.get("subject")?,
            is_found: row.get("found")?,
            title: row.get("title")?,
            message: row.get("message")?,
            suppressed: row.get("suppressed")?,
        },
    })
}
