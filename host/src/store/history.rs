//! Past readings, for the checks that ask for a window of them.

use std::time::Instant;

use rusqlite::Connection;

use super::Store;
use super::error::StoreError;
use super::previous::{read_json, readable};
use super::sql::integer;
use crate::check::Grants;
use crate::metric::{Labels, Series, name_matches};

/// A window of one group of series.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Window<'a> {
    /// A metric name, or the beginning of names and a `*`.
    pub metric: &'a str,
    /// Labels that a series must carry.
    pub labels: &'a Labels,
    /// Of cycles that began then or later, in milliseconds since the epoch.
    pub from_ms: i64,
}

/// Which past readings one check is given.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HistoryQuery<'a> {
    /// What it asks for. Of a series that is in several windows, the longest.
    pub windows: Vec<Window<'a>>,
    /// What it may see.
    pub grants: &'a Grants,
    /// Of cycles that began before, in milliseconds since the epoch.
    pub until_ms: i64,
}

/// Past readings, or why there are none.
#[derive(Clone, Debug, PartialEq)]
pub enum History {
    /// Sorted by name and labels, each oldest first.
    Read(Vec<Series>),
    /// There are more points than wanted.
    TooMany,
    /// Reading them took too long.
    TooLate,
}

impl Store {
    /// The past readings that a query asks for, if there are at most `max_points`, and if there is time until `deadline`:
    /// how much is read is bounded, whatever is asked for.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn history(
        &self,
        query: &HistoryQuery<'_>,
        max_points: usize,
        deadline: Instant,
    ) -> Result<History, StoreError> {
        let read = read_history(&self.conn, query, max_points, deadline);
        let read = readable(read).map_err(self.failed("read the past readings"))?;
        Ok(read.unwrap_or_else(|| History::Read(Vec::new())))
    }
}

/// Seeks each cycle of the window: a cycle's readings lie together, and a window holds few of all cycles.
pub(super) const POINTS: &str = "
    SELECT runs.started_at_ms, samples.value
    FROM runs CROSS JOIN samples ON samples.run_id = runs.id AND samples.series_id = ?
    WHERE runs.started_at_ms >= ? AND runs.started_at_ms < ? ORDER BY runs.started_at_ms LIMIT ?";

fn read_history(
    conn: &Connection,
    query: &HistoryQuery<'_>,
    max_points: usize,
    deadline: Instant,
) -> rusqlite::Result<History> {
    let mut points = conn.prepare_cached(POINTS)?;
    let mut left = max_points;
    let mut history = Vec::new();
    for (id, from_ms, mut series) in wanted_series(conn, query)? {
        if Instant::now() >= deadline {
            return Ok(History::TooLate);
        }
        // One more than there may be shows that there are too many.
        let parameters = (id, from_ms, query.until_ms, integer(left.saturating_add(1)));
        let rows = points.query_map(parameters, |row| Ok((row.get(0)?, row.get(1)?)))?;
        series.points = rows.collect::<rusqlite::Result<_>>()?;
        match left.checked_sub(series.points.len()) {
            Some(still_left) => left = still_left,
            None => return Ok(History::TooMany),
        }
        if !series.points.is_empty() {
            history.push(series);
        }
    }
    Ok(History::Read(history))
}

/// The series that are asked for and granted: id, from when on, and what it is of.
fn wanted_series(conn: &Connection, query: &HistoryQuery<'_>) -> rusqlite::Result<Vec<(i64, i64, Series)>> {
    let mut statement = conn.prepare_cached("SELECT id, name, labels FROM series")?;
    let mut rows = statement.query(())?;
    let mut wanted = Vec::new();
    while let Some(row) = rows.next()? {
        let name: String = row.get("name")?;
        if !query.grants.allow(&name) || !query.windows.iter().any(|window| name_matches(window.metric, &name)) {
            continue;
        }
        let labels: Labels = read_json(row, "labels")?;
        let holds = |window: &&Window<'_>| name_matches(window.metric, &name) && labels.contains(window.labels);
        if let Some(from_ms) = query.windows.iter().filter(holds).map(|window| window.from_ms).min() {
            wanted.push((row.get("id")?, from_ms, Series { name, labels, points: Vec::new() }));
        }
    }
    wanted.sort_by(|(.., a), (.., b)| (&a.name, &a.labels).cmp(&(&b.name, &b.labels)));
    Ok(wanted)
}
