//! Records the outcome of an attempt, and the state of its route.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, named_params, params};

use crate::error::StoreError;
use crate::sql::integer;
use crate::store::Store;

/// What waits after a failed attempt, and for how long.
#[derive(Clone, Debug, PartialEq)]
pub enum Retry {
    /// All messages of the route.
    Route(Duration),
    /// Only this message.
    Message(Duration),
}

impl Store {
    /// Records that a message was delivered.
    ///
    /// # Errors
    /// When the file cannot be written. The message is then sent again, with the same key.
    pub fn delivered(&mut self, id: i64, route: &str, now: Timestamp) -> Result<(), StoreError> {
        let statements = |conn: &Connection| {
            let sql = "UPDATE deliveries SET state = 'delivered', reason = NULL, finished_ms = ? WHERE id = ?";
            conn.execute(sql, params![now.as_millisecond(), id])?;
            conn.execute(
                "INSERT INTO routes (name, last_delivered_ms) VALUES (:route, :now) ON CONFLICT (name) DO UPDATE
                 SET failures = 0, failing_since_ms = NULL, retry_ms = NULL, last_delivered_ms = :now",
                named_params! { ":route": route, ":now": now.as_millisecond() },
            )?;
            Ok(())
        };
        self.write("record a delivery", statements)
    }

    /// Records that an attempt failed.
    ///
    /// # Errors
    /// When the file cannot be written. The attempt then counts like one whose process was killed.
    pub fn not_delivered(
        &mut self,
        id: i64,
        route: &str,
        error: &str,
        retry: &Retry,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let after = |wait: &Duration| now.as_millisecond().saturating_add(integer(wait.as_millis()));
        let statements = |conn: &Connection| {
            conn.execute("UPDATE deliveries SET reason = ? WHERE id = ?", params![error, id])?;
            match retry {
                Retry::Route(wait) => fail_route(conn, route, error, after(wait), now)?,
                Retry::Message(wait) => {
                    conn.execute("UPDATE deliveries SET due_ms = ? WHERE id = ?", params![after(wait), id])?
                }
            };
            Ok(())
        };
        self.write("record a failed delivery", statements)
    }

    /// Failures of a route in a row.
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
}

fn fail_route(conn: &Connection, route: &str, error: &str, retry_ms: i64, now: Timestamp) -> rusqlite::Result<usize> {
    conn.execute(
        "INSERT INTO routes (name, failures, failing_since_ms, retry_ms, last_error) VALUES (:route, 1, :now, :retry, :error)
         ON CONFLICT (name) DO UPDATE SET failures = failures + 1,
             failing_since_ms = coalesce(failing_since_ms, :now), retry_ms = :retry, last_error = :error",
        named_params! { ":route": route, ":now": now.as_millisecond(), ":retry": retry_ms, ":error": error },
    )
}
