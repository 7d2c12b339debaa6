//! The last readings behind a subject's verdicts, for people who look at its alert.

use rusqlite::{CachedStatement, Connection, params};
use serde::Deserialize;

use super::Store;
use super::error::StoreError;
use super::previous::readable;
use super::sql::integer;
use crate::alert::AlertKey;
use crate::clean;

/// Characters of a unit that are kept: it is a guest's text.
const UNIT_CHARS: usize = 12;

/// The first measure of a subject's verdicts, run by run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Readings {
    /// The latest that there is, even if it is older than the runs that were asked for.
    pub last: Option<Reading>,
    /// What it was in each of the last runs, the oldest first; `None` for a run without a verdict, or with a verdict
    /// that has no such measure.
    pub runs: Vec<Option<f64>>,
}

/// A number with its unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// What it is, such as `used`.
    pub name: String,
    /// In `unit`; finite.
    pub value: f64,
    /// UCUM: `%`, `By`.
    pub unit: String,
}

impl Store {
    /// What the last `runs` runs read of a subject, and the latest reading. A row that cannot be understood is a gap.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn readings(&self, of: &AlertKey, runs: usize) -> Result<Readings, StoreError> {
        read(&self.conn, of, runs).map_err(self.failed("read the last verdicts"))
    }
}

/// A seek in the key of each table for each run: nothing is walked.
pub(super) const OF_LAST_RUNS: &str = "
    SELECT (SELECT verdicts.measures FROM evaluations JOIN verdicts ON verdicts.evaluation_id = evaluations.id
            WHERE evaluations.run_id = last.id AND evaluations.instance = ?1 AND verdicts.subject = ?2) AS measures
    FROM (SELECT id FROM runs ORDER BY id DESC LIMIT ?3) AS last ORDER BY last.id";

/// Walks back from the last judgement of the instance to the one that mentions the subject. That is near: what is gone
/// for long is forgotten as an alert.
pub(super) const LATEST: &str = "
    SELECT verdicts.measures FROM evaluations JOIN verdicts ON verdicts.evaluation_id = evaluations.id
    WHERE evaluations.reason IS NULL AND evaluations.instance = ?1 AND verdicts.subject = ?2 AND verdicts.measures <> '[]'
    ORDER BY evaluations.run_id DESC LIMIT 1";

fn read(conn: &Connection, of: &AlertKey, runs: usize) -> rusqlite::Result<Readings> {
    let mut statement = conn.prepare_cached(OF_LAST_RUNS)?;
    let of_runs = measures(&mut statement, params![of.instance, of.subject, integer(runs)])?;
    let last = match of_runs.iter().rev().flatten().next() {
        Some(last) => Some(last.clone()),
        None => {
            let mut statement = conn.prepare_cached(LATEST)?;
            measures(&mut statement, params![of.instance, of.subject])?.into_iter().flatten().next()
        }
    };
    // Another version of a check may measure something else, which is on another scale.
    let is_same = |reading: &Reading| last.as_ref().is_some_and(|l| l.name == reading.name && l.unit == reading.unit);
    let values = of_runs.into_iter().map(|reading| reading.filter(is_same).map(|reading| reading.value));
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

/// What is read of a measure; whatever else there is does not matter.
#[derive(Deserialize)]
struct Measure {
    name: String,
    value: f64,
    unit: String,
}

fn first(measures: &str) -> Option<Reading> {
    let measures: Vec<Measure> = serde_json::from_str(measures).ok()?;
    let Measure { name, value, unit } = measures.into_iter().next()?;
    value.is_finite().then(|| Reading { name: clean::owned(&name), value, unit: clean::bounded(&unit, UNIT_CHARS) })
}
