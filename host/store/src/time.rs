//! Times as the two public tables, `system_metrics` and `notifications`, store them.

use jiff::Timestamp;

use crate::row::invalid;

/// UTC as `2025-10-27 14:20:01.005`. Sorts as text, and SQLite's date functions read it. Truncated to milliseconds.
pub(crate) fn public_time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string()
}

/// The lower bound of a query over public times. Without a time, the empty text, which sorts before every time.
pub(crate) fn since_text(since: Option<Timestamp>) -> String {
    since.map(public_time).unwrap_or_default()
}

/// A column that [`public_time`] wrote.
pub(crate) fn read_public_time(row: &rusqlite::Row<'_>, column: &str) -> rusqlite::Result<Timestamp> {
    let text: String = row.get(column)?;
    format!("{text}Z").parse().map_err(|error| invalid(format!("{column} '{text}': {error}")))
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
