//! Adds messages to the outbox, in the transaction of their notifications.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, named_params, params};

use checkpost_alerting::route::{Planned, Recent};

use crate::error::StoreError;
use crate::row::read_ms;
use crate::sql::integer;
use crate::store::Store;

/// Notifications of a delayed message at most. A receiver may refuse a larger message, and all of it would be lost.
const MAX_NOTIFICATIONS: i64 = 500;

// Reads from the newest row on in an index, however many messages were ever delivered.
pub(crate) const RECENT: &str = "
    SELECT due_ms FROM deliveries WHERE route = ? AND (due_ms <= ? OR reason = 'rate limit') ORDER BY due_ms DESC LIMIT ?";

impl Store {
    /// For each route, when its last messages were due, the latest first, as many as the number says. Delayed messages count
    /// only if a rate limit delays them.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn recent_deliveries<'a>(
        &self,
        routes: impl IntoIterator<Item = (&'a str, usize)>,
        now: Timestamp,
    ) -> Result<Recent, StoreError> {
        let read = |(route, limit): (&'a str, usize)| {
            let mut statement = self.conn.prepare_cached(RECENT)?;
            let rows = statement
                .query_map(params![route, now.as_millisecond(), integer(limit)], |row| read_ms(row, "due_ms"))?;
            Ok((route.to_owned(), rows.collect::<rusqlite::Result<_>>()?))
        };
        routes.into_iter().map(read).collect::<rusqlite::Result<_>>().map_err(self.failed("read the deliveries"))
    }
}

/// Writes the messages of notifications that were stored with these ids. A delayed message joins a message that is delayed on
/// its route for the same reason, unless an attempt to send that message has begun.
pub(crate) fn write_deliveries(
    conn: &Connection,
    run_id: i64,
    notifications: &[i64],
    planned: &[Planned],
    now: Timestamp,
) -> rusqlite::Result<()> {
    let mut delayed = conn.prepare_cached(
        "SELECT id FROM deliveries
         WHERE state = 'pending' AND route = :route AND reason = :reason AND attempts = 0 AND due_ms > :now
             AND (due_ms >= :due OR :reason = 'rate limit')
             AND (SELECT count(*) FROM delivery_notifications WHERE delivery_id = deliveries.id) < :most
         ORDER BY due_ms LIMIT 1",
    )?;
    let mut insert = conn.prepare_cached(
        "INSERT INTO deliveries (run_id, route, key, state, reason, created_ms, due_ms, expires_ms)
         VALUES (?, ?, lower(hex(randomblob(16))), 'pending', ?, ?, ?, ?)",
    )?;
    let mut link =
        conn.prepare_cached("INSERT INTO delivery_notifications (delivery_id, notification_id) VALUES (?, ?)")?;
    for message in planned {
        let joined = match &message.delayed {
            None => None,
            Some(reason) => {
                let parameters = named_params! {
                    ":route": message.route,
                    ":reason": reason,
                    ":now": now.as_millisecond(),
                    ":due": message.due.as_millisecond(),
                    ":most": MAX_NOTIFICATIONS,
                };
                delayed.query_row(parameters, |row| row.get(0)).optional()?
            }
        };
        let delivery = match joined {
            Some(id) => id,
            None => insert.insert(params![
                run_id,
                message.route,
                message.delayed,
                now.as_millisecond(),
                message.due.as_millisecond(),
                message.expires.as_millisecond()
            ])?,
        };
        for position in &message.notifications {
            if let Some(notification) = notifications.get(*position) {
                link.execute(params![delivery, notification])?;
            }
        }
    }
    Ok(())
}
