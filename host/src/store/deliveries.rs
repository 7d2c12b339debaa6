//! Reading the outbox, for people.

use jiff::Timestamp;
use rusqlite::{Row, named_params};
use serde::Serialize;

use super::Store;
use super::error::StoreError;
use super::sql::integer;
use super::time::{read_ms, unreadable};

/// A row of `deliveries`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeliveryRow {
    /// Its number.
    pub id: i64,
    /// Row in `runs`.
    pub run_id: i64,
    /// The route.
    pub route: String,
    /// The same for each attempt.
    pub key: String,
    /// `pending`, `delivered` or `expired`.
    pub state: String,
    /// Why it waits, or the last error.
    pub reason: Option<String>,
    /// How often it was tried.
    pub attempts: i64,
    /// When its cycle began.
    pub created: Timestamp,
    /// Not tried before.
    pub due: Timestamp,
    /// Given up then.
    pub expires: Timestamp,
    /// When it was delivered or given up.
    pub finished: Option<Timestamp>,
    /// The ids of what it tells.
    pub notifications: Vec<i64>,
}

/// How a route fares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RouteRow {
    /// Its name.
    pub name: String,
    /// Failures in a row.
    pub failures: i64,
    /// Since when.
    pub failing_since: Option<Timestamp>,
    /// When it is tried again.
    pub next_try: Option<Timestamp>,
    /// The error of the last attempt that failed.
    pub last_error: Option<String>,
    /// When it last took a message.
    pub last_delivered: Option<Timestamp>,
    /// Messages that wait.
    pub pending: i64,
}

/// Which deliveries to read.
#[derive(Clone, Debug)]
pub struct DeliveryFilter {
    /// Not those before.
    pub since: Option<Timestamp>,
    /// Not more than this, the newest.
    pub limit: usize,
    /// Only those of this route.
    pub route: Option<String>,
    /// Only those in this state.
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

    /// How each route fares that ever had something to deliver, by name.
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
    let notifications: String = row.get("notifications")?;
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
        notifications: serde_json::from_str(&notifications).map_err(|why| unreadable(why.to_string()))?,
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

fn read_ms_or_null(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<Timestamp>> {
    row.get::<_, Option<i64>>(column)?.map(|_| read_ms(row, column)).transpose()
}
