//! Times as the two public tables keep them.

use jiff::Timestamp;

/// UTC as `2025-10-27 14:20:01.005`: sorts as text, and SQLite's date functions read it. Cut to milliseconds, not rounded.
pub fn public_time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string()
}

/// The inverse of [`public_time`], as a column.
pub(super) fn read_public_time(row: &rusqlite::Row<'_>, column: &str) -> rusqlite::Result<Timestamp> {
    let text: String = row.get(column)?;
    format!("{text}Z").parse().map_err(|why| unreadable(format!("{column} '{text}': {why}")))
}

/// Integer milliseconds since 1970, as a column.
pub(super) fn read_ms(row: &rusqlite::Row<'_>, column: &str) -> rusqlite::Result<Timestamp> {
    let ms: i64 = row.get(column)?;
    Timestamp::from_millisecond(ms).map_err(|why| unreadable(format!("{column} {ms}: {why}")))
}

/// A value in the database that no checkpost wrote.
pub(super) fn unreadable(what: String) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, what.into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn public_times_are_utc_with_three_decimals_and_never_of_the_next_second() {
        let time: Timestamp = "2025-10-27T23:20:01.9999+09:00".parse().unwrap();
        assert_eq!(public_time(time), "2025-10-27 14:20:01.999");
        assert_eq!(public_time(Timestamp::UNIX_EPOCH), "1970-01-01 00:00:00.000");
    }
}
