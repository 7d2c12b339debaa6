//! Putting messages into the outbox, in the transaction of what they tell.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, named_params, params};

use crate::route::Planned;

/// A message that has so many notifications is joined by no more: what is larger than its receiver takes is lost as one.
const MOST_NOTIFICATIONS: i64 = 500;

/// Writes the messages of notifications that were stored with these ids. One that is held joins what is held on its route
/// for the same reason, unless that is being sent by now.
pub(super) fn write_deliveries(
    conn: &Connection,
    run_id: i64,
    notifications: &[i64],
    planned: &[Planned],
    now: Timestamp,
) -> rusqlite::Result<()> {
    let mut held = conn.prepare_cached(
        "SELECT id FROM deliveries
         WHERE state = 'pending' AND route = :route AND reason = :why AND attempts = 0 AND due_ms > :now
             AND (due_ms >= :due OR :why = 'rate limit')
             AND (SELECT count(*) FROM delivery_notifications WHERE delivery_id = deliveries.id) < :most
         ORDER BY due_ms LIMIT 1",
    )?;
    let mut insert = conn.prepare_cached(
        "INSERT INTO deliveries (run_id, route, key, state, reason, created_ms, due_ms, expires_ms)
         VALUES (?, ?, lower(hex(randomblob(16))), 'pending', ?, ?, ?, ?)",
    )?;
    let mut tell =
        conn.prepare_cached("INSERT INTO delivery_notifications (delivery_id, notification_id) VALUES (?, ?)")?;
    for message in planned {
        let joined = match &message.held {
            None => None,
            Some(why) => {
                let parameters = named_params! {
                    ":route": message.route,
                    ":why": why,
                    ":now": now.as_millisecond(),
                    ":due": message.due.as_millisecond(),
                    ":most": MOST_NOTIFICATIONS,
                };
                held.query_row(parameters, |row| row.get(0)).optional()?
            }
        };
        let delivery = match joined {
            Some(id) => id,
            None => insert.insert(params![
                run_id,
                message.route,
                message.held,
                now.as_millisecond(),
                message.due.as_millisecond(),
                message.expires.as_millisecond()
            ])?,
        };
        for position in &message.notifications {
            if let Some(notification) = notifications.get(*position) {
                tell.execute(params![delivery, notification])?;
            }
        }
    }
    Ok(())
}
