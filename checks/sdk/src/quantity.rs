//! Numbers with their units, formatted for people.

use std::fmt::{self, Display, Formatter};

/// A number in a UCUM unit, for messages: `85.5%`, `1.2 MB/s`, `62.0 °C`.
///
/// Bytes are scaled by powers of 1024, as in the reports. Format a threshold that the operator set with `{:#}`, which shows
/// the number as it was written, `85%` instead of `85.0%`; bytes are scaled all the same.
///
/// ```
/// use checkpost_sdk::Quantity;
///
/// assert_eq!(Quantity::new(85.53, "%").to_string(), "85.5%");
/// assert_eq!(format!("{:#}", Quantity::new(85.0, "%")), "85%");
/// assert_eq!(Quantity::new(1.25 * 1024.0 * 1024.0, "By/s").to_string(), "1.2 MB/s");
/// assert_eq!(Quantity::new(12.0, "").to_string(), "12");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantity<'a> {
    /// The number.
    pub value: f64,
    /// UCUM unit in OpenTelemetry notation: `%`, `By`, `By/s`, `s`, `Cel`; `1`, `{thing}` or empty for a plain number.
    pub unit: &'a str,
}

impl<'a> Quantity<'a> {
    /// A number and its unit.
    pub fn new(value: f64, unit: &'a str) -> Self {
        Self { value, unit }
    }

    fn number(&self, f: &mut Formatter) -> fmt::Result {
        let magnitude = self.value.abs();
        if f.alternate() || self.value.fract() == 0.0 {
            return write!(f, "{}", self.value);
        }
        // Show two significant digits, because a small number would otherwise be 0.00.
        let (mut digits, mut scaled) = (2, magnitude);
        while scaled < 0.1 && digits < 12 {
            scaled *= 10.0;
            digits += 1;
        }
        write!(f, "{:.digits$}", self.value)
    }

    /// Writes one decimal place, or with `{:#}` the number as the operator wrote it.
    fn decimal(&self, f: &mut Formatter, suffix: &str) -> fmt::Result {
        if f.alternate() { write!(f, "{}{suffix}", self.value) } else { write!(f, "{:.1}{suffix}", self.value) }
    }
}

impl Display for Quantity<'_> {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        match self.unit {
            "%" => self.decimal(f, "%"),
            "Cel" => self.decimal(f, " °C"),
            "1/s" => self.decimal(f, "/s"),
            "ms" | "W" => self.decimal(f, " ").and_then(|()| f.write_str(self.unit)),
            "By" => scaled(self.value, "", f),
            "By/s" => scaled(self.value, "/s", f),
            "" | "1" => self.number(f),
            unit if unit.starts_with('{') => self.number(f),
            unit => self.number(f).and_then(|()| write!(f, " {unit}")),
        }
    }
}

fn scaled(value: f64, suffix: &str, f: &mut Formatter) -> fmt::Result {
    let mut scaled = value;
    for unit in ["B", "KB", "MB"] {
        // 1023.96 would be shown as 1024.0.
        if scaled.abs() < 1023.95 {
            return write!(f, "{scaled:.1} {unit}{suffix}");
        }
        scaled /= 1024.0;
    }
    write!(f, "{scaled:.1} GB{suffix}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_scaled() {
        let rate = |per_second| Quantity::new(per_second, "By/s").to_string();
        assert_eq!(rate(0.0), "0.0 B/s");
        assert_eq!(rate(1023.0), "1023.0 B/s");
        assert_eq!(rate(1023.99), "1.0 KB/s");
        assert_eq!(rate(1.25 * 1024.0 * 1024.0), "1.2 MB/s");
        assert_eq!(rate(5e12), "4656.6 GB/s");
        assert_eq!(Quantity::new(-2048.0, "By").to_string(), "-2.0 KB");
        assert_eq!(format!("{:#}", Quantity::new(10.0 * 1024.0 * 1024.0, "By")), "10.0 MB");
    }

    #[test]
    fn reading_is_rounded_and_a_threshold_is_shown_as_it_was_written() {
        for (value, unit, reading, threshold) in [
            (2500.04, "1/s", "2500.0/s", "2500.04/s"),
            (95.0, "%", "95.0%", "95%"),
            (61.5, "Cel", "61.5 °C", "61.5 °C"),
            (0.25, "ms", "0.2 ms", "0.25 ms"),
            (250.0, "W", "250.0 W", "250 W"),
            (1.5, "s", "1.50 s", "1.5 s"),
            (3.0, "1", "3", "3"),
            (2.34567, "", "2.35", "2.34567"),
            (7.0, "{process}", "7", "7"),
            (7.0, "jobs", "7 jobs", "7 jobs"),
        ] {
            assert_eq!(Quantity::new(value, unit).to_string(), reading);
            assert_eq!(format!("{:#}", Quantity::new(value, unit)), threshold);
        }
    }

    #[test]
    fn small_numbers_are_not_rounded_to_zero() {
        for (value, shown) in
            [(0.0, "0"), (0.1234, "0.12"), (0.00444, "0.0044"), (-0.04, "-0.040"), (1e-30, "0.000000000000")]
        {
            assert_eq!(Quantity::new(value, "").to_string(), shown);
        }
    }
}
