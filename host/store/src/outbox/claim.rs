//! Finds the next message to send on a route, and counts the attempt.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, named_params};

use checkpost_alerting::alert::{Notification, Stored};
use checkpost_alerting::route::LONGEST_WAIT;

use crate::error::StoreError;
use crate::notifications::stored_notification;
use crate::row::read_ms;
use crate::sql::integer;
use crate::store::Store;
use crate::time::read_public_time;

/// A message that is being sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Claimed {
    /// Row in `deliveries`.
    pub id: i64,
    /// Row of its cycle in `runs`.
    pub run_id: i64,
    /// Idempotency key, the same for each attempt.
    pub key: String,
    /// Attempts, including this one. It is counted before it begins, so that a message that kills its process is recognized.
    pub attempts: u32,
    /// When the message is abandoned.
    pub expires: Timestamp,
    /// Host name.
    pub host: String,
    /// Its notifications, the worst first.
    pub items: Vec<Stored<Notification>>,
}

// Indexes of pending rows answer these, however many messages were ever delivered.
pub(crate) const PENDING_ROUTES: &str = "SELECT DISTINCT route FROM deliveries WHERE state = 'pending' ORDER BY route";

/// A message that was written in the future was written before the clock was set back: it does not wait for that time to come
/// again. A message that was tried often comes last: if it breaks its receiver, the others are still sent.
pub(crate) const NEXT: &str = "
    SELECT id, run_id, key, attempts, expires_ms FROM deliveries
    WHERE state = 'pending' AND route = :route AND (
        due_ms <= :now
        OR attempts = 0 AND created_ms > :now
        OR attempts > 0 AND due_ms > :now + :longest
    )
        AND NOT EXISTS (SELECT 1 FROM routes WHERE name = :route AND retry_ms > :now AND retry_ms <= :now + :longest)
    ORDER BY min(attempts, 3), id LIMIT 1";

impl Store {
    /// The routes with pending messages, by name.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn pending_routes(&self) -> Result<Vec<String>, StoreError> {
        let read = || {
            self.conn.prepare_cached(PENDING_ROUTES)?.query_map((), |row| row.get(0))?.collect::<rusqlite::Result<_>>()
        };
        read().map_err(self.failed("read the deliveries"))
    }

    /// Takes the next message of a route that is due at `now`, and counts the attempt.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn claim(&mut self, route: &str, now: Timestamp) -> Result<Option<Claimed>, StoreError> {
        self.write("claim a delivery", |conn| claim(conn, route, now))
    }

    /// How long until a message of the route is due; `None` without pending messages.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn next_delivery(&self, route: &str, now: Timestamp) -> Result<Option<Duration>, StoreError> {
        let sql = "SELECT max(min(due_ms), coalesce((SELECT retry_ms FROM routes WHERE name = :route), 0)) AS next_ms
                   FROM deliveries WHERE state = 'pending' AND route = :route";
        let next: Option<i64> = self
            .conn
            .prepare_cached(sql)
            .and_then(|mut next| next.query_row(named_params! { ":route": route }, |row| row.get("next_ms")))
            .map_err(self.failed("read the deliveries"))?;
        Ok(next.map(|next| Duration::from_millis(u64::try_from(next - now.as_millisecond()).unwrap_or(0))))
    }
}

fn claim(conn: &Connection, route: &str, now: Timestamp) -> rusqlite::Result<Option<Claimed>> {
    let claimed = next(conn, route, now)?;
    if let Some(claimed) = &claimed {
        conn.execute("UPDATE deliveries SET attempts = attempts + 1 WHERE id = ?", [claimed.id])?;
    }
    Ok(claimed)
}

fn next(conn: &Connection, route: &str, now: Timestamp) -> rusqlite::Result<Option<Claimed>> {
    let parameters = named_params! {
        ":route": route, ":now": now.as_millisecond(), ":longest": integer(LONGEST_WAIT.as_millis())
    };
    let found = conn
        .prepare_cached(NEXT)?
        .query_row(parameters, |row| {
            Ok(Claimed {
                id: row.get("id")?,
                run_id: row.get("run_id")?,
                key: row.get("key")?,
                attempts: row.get::<_, u32>("attempts")?.saturating_add(1),
                expires: read_ms(row, "expires_ms")?,
                host: String::new(),
                items: Vec::new(),
            })
        })
        .optional()?;
    let Some(mut claimed) = found else { return Ok(None) };
    let sql = "SELECT notifications.* FROM delivery_notifications
               JOIN notifications ON notifications.id = notification_id WHERE delivery_id = ? ORDER BY notifications.id";
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query([claimed.id])?;
    while let Some(row) = rows.next()? {
        claimed.host = row.get("hostname")?;
        // A time that cannot be read must not stop the message.
        let time = read_public_time(row, "sent_at").unwrap_or(Timestamp::UNIX_EPOCH);
        claimed.items.push(stored_notification(row, time)?);
    }
    // A delayed message has notifications of several cycles, each of which was sorted by itself.
    claimed.items.sort_by_key(|item| item.value.reading_order());
    Ok(Some(claimed))
}
