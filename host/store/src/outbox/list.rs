//! Lists deliveries and routes, for `checkpost deliveries` and `checkpost doctor`.

use jiff::Timestamp;
use rusqlite::{Row, named_params};
use serde::Serialize;

use crate::error::StoreError;
use crate::row::{read_json, read_ms, read_ms_or_null};
use crate::sql::integer;
use crate::store::Store;

/// A row of `deliveries`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeliveryRow {
    /// Its number.
    pub id: i64,
    /// Row of its cycle in `runs`.
    pub run_id: i64,
    /// Name of the route.
    pub route: String,
    /// Idempotency key, the same for each attempt.
    pub key: String,
    /// `pending`, `delivered` or `expired`.
    pub state: String,
    /// Why it is delayed, or the last error.
    pub reason: Option<String>,
    /// Attempts so far.
    pub attempts: i64,
    /// Start of its cycle.
    pub created: Timestamp,
    /// When the next attempt may begin.
    pub due: Timestamp,
    /// When it is abandoned.
    pub expires: Timestamp,
    /// When it was delivered or abandoned.
    pub finished: Option<Timestamp>,
    /// The ids of its notifications.
    pub notifications: Vec<i64>,
}

/// The state of a route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RouteRow {
    /// Its name.
    pub name: String,
    /// Failed attempts in a row.
    pub failures: i64,
    /// The first of these failures.
    pub failing_since: Option<Timestamp>,
    /// When the next attempt may begin.
    pub next_try: Option<Timestamp>,
    /// The error of the last failed attempt.
    pub last_error: Option<String>,
    /// When the last message was delivered.
    pub last_delivered: Option<Timestamp>,
    /// Pending messages.
    pub pending: i64,
}

/// Which deliveries to read.
#[derive(Clone, Debug)]
pub struct DeliveryFilter {
    /// Only deliveries of this time or later.
    pub since: Option<Timestamp>,
    /// At most this many, the newest.
    pub limit: usize,
    /// Only this route.
    pub route: Option<String>,
    /// Only this state.
    pub state: Option<&'static str>,
}

impl Store {
    /// Deliveries, newest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<DeliveryRow>, StoreError> {
        let sql = "SELECT *, (SELECT json_group_array(notification_id ORDER BY notification_id)
                              FROM delivery_notifications WHERE delivery_id = deliveries.id) AS notifications
                   FROM deliveries
                   WHERE created_ms >= :since AND (:route IS NULL OR route = :route) AND (:state IS NULL OR state = :state)
                   ORDER BY id DESC LIMIT :limit";
        let parameters = named_params! {
            ":since": filter.since.map_or(i64::MIN, Timestamp::as_millisecond),
            ":route": filter.route,
            ":state": filter.state,
            ":limit": integer(filter.limit),
        };
        let read = || self.conn.prepare(sql)?.query_map(parameters, delivery)?.collect::<rusqlite::Result<_>>();
        read().map_err(self.failed("read the deliveries"))
    }

    /// The state of each route that ever had a message, by name.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn routes(&self) -> Result<Vec<RouteRow>, StoreError> {
        let sql = "WITH names (name) AS (SELECT name FROM routes UNION SELECT route FROM deliveries WHERE state = 'pending')
                   SELECT names.name, coalesce(failures, 0) AS failures, failing_since_ms, retry_ms, last_error, last_delivered_ms,
                       (SELECT count(*) FROM deliveries WHERE state = 'pending' AND route = names.name) AS pending
                   FROM names LEFT JOIN routes ON routes.name = names.name ORDER BY names.name";
        let read = || self.conn.prepare(sql)?.query_map((), route)?.collect::<rusqlite::Result<_>>();
        read().map_err(self.failed("read the routes"))
    }
}

fn delivery(row: &Row<'_>) -> rusqlite::Result<DeliveryRow> {
    Ok(DeliveryRow {
        id: row.get("id")?,
        run_id: row.get("run_id")?,
        route: row.get("route")?,
        key: row.get("key")?,
        state: row.get("state")?,
        reason: row.get("reason")?,
        attempts: row.get("attempts")?,
        created: read_ms(row, "created_ms")?,
        due: read_ms(row, "due_ms")?,
        expires: read_ms(row, "expires_ms")?,
        finished: read_ms_or_null(row, "finished_ms")?,
        notifications: read_json(row, "notifications")?,
    })
}

fn route(row: &Row<'_>) -> rusqlite::Result<RouteRow> {
    Ok(RouteRow {
        name: row.get("name")?,
        failures: row.get("failures")?,
        failing_since: read_ms_or_null(row, "failing_since_ms")?,
        next_try: read_ms_or_null(row, "retry_ms")?,
        last_error: row.get("last_error")?,
        last_delivered: read_ms_or_null(row, "last_delivered_ms")?,
        pending: row.get("pending")?,
    })
}
