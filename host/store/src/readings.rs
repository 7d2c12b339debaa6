//! Past measures of one subject, for `checkpost alerts`.

use rusqlite::{CachedStatement, Connection, params};
use serde::Deserialize;

use checkpost_alerting::alert::AlertKey;
use checkpost_model::clean;

use crate::error::StoreError;
use crate::row::readable;
use crate::sql::integer;
use crate::store::Store;

/// Limits a unit, which is a guest's text.
const MAX_UNIT_CHARS: usize = 12;

/// The first measure of a subject's verdicts over the last runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Readings {
    /// The latest reading, which may be older than `runs`.
    pub last: Option<Reading>,
    /// The value in each of the last runs, oldest first; `None` for a run without a verdict on the subject, or whose verdict
    /// lacks the measure.
    pub runs: Vec<Option<f64>>,
}

/// A measure of a verdict.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// Name, such as `used`.
    pub name: String,
    /// A finite number.
    pub value: f64,
    /// UCUM unit: `%`, `By`.
    pub unit: String,
}

impl Store {
    /// The readings of a subject in the last `runs` runs, and its latest reading. A row that cannot be read is a gap.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn readings(&self, key: &AlertKey, runs: usize) -> Result<Readings, StoreError> {
        read(&self.conn, key, runs).map_err(self.failed("read the last verdicts"))
    }
}

/// Seeks each run by the key of each table; scans nothing.
pub(crate) const LAST_RUNS: &str = "
    SELECT (SELECT verdicts.measures FROM evaluations JOIN verdicts ON verdicts.evaluation_id = evaluations.id
            WHERE evaluations.run_id = last.id AND evaluations.instance = ?1 AND verdicts.subject = ?2) AS measures
    FROM (SELECT id FROM runs ORDER BY id DESC LIMIT ?3) AS last ORDER BY last.id";

/// Walks back from the last judgement of the instance to the last one with the subject. The walk is short, because the alert
/// of a subject that is gone for long is dropped.
pub(crate) const LATEST: &str = "
    SELECT verdicts.measures FROM evaluations JOIN verdicts ON verdicts.evaluation_id = evaluations.id
    WHERE evaluations.reason IS NULL AND evaluations.instance = ?1 AND verdicts.subject = ?2 AND verdicts.measures <> '[]'
    ORDER BY evaluations.run_id DESC LIMIT 1";

fn read(conn: &Connection, key: &AlertKey, runs: usize) -> rusqlite::Result<Readings> {
    let mut statement = conn.prepare_cached(LAST_RUNS)?;
    let last_runs = measures(&mut statement, params![key.instance, key.subject, integer(runs)])?;
    let last = match last_runs.iter().rev().flatten().next() {
        Some(last) => Some(last.clone()),
        None => {
            let mut statement = conn.prepare_cached(LATEST)?;
            measures(&mut statement, params![key.instance, key.subject])?.into_iter().flatten().next()
        }
    };
    // Another version of the check may have measured another quantity, on another scale.
    let is_same = |reading: &Reading| last.as_ref().is_some_and(|l| l.name == reading.name && l.unit == reading.unit);
    let values = last_runs.into_iter().map(|reading| reading.filter(is_same).map(|reading| reading.value));
    Ok(Readings { runs: values.collect(), last })
}

fn measures(
    statement: &mut CachedStatement<'_>,
    parameters: impl rusqlite::Params,
) -> rusqlite::Result<Vec<Option<Reading>>> {
    let mut rows = statement.query(parameters)?;
    let mut readings = Vec::new();
    while let Some(row) = rows.next()? {
        let measures: Option<String> = readable(row.get("measures"))?.flatten();
        readings.push(measures.as_deref().and_then(first));
    }
    Ok(readings)
}

/// The fields of a measure that are read here.
#[derive(Deserialize)]
struct Measure {
    name: String,
    value: f64,
    unit: String,
}

fn first(measures: &str) -> Option<Reading> {
    let measures: Vec<Measure> = serde_json::from_str(measures).ok()?;
    let Measure { name, value, unit } = measures.into_iter().next()?;
    value.is_finite().then(|| Reading { name: clean::owned(&name), value, unit: clean::bounded(&unit, MAX_UNIT_CHARS) })
}
