//! Past readings, for the checks that ask for a window of them.

use rusqlite::Connection;

use super::Store;
use super::error::StoreError;
use super::previous::{read_json, readable};
use super::sql::integer;
use crate::check::Grants;
use crate::metric::{Labels, Series, name_matches};

/// Which past readings to read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HistoryQuery<'a> {
    /// A metric name, or the beginning of names and a `*`.
    pub metric: &'a str,
    /// Labels that a series must carry.
    pub labels: &'a Labels,
    /// What the check may see.
    pub grants: &'a Grants,
    /// Of cycles that began then or later, in milliseconds since the epoch.
    pub from_ms: i64,
    /// Of cycles that began before.
    pub until_ms: i64,
    /// Reading stops after so many.
    pub max_points: usize,
}

impl Store {
    /// The past readings that a query asks for, sorted by name and labels, each oldest first. There are `max_points` or
    /// fewer, or that many and one: then there are more.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn history(&self, query: &HistoryQuery<'_>) -> Result<Vec<Series>, StoreError> {
        let read = read_history(&self.conn, query);
        readable(read).map(Option::unwrap_or_default).map_err(self.failed("read the past readings"))
    }
}

/// Seeks each cycle of the window: a cycle's readings lie together, and a window holds few of all cycles.
pub(super) const POINTS: &str = "
    SELECT runs.started_at_ms, samples.value
    FROM runs CROSS JOIN samples ON samples.run_id = runs.id AND samples.series_id = ?
    WHERE runs.started_at_ms >= ? AND runs.started_at_ms < ? ORDER BY runs.started_at_ms LIMIT ?";

fn read_history(conn: &Connection, query: &HistoryQuery<'_>) -> rusqlite::Result<Vec<Series>> {
    let mut points = conn.prepare_cached(POINTS)?;
    let mut left = query.max_points.saturating_add(1);
    let mut history = Vec::new();
    for (id, mut series) in wanted_series(conn, query)? {
        let parameters = (id, query.from_ms, query.until_ms, integer(left));
        let rows = points.query_map(parameters, |row| Ok((row.get(0)?, row.get(1)?)))?;
        series.points = rows.collect::<rusqlite::Result<_>>()?;
        left -= series.points.len();
        if !series.points.is_empty() {
            history.push(series);
        }
    }
    Ok(history)
}

fn wanted_series(conn: &Connection, query: &HistoryQuery<'_>) -> rusqlite::Result<Vec<(i64, Series)>> {
    let mut statement = conn.prepare_cached("SELECT id, name, labels FROM series")?;
    let mut rows = statement.query(())?;
    let mut wanted = Vec::new();
    while let Some(row) = rows.next()? {
        let name: String = row.get("name")?;
        if name_matches(query.metric, &name) && query.grants.allow(&name) {
            let labels: Labels = read_json(row, "labels")?;
            if labels.contains(query.labels) {
                wanted.push((row.get("id")?, Series { name, labels, points: Vec::new() }));
            }
        }
    }
    wanted.sort_by(|(_, a), (_, b)| (&a.name, &a.labels).cmp(&(&b.name, &b.labels)));
    Ok(wanted)
}
