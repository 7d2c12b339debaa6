//! Past samples, for checks that declare a window of history.

use std::time::Instant;

use rusqlite::Connection;

use checkpost_model::check::Grants;
use checkpost_model::metric::{Labels, Series, name_matches};

use crate::error::StoreError;
use crate::row::{read_json, readable};
use crate::sql::integer;
use crate::store::Store;

/// A time window of a group of series.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Window<'a> {
    /// A metric name, or a prefix and `*`.
    pub metric: &'a str,
    /// Labels that a series must carry.
    pub labels: &'a Labels,
    /// The first start of a cycle, inclusive, in milliseconds since 1970.
    pub from_ms: i64,
}

/// The past samples that one check needs and may see.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HistoryQuery<'a> {
    /// The windows that the check declares. A series in several windows is read once, for the longest.
    pub windows: Vec<Window<'a>>,
    /// The metrics that the check may see.
    pub grants: &'a Grants,
    /// The last start of a cycle, exclusive, in milliseconds since 1970.
    pub until_ms: i64,
}

/// Past samples, or why they were not read.
#[derive(Clone, Debug, PartialEq)]
pub enum History {
    /// Series, sorted by name and labels, with their points oldest first.
    Read(Vec<Series>),
    /// There are more points than the limit.
    TooMany,
    /// Reading took too long.
    TooLate,
}

impl Store {
    /// The past samples of a query. `max_points` and `deadline` bound the work, whatever windows a check declares.
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
        let read = readable(read).map_err(self.failed("read past samples"))?;
        Ok(read.unwrap_or_else(|| History::Read(Vec::new())))
    }
}

/// Seeks each cycle of the window: the samples of a cycle are stored together, and a window has few of all cycles.
pub(crate) const POINTS: &str = "
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
    for (id, from_ms, mut series) in declared_series(conn, query)? {
        if Instant::now() >= deadline {
            return Ok(History::TooLate);
        }
        // One point above the limit shows that there are too many.
        let parameters = (id, from_ms, query.until_ms, integer(left.saturating_add(1)));
        let rows = points.query_map(parameters, |row| Ok((row.get(0)?, row.get(1)?)))?;
        series.points = rows.collect::<rusqlite::Result<_>>()?;
        match left.checked_sub(series.points.len()) {
            Some(remaining) => left = remaining,
            None => return Ok(History::TooMany),
        }
        if !series.points.is_empty() {
            history.push(series);
        }
    }
    Ok(History::Read(history))
}

/// The series that a query declares and may see: id, start of the window, and the series without points.
fn declared_series(conn: &Connection, query: &HistoryQuery<'_>) -> rusqlite::Result<Vec<(i64, i64, Series)>> {
    let mut statement = conn.prepare_cached("SELECT id, name, labels FROM series")?;
    let mut rows = statement.query(())?;
    let mut declared = Vec::new();
    while let Some(row) = rows.next()? {
        let name: String = row.get("name")?;
        if !query.grants.allow(&name) || !query.windows.iter().any(|window| name_matches(window.metric, &name)) {
            continue;
        }
        let labels: Labels = read_json(row, "labels")?;
        let matches = |window: &&Window<'_>| name_matches(window.metric, &name) && labels.contains(window.labels);
        if let Some(from_ms) = query.windows.iter().filter(matches).map(|window| window.from_ms).min() {
            declared.push((row.get("id")?, from_ms, Series { name, labels, points: Vec::new() }));
        }
    }
    declared.sort_by(|(.., a), (.., b)| (&a.name, &a.labels).cmp(&(&b.name, &b.labels)));
    Ok(declared)
}
