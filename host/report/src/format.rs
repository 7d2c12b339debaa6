//! Formats figures, sizes and times for people. `json` and `nagios` write base units for machines.

use std::time::Duration;

use jiff::Timestamp;

/// Replaces an absent figure. Absence is never shown as zero.
pub(crate) const ABSENT: &str = "n/a";

/// Bytes in units of 2^30, as the messages of the checks write them: `7.70GB`.
pub(crate) fn gb(bytes: u64) -> String {
    format!("{:.2}GB", bytes as f64 / (1u64 << 30) as f64)
}

/// Bytes in units of 2^20: `512.30MB`.
pub fn mb(bytes: u64) -> String {
    format!("{:.2}MB", bytes as f64 / (1u64 << 20) as f64)
}

/// Bytes in the largest unit that fits, by powers of 2^10: `1.5 KB`. A rate may be a fraction.
pub fn bytes(bytes: f64) -> String {
    let mut scaled = bytes;
    for unit in ["B", "KB", "MB", "GB"] {
        // 1023.96 would be printed as 1024.0.
        if scaled < 1023.95 {
            return if unit == "B" { format!("{scaled:.0} B") } else { format!("{scaled:.1} {unit}") };
        }
        scaled /= 1024.0;
    }
    format!("{scaled:.1} TB")
}

/// A reading in percent, 0..100: `85.5%`.
pub fn percent(percent: f64) -> String {
    format!("{percent:.1}%")
}

/// A threshold in percent, with the digits of the configuration: `80%`, `0.01%`.
pub(crate) fn threshold(percent: f64) -> String {
    format!("{percent}%")
}

/// A figure, or `n/a`.
pub fn or_absent<T>(figure: Option<T>, format: impl FnOnce(T) -> String) -> String {
    figure.map_or_else(|| ABSENT.to_owned(), format)
}

/// A count with its noun, in the plural for all counts but one: `1 check`, `4 checks`.
pub fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// A number of a check without an exponent, for machines that know none: at most nine decimals, and nothing beyond 10^18.
/// The smallest numbers would have three hundred zeros, and the largest as many digits.
pub(crate) fn decimal(value: f64) -> String {
    const LARGEST: f64 = 1e18;
    const DECIMALS: usize = 9;
    // Adding zero turns -0 into 0.
    let value = value.clamp(-LARGEST, LARGEST) + 0.0;
    let shortest = format!("{value}");
    match shortest.split_once('.') {
        Some((_, decimals)) if decimals.len() > DECIMALS => {
            let rounded = format!("{value:.DECIMALS$}");
            let rounded = rounded.trim_end_matches('0').trim_end_matches('.');
            if rounded == "-0" { "0" } else { rounded }.to_owned()
        }
        _ => shortest,
    }
}

/// A number exactly, with an exponent where there would be a long run of zeros.
pub(crate) fn exact(value: f64) -> String {
    match value.abs() {
        1e-9..1e18 | 0.0 => format!("{value}"),
        _ => format!("{value:e}"),
    }
}

/// A measure of a verdict with its UCUM unit: `91.0%`, `1.5 KB/s`, `41.2 °C`.
pub fn measure(value: f64, unit: &str) -> String {
    let number = match value.abs() {
        // Too many digits to read.
        1e15.. => format!("{value:.2e}"),
        _ => format!("{}", (value * 100.0).round() / 100.0),
    };
    match unit {
        "%" if value.abs() < 1e15 => percent(value),
        "By" if (0.0..1e18).contains(&value) => bytes(value),
        "By/s" if (0.0..1e18).contains(&value) => format!("{}/s", bytes(value)),
        "1" | "" => number,
        "Cel" => format!("{number} °C"),
        unit => format!("{number} {unit}"),
    }
}

/// A duration in its two largest units, rounded down: `45 s`, `3 h 5 min`, `2 d`.
pub fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let largest = units.iter().position(|(unit, _)| seconds >= *unit).unwrap_or(units.len() - 1);
    let mut left = seconds;
    let mut parts = Vec::new();
    for (unit, name) in units.iter().skip(largest).take(2) {
        if left / unit > 0 || seconds == 0 {
            parts.push(format!("{} {name}", left / unit));
        }
        left %= unit;
    }
    parts.join(" ")
}

/// UTC to the second: `2025-10-27 14:20:01 UTC`.
pub fn time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// RFC 3339 in UTC with milliseconds, for machines: `2025-10-27T14:20:01.250Z`.
pub(crate) fn rfc3339(time: Timestamp) -> String {
    format!("{time:.3}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bytes_are_counted_in_powers_of_two() {
        assert_eq!(gb(8 << 30), "8.00GB");
        assert_eq!(gb(0), "0.00GB");
        assert_eq!(mb((512 << 20) + (300 << 10)), "512.29MB");
        assert_eq!(gb(u64::MAX), "17179869184.00GB");
    }

    #[test]
    fn bytes_have_the_largest_unit_that_fits() {
        assert_eq!(bytes(0.0), "0 B");
        assert_eq!(bytes(1023.0), "1023 B");
        assert_eq!(bytes(1536.0), "1.5 KB");
        assert_eq!(bytes(1024.0 * 1023.99), "1.0 MB");
        assert_eq!(bytes(5e15), "4547.5 TB");
    }

    #[test]
    fn readings_have_one_decimal_and_thresholds_those_of_the_configuration() {
        assert_eq!(percent(85.46), "85.5%");
        assert_eq!(threshold(80.0), "80%");
        assert_eq!(threshold(0.01), "0.01%");
    }

    #[test]
    fn absent_figures_are_not_zero() {
        assert_eq!(or_absent(None, gb), "n/a");
        assert_eq!(or_absent(Some(0), gb), "0.00GB");
    }

    #[test]
    fn measures_have_their_unit() {
        assert_eq!(measure(91.0, "%"), "91.0%");
        assert_eq!(measure(1536.0, "By/s"), "1.5 KB/s");
        assert_eq!(measure(41.237, "Cel"), "41.24 °C");
        assert_eq!(measure(3.0, "1"), "3");
        assert_eq!(measure(-0.5, "s"), "-0.5 s");
        assert_eq!(measure(-2.0, "By"), "-2 By");
        for unit in ["%", "By", "By/s", "Cel", "1", "s"] {
            assert!(measure(f64::MAX, unit).len() < 20 && measure(5e-324, unit).len() < 20, "{unit}");
        }
    }

    #[test]
    fn decimals_have_no_exponent_and_no_long_run_of_zeros() {
        for (value, expected) in [
            (0.0, "0"),
            (-0.0, "0"),
            (85.5, "85.5"),
            (-0.25, "-0.25"),
            (0.1 + 0.2, "0.3"),
            (8_589_934_592.0, "8589934592"),
            (123_456_789.123_456_79, "123456789.12345679"),
            (1.5e-9, "0.000000002"),
            (-5e-324, "0"),
            (f64::MAX, "1000000000000000000"),
            (f64::MIN, "-1000000000000000000"),
        ] {
            assert_eq!(decimal(value), expected, "{value:e}");
        }
    }

    #[test]
    fn exact_numbers_have_an_exponent_instead_of_zeros() {
        for (value, expected) in [
            (0.0, "0"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e15, "1000000000000000"),
            (5e-324, "5e-324"),
            (-1e300, "-1e300"),
        ] {
            assert_eq!(exact(value), expected);
            assert_eq!(exact(value).parse(), Ok(value));
        }
    }

    proptest! {
        #[test]
        fn decimals_are_short_and_close(value in any::<f64>().prop_filter("finite", |value| value.is_finite())) {
            let text = decimal(value);
            prop_assert!(text.len() <= 20 && !text.contains('e'), "{text}");
            let read: f64 = text.parse().unwrap_or(f64::NAN);
            prop_assert!((read - value.clamp(-1e18, 1e18)).abs() <= 1e-9, "{text}");
        }
    }

    #[test]
    fn spans_have_their_two_largest_units() {
        let seconds = |seconds| span(Duration::from_secs(seconds));
        assert_eq!(seconds(0), "0 s");
        assert_eq!(seconds(59), "59 s");
        assert_eq!(seconds(300), "5 min");
        assert_eq!(seconds(3 * 3_600 + 5 * 60 + 59), "3 h 5 min");
        assert_eq!(seconds(2 * 86_400 + 59), "2 d");
        assert_eq!(span(Duration::from_millis(1_999)), "1 s");
    }

    #[test]
    fn times_are_utc() {
        let instant: Timestamp = "2025-10-27T23:20:01.2509+09:00".parse().expect("a valid time");
        assert_eq!(time(instant), "2025-10-27 14:20:01 UTC");
        assert_eq!(rfc3339(instant), "2025-10-27T14:20:01.250Z");
        assert_eq!(rfc3339(Timestamp::UNIX_EPOCH), "1970-01-01T00:00:00.000Z");
    }
}
