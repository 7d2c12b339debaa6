//! What several statements need: ids of shared rows, and values in the types that SQLite has.

use rusqlite::{Connection, OptionalExtension, ToSql};
use serde::Serialize;

/// The id of a row that may be there already. The `find` statement is the one that is nearly always enough.
pub(super) fn id_of(
    conn: &Connection,
    find: (&str, &[&dyn ToSql]),
    insert: (&str, &[&dyn ToSql]),
) -> rusqlite::Result<i64> {
    match conn.prepare_cached(find.0)?.query_row(find.1, |row| row.get(0)).optional()? {
        Some(id) => Ok(id),
        None => conn.prepare_cached(insert.0)?.insert(insert.1),
    }
}

/// SQLite's integers are signed 64-bit ones. What does not fit is beyond anything that is measured here.
pub(super) fn integer<T>(value: T) -> i64
where
    i64: TryFrom<T>,
{
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// One text for equal values: maps are sorted by key.
pub(super) fn json(value: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|why| rusqlite::Error::ToSqlConversionFailure(why.into()))
}

/// What a series is known by: its name and its labels as they are stored. No name has a brace, and all labels begin with one.
pub(super) fn series_key(name: &str, labels: &str) -> String {
    [name, labels].concat()
}
