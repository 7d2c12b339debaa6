//! The outbox: messages that wait to be delivered, and how each route fares.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, named_params, params};

use super::Store;
use super::error::StoreError;
use super::sql::integer;
use super::time::{read_ms, read_public_time};
use crate::alert::Kind;
use crate::check::Status;
use crate::route::{Item, LONGEST_WAIT, Recent};

/// A message that is being sent. Its attempt is counted already, so that one that ends the process is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Claimed {
    /// Row in `deliveries`.
    pub id: i64,
    /// Row in `runs`: the cycle that it tells of.
    pub run_id: i64,
    /// The same for each attempt.
    pub key: String,
    /// How often it was tried, this time included.
    pub attempts: u32,
    /// When it is given up.
    pub expires: Timestamp,
    /// The name of the machine.
    pub host: String,
    /// What it tells, the worst first.
    pub items: Vec<Item>,
}

// Each is answered by an index of what waits, or from the newest row on, however many were ever delivered.
pub(super) const WAITING_ROUTES: &str = "SELECT DISTINCT route FROM deliveries WHERE state = 'pending' ORDER BY route";

pub(super) const RECENT: &str = "
    SELECT due_ms FROM deliveries WHERE route = ? AND (due_ms <= ? OR reason = 'rate limit') ORDER BY due_ms DESC LIMIT ?";

pub(super) const NEXT: &str = "
    SELECT id, run_id, key, attempts, expires_ms FROM deliveries
    WHERE state = 'pending' AND route = :route AND (
        due_ms <= :now
        OR attempts = 0 AND created_ms > :now
        OR attempts > 0 AND due_ms > :now + :longest
    )
        AND NOT EXISTS (SELECT 1 FROM routes WHERE name = :route AND retry_ms > :now AND retry_ms <= :now + :longest)
    ORDER BY min(attempts, 3), id LIMIT 1";

/// What a failure means for what comes next.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// Nothing is tried on this route before.
    Route(Duration),
    /// This message is not tried before.
    Message(Duration),
}

impl Store {
    /// When the last messages of a route were due, the latest first. Those that wait for something else than its rate
    /// limit do not count.
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

    /// The routes that have something to deliver, by name.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn waiting_routes(&self) -> Result<Vec<String>, StoreError> {
        let read = || {
            self.conn.prepare_cached(WAITING_ROUTES)?.query_map((), |row| row.get(0))?.collect::<rusqlite::Result<_>>()
        };
        read().map_err(self.failed("read the deliveries"))
    }

    /// Takes the next message of a route that may be sent at `now`, and counts the attempt.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn claim(&mut self, route: &str, now: Timestamp) -> Result<Option<Claimed>, StoreError> {
        claim(&mut self.conn, route, now).map_err(|source| StoreError::sqlite(&self.path, "claim a delivery", source))
    }

    /// How long until a message of one of the routes may be sent, if one waits.
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

    /// A message has arrived.
    ///
    /// # Errors
    /// When the file cannot be written: it will be sent again, with the same key.
    pub fn delivered(&mut self, id: i64, route: &str, now: Timestamp) -> Result<(), StoreError> {
        let write = |conn: &Connection| {
            let sql = "UPDATE deliveries SET state = 'delivered', reason = NULL, finished_ms = ? WHERE id = ?";
            conn.execute(sql, params![now.as_millisecond(), id])?;
            conn.execute(
                "INSERT INTO routes (name, last_delivered_ms) VALUES (:route, :now) ON CONFLICT (name) DO UPDATE
                 SET failures = 0, failing_since_ms = NULL, retry_ms = NULL, last_delivered_ms = :now",
                named_params! { ":route": route, ":now": now.as_millisecond() },
            )
        };
        self.write("record a delivery", write)
    }

    /// A message has not arrived.
    ///
    /// # Errors
    /// When the file cannot be written: it is as if the attempt had been cut off.
    pub fn not_delivered(
        &mut self,
        id: i64,
        route: &str,
        error: &str,
        next: &Next,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let after = |wait: &Duration| now.as_millisecond().saturating_add(integer(wait.as_millis()));
        let write = |conn: &Connection| {
            conn.execute("UPDATE deliveries SET reason = ? WHERE id = ?", params![error, id])?;
            match next {
                Next::Route(wait) => fail_route(conn, route, error, Some(after(wait)), now),
                Next::Message(wait) => {
                    conn.execute("UPDATE deliveries SET due_ms = ? WHERE id = ?", params![after(wait), id])
                }
            }
        };
        self.write("record a delivery that failed", write)
    }

    /// How many failures in a row a route has had.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn failures(&self, route: &str) -> Result<u32, StoreError> {
        let read = || {
            let mut statement = self.conn.prepare_cached("SELECT failures FROM routes WHERE name = ?")?;
            statement.query_row([route], |row| row.get(0)).optional()
        };
        Ok(read().map_err(self.failed("read the routes"))?.unwrap_or_default())
    }

    pub(super) fn write(
        &mut self,
        doing: &'static str,
        write: impl FnOnce(&Connection) -> rusqlite::Result<usize>,
    ) -> Result<(), StoreError> {
        let conn = &mut self.conn;
        let in_transaction = || {
            let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
            write(&transaction)?;
            transaction.commit()
        };
        in_transaction().map_err(|source| StoreError::sqlite(&self.path, doing, source))
    }
}

fn claim(conn: &mut Connection, route: &str, now: Timestamp) -> rusqlite::Result<Option<Claimed>> {
    let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let claimed = next(&transaction, route, now)?;
    if let Some(claimed) = &claimed {
        transaction.execute("UPDATE deliveries SET attempts = attempts + 1 WHERE id = ?", [claimed.id])?;
    }
    transaction.commit()?;
    Ok(claimed)
}

/// What was written later than now was written before the clock went back: it does not wait for that time to come again.
/// What was tried often comes last: one message that breaks its receiver must not hold up the others.
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
        claimed.items.push(item(row)?);
    }
    // Those of several cycles that waited together are not sorted yet.
    claimed.items.sort_by_key(|item| std::cmp::Reverse(item.level.severity()));
    Ok(Some(claimed))
}

/// What cannot be understood costs nothing but itself: a message must not be stuck on it.
fn item(row: &rusqlite::Row<'_>) -> rusqlite::Result<Item> {
    let level = |column| {
        let text: String = row.get(column)?;
        Ok::<_, rusqlite::Error>(Status::parse(&text.to_lowercase()).unwrap_or(Status::Unknown))
    };
    let kind: String = row.get("kind")?;
    Ok(Item {
        id: row.get("id")?,
        time: read_public_time(row, "sent_at").unwrap_or(Timestamp::UNIX_EPOCH),
        level: level("level")?,
        previous_level: level("previous_level")?,
        kind: Kind::parse(&kind).unwrap_or(Kind::Unknown),
        channel: row.get("channel")?,
        owner: row.get("owner")?,
        check: row.get("check_name")?,
        subject: row.get("subject")?,
        title: row.get("title")?,
        message: row.get("message")?,
    })
}

fn fail_route(
    conn: &Connection,
    route: &str,
    error: &str,
    retry_ms: Option<i64>,
    now: Timestamp,
) -> rusqlite::Result<usize> {
    conn.execute(
        "INSERT INTO routes (name, failures, failing_since_ms, retry_ms, last_error) VALUES (:route, 1, :now, :retry, :error)
         ON CONFLICT (name) DO UPDATE SET failures = failures + 1,
             failing_since_ms = coalesce(failing_since_ms, :now), retry_ms = :retry, last_error = :error",
        named_params! { ":route": route, ":now": now.as_millisecond(), ":retry": retry_ms, ":error": error },
    )
}
