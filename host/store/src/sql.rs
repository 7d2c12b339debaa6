//! Helpers of several statements: ids of shared rows, and values in SQLite's types.

use rusqlite::{Connection, OptionalExtension, ToSql};
use serde::Serialize;

/// The id of a row that may exist already: nearly always `find` is enough, otherwise `insert` adds the row.
pub(crate) fn id_of(
    conn: &Connection,
    find: (&str, &[&dyn ToSql]),
    insert: (&str, &[&dyn ToSql]),
) -> rusqlite::Result<i64> {
    match conn.prepare_cached(find.0)?.query_row(find.1, |row| row.get(0)).optional()? {
        Some(id) => Ok(id),
        None => conn.prepare_cached(insert.0)?.insert(insert.1),
    }
}

/// SQLite's integers are signed, of 64 bits. No measured value is larger; one that is saturates.
pub(crate) fn integer<T>(value: T) -> i64
where
    i64: TryFrom<T>,
{
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The same text for equal values: maps are sorted by key.
pub(crate) fn json(value: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// The identity of a series: its name and its labels as stored. It is unambiguous, because labels begin with a brace and no
/// name has one.
pub(crate) fn series_key(name: &str, labels: &str) -> String {
    [name, labels].concat()
}
