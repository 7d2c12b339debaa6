//! Ranges of allowed numbers, in the notation of Nagios plugins.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use crate::Quantity;

/// A range of allowed numbers: `[@]start:end`.
///
/// | Text | A number raises an alert when it is |
/// | --- | --- |
/// | `10` | below 0 or above 10 |
/// | `10:` | below 10 |
/// | `~:10` | above 10 |
/// | `10:20` | below 10 or above 20 |
/// | `@10:20` | from 10 to 20 |
///
/// Both ends belong to the range. `~` means no lower end, an empty end means no upper end, and an omitted start means 0.
///
/// ```
/// use checkpost_sdk::Range;
///
/// let free: Range = "10:".parse().unwrap();
/// assert!(free.alerts(9.9));
/// assert!(!free.alerts(10.0));
/// assert_eq!(free.allowed("%"), "at least 10%");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// Lower end; minus infinity if there is none.
    start: f64,
    /// Upper end; infinity if there is none.
    end: f64,
    /// Whether the numbers inside the range are the forbidden ones.
    inverted: bool,
}

/// The error for a text that is not a range. Its display describes a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotARange;

impl Display for NotARange {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        f.write_str("a range such as 10, 10:, ~:10, 10:20 or @10:20, with a start that is not above its end")
    }
}

impl std::error::Error for NotARange {}

impl FromStr for Range {
    type Err = NotARange;

    fn from_str(text: &str) -> Result<Self, NotARange> {
        let (inverted, text) = text.strip_prefix('@').map_or((false, text), |rest| (true, rest));
        let (start, end) = match text.split_once(':') {
            None => (0.0, number(text)?),
            Some(("", "")) => return Err(NotARange),
            Some((start, end)) => {
                let start = match start {
                    "" => 0.0,
                    "~" => f64::NEG_INFINITY,
                    start => number(start)?,
                };
                (start, if end.is_empty() { f64::INFINITY } else { number(end)? })
            }
        };
        if start <= end { Ok(Self { start, end, inverted }) } else { Err(NotARange) }
    }
}

/// Parses a finite number. Rust's parser also accepts `inf` and `nan`, which are refused here.
fn number(text: &str) -> Result<f64, NotARange> {
    text.parse().ok().filter(|number: &f64| number.is_finite()).ok_or(NotARange)
}

impl Range {
    /// Whether a number raises an alert.
    pub fn alerts(&self, value: f64) -> bool {
        (self.start..=self.end).contains(&value) == self.inverted
    }

    /// The number above which an alert is raised, if there is one; for a [`Measure`](crate::Measure).
    pub fn upper(&self) -> Option<f64> {
        let line = if self.inverted { f64::INFINITY } else { self.end };
        line.is_finite().then_some(line)
    }

    /// Describes the allowed numbers for a message, in the given unit: `at least 10%`.
    pub fn allowed(&self, unit: &str) -> String {
        let Self { start, end, inverted } = *self;
        let shown = |number| format!("{:#}", Quantity::new(number, unit));
        match (start.is_finite(), end.is_finite(), inverted) {
            (true, true, false) => format!("{} to {}", shown(start), shown(end)),
            (true, true, true) => format!("not {} to {}", shown(start), shown(end)),
            (true, false, false) => format!("at least {}", shown(start)),
            (true, false, true) => format!("below {}", shown(start)),
            (false, true, false) => format!("at most {}", shown(end)),
            (false, true, true) => format!("above {}", shown(end)),
            (false, false, false) => "anything".to_owned(),
            (false, false, true) => "nothing".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn range(text: &str) -> Range {
        text.parse().unwrap_or_else(|_| panic!("{text} is a range"))
    }

    #[test]
    fn ranges_alert_where_nagios_does() {
        for (text, alerting, allowed) in [
            ("10", &[-0.1, 10.1][..], &[0.0, 5.0, 10.0][..]),
            ("10:", &[9.9, 0.0, -10.0], &[10.0, 1e300]),
            ("~:10", &[10.1], &[10.0, 0.0, -1e300]),
            ("10:20", &[9.9, 20.1], &[10.0, 15.0, 20.0]),
            ("@10:20", &[10.0, 15.0, 20.0], &[9.9, 20.1]),
            ("@10", &[0.0, 10.0], &[-0.1, 10.1]),
            ("@10:", &[10.0], &[9.9]),
            ("@~:10", &[10.0], &[10.1]),
            (":10", &[-0.1, 10.1], &[0.0]),
            ("-10:-5", &[-10.1, -4.9], &[-10.0, -5.0]),
            ("0", &[0.1, -0.1], &[0.0]),
            ("0.5:1e3", &[0.4, 1000.1], &[0.5, 1000.0]),
            ("~:", &[], &[-1e300, 1e300]),
            ("@~:", &[-1e300, 1e300], &[]),
        ] {
            let range = range(text);
            assert!(alerting.iter().all(|&value| range.alerts(value)), "{text}");
            assert!(allowed.iter().all(|&value| !range.alerts(value)), "{text}");
        }
    }

    #[test]
    fn text_that_is_not_a_range_is_refused() {
        for text in [
            "", "@", ":", "@:", "~", "x", "10:x", "x:10", "10:~", "20:10", "1:2:3", "@@1", "@ 1", " 1", "1 ", "1,5",
            "inf", "nan", "-inf:1", "~10:20", "10%",
        ] {
            assert_eq!(text.parse::<Range>(), Err(NotARange), "{text:?}");
        }
        let allowed = "a range such as 10, 10:, ~:10, 10:20 or @10:20, with a start that is not above its end";
        assert_eq!(NotARange.to_string(), allowed);
    }

    #[test]
    fn upper_threshold_is_the_finite_end_of_a_plain_range() {
        assert_eq!(range("10").upper(), Some(10.0));
        assert_eq!(range("~:10").upper(), Some(10.0));
        assert_eq!(range("10:").upper(), None);
        assert_eq!(range("@10:20").upper(), None);
    }

    #[test]
    fn allowed_numbers_are_described_in_words() {
        for (text, words) in [
            ("10", "0 to 10"),
            ("10:", "at least 10"),
            ("~:0.5", "at most 0.5"),
            ("@10:20", "not 10 to 20"),
            ("@10:", "below 10"),
            ("@~:10", "above 10"),
            ("~:", "anything"),
            ("@~:", "nothing"),
            ("0", "0 to 0"),
        ] {
            assert_eq!(range(text).allowed(""), words);
        }
        assert_eq!(range("0.5:90").allowed("%"), "0.5% to 90%");
        assert_eq!(range("~:1048576").allowed("By/s"), "at most 1.0 MB/s");
    }
}
