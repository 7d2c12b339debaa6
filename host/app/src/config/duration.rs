//! Durations as people write them: `90s`, `2h 30m`.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo};

/// Parses `90s`, `24h`, `2h 30m`, `7d`. A day is 24 hours, a week seven days.
///
/// # Errors
/// The rest of a sentence about the value: `must be a duration such as …`.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    text.trim()
        .parse::<Span>()
        .and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()))
        .ok()
        // Fails for a negative span.
        .and_then(|duration| Duration::try_from(duration).ok())
        .ok_or_else(|| "must be a duration such as 90s, 30m, 24h, 7d or \"2h 30m\"".to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn duration_is_parsed_in_all_usual_forms() {
        for (text, seconds) in
            [("90s", 90), ("30m", 1_800), ("24h", 86_400), ("7d", 604_800), ("2w", 1_209_600), ("2h 30m", 9_000)]
        {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn duration_without_unit_or_fixed_length_is_refused() {
        for text in ["", "24", "-1h", "yesterday", "1month", "1y", "1h ago", "99999999999d"] {
            assert!(parse_duration(text).unwrap_err().starts_with("must be a duration"), "{text}");
        }
    }
}
