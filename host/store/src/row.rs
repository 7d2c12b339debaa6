//! Reading columns of rows that another version, or another program, may have written.

use jiff::Timestamp;
use rusqlite::{Row, Rows};
use serde::de::DeserializeOwned;

/// `None`, with a warning in the log, for a row with an invalid value. One bad row must not fail every later run: it counts
/// as absent.
pub(crate) fn readable<T>(read: rusqlite::Result<T>) -> rusqlite::Result<Option<T>> {
    use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType};
    match read {
        Err(error @ (FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | InvalidColumnType(..))) => {
            tracing::warn!("ignoring a row of an earlier cycle that cannot be read: {error}");
            Ok(None)
        }
        read => read.map(Some),
    }
}

/// The rows that [`readable`] does not leave out.
pub(crate) fn readable_rows<T, C: Default + Extend<T>>(
    mut rows: Rows<'_>,
    read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<C> {
    let mut readable_rows = C::default();
    while let Some(row) = rows.next()? {
        readable_rows.extend(readable(read(row))?);
    }
    Ok(readable_rows)
}

/// The error for a value that no checkpost writes.
pub(crate) fn invalid(value: String) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, value.into())
}

pub(crate) fn read_json<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| invalid(format!("{column} '{text}': {error}")))
}

/// A column of milliseconds since 1970.
pub(crate) fn read_ms(row: &Row<'_>, column: &str) -> rusqlite::Result<Timestamp> {
    let ms: i64 = row.get(column)?;
    Timestamp::from_millisecond(ms).map_err(|error| invalid(format!("{column} {ms}: {error}")))
}

pub(crate) fn read_ms_or_null(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<Timestamp>> {
    row.get::<_, Option<i64>>(column)?.map(|_| read_ms(row, column)).transpose()
}

/// A column that is never negative. SQLite's integers are signed.
pub(crate) fn read_natural(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, value))
}
