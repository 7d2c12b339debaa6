//! From a number to a status.

use std::fmt::Write;

use crate::{Quantity, Status};

/// The lines that a reading is held against, all in its unit.
///
/// Above `threshold` it is a warning, or critical when it is above `critical`, too. A `critical` at or below the
/// threshold makes everything above the threshold critical at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// A reading up to here is ok, unless the status was raised before.
    pub threshold: f64,
    /// A raised reading above this is critical. `None`: never more than a warning.
    pub critical: Option<f64>,
    /// A raised status stays until the reading is down to here, so that one that swings around the threshold does not
    /// raise an alert again and again. `None`: the threshold.
    pub clear: Option<f64>,
}

impl Limits {
    /// Lines that clear at a share of the threshold, in per cent.
    pub fn clearing_at_share(threshold: f64, critical: Option<f64>, share_percent: Option<f64>) -> Self {
        Self { threshold, critical, clear: share_percent.map(|percent| threshold * percent / 100.0) }
    }

    /// Whether the lines make sense together; for [`Check::needs`](crate::Check::needs).
    pub fn validate(&self) -> Result<(), String> {
        match self.clear {
            Some(clear) if clear > self.threshold => {
                Err(format!("clear is {clear}, allowed is at most the threshold, {}", self.threshold))
            }
            _ => Ok(()),
        }
    }

    /// How a reading is, given what was said of its subject last time.
    pub fn status(&self, value: f64, previous: Option<Status>) -> Status {
        let was_raised = matches!(previous, Some(Status::Warning | Status::Critical));
        let line = if was_raised { self.clear.unwrap_or(self.threshold) } else { self.threshold };
        if value <= line {
            Status::Ok
        } else if self.critical.is_some_and(|critical| value > critical) {
            Status::Critical
        } else {
            Status::Warning
        }
    }

    /// Adds the line that a raised reading was held against, for a message: `threshold: 80%`. `word` is what to call it.
    pub fn tell(&self, message: &mut String, word: &str, value: f64, unit: &str) {
        // Writing to a string cannot fail.
        let _ = write!(message, "{word}: {:#}", Quantity::new(self.threshold, unit));
        // Else a message with a reading below its threshold would look wrong.
        if let Some(clear) = self.clear.filter(|_| value <= self.threshold) {
            let _ = write!(message, ", clears at {:#}", Quantity::new(clear, unit));
        }
    }
}

/// Refuses a setting that needs another one that is not set; for [`Check::needs`](crate::Check::needs).
///
/// ```
/// use checkpost_sdk::only_with;
///
/// let refused = only_with("receive_critical", Some(5.0), "receive_limit", None);
/// assert_eq!(refused, Err("receive_critical is 5, allowed is that only with receive_limit".to_owned()));
/// ```
pub fn only_with(setting: &str, value: Option<f64>, other: &str, other_value: Option<f64>) -> Result<(), String> {
    match (value, other_value) {
        (Some(value), None) => Err(format!("{setting} is {value}, allowed is that only with {other}")),
        _ => Ok(()),
    }
}

/// Refuses a number of things that is not whole; for [`Check::needs`](crate::Check::needs).
pub fn whole(setting: &str, value: f64) -> Result<(), String> {
    if value.fract() == 0.0 { Ok(()) } else { Err(format!("{setting} is {value}, allowed is a whole number")) }
}

/// How a subject is of which there is no reading in this cycle, though it is there: a raised one stays raised, since missing
/// data must not look like the end of what was wrong.
pub fn without_reading(previous: Option<Status>) -> Status {
    previous.filter(|status| matches!(status, Status::Warning | Status::Critical)).unwrap_or(Status::Ok)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Status::{Critical, Ok, Unknown, Warning};

    const LIMITS: Limits = Limits { threshold: 80.0, critical: Some(95.0), clear: Some(70.0) };

    #[test]
    fn a_reading_on_the_line_is_not_above_it() {
        for (value, status) in [(80.0, Ok), (80.1, Warning), (95.0, Warning), (95.1, Critical)] {
            assert_eq!(LIMITS.status(value, None), status, "{value}");
        }
    }

    #[test]
    fn above_a_threshold_over_the_critical_line_everything_is_critical_at_once() {
        let limits = Limits { threshold: 97.0, ..LIMITS };
        assert_eq!(limits.status(96.0, None), Ok);
        assert_eq!(limits.status(97.1, None), Critical);
    }

    #[test]
    fn without_a_critical_line_it_is_never_more_than_a_warning() {
        assert_eq!(Limits { critical: None, ..LIMITS }.status(1e9, None), Warning);
    }

    #[test]
    fn a_raised_status_stays_until_the_lower_line() {
        for previous in [Warning, Critical] {
            assert_eq!(LIMITS.status(96.0, Some(previous)), Critical);
            assert_eq!(LIMITS.status(80.0, Some(previous)), Warning);
            assert_eq!(LIMITS.status(70.1, Some(previous)), Warning);
            assert_eq!(LIMITS.status(70.0, Some(previous)), Ok);
        }
    }

    #[test]
    fn only_a_raised_status_is_held() {
        for previous in [None, Some(Ok), Some(Unknown)] {
            assert_eq!(LIMITS.status(79.0, previous), Ok);
        }
        assert_eq!(Limits { clear: None, ..LIMITS }.status(79.0, Some(Critical)), Ok);
    }

    #[test]
    fn a_share_of_the_threshold_is_a_clearing_line() {
        assert_eq!(Limits::clearing_at_share(80.0, None, Some(50.0)).clear, Some(40.0));
        assert_eq!(Limits::clearing_at_share(80.0, Some(95.0), None), Limits { clear: None, ..LIMITS });
    }

    #[test]
    fn the_clearing_line_is_told_when_the_reading_is_below_the_threshold() {
        let told = |value| {
            let mut message = String::new();
            LIMITS.tell(&mut message, "limit", value, "Cel");
            message
        };
        assert_eq!(told(80.1), "limit: 80 °C");
        assert_eq!(told(80.0), "limit: 80 °C, clears at 70 °C");
    }

    #[test]
    fn a_setting_may_need_another_one() {
        assert!(only_with("critical", Some(1.0), "threshold", None).is_err());
        assert_eq!(only_with("critical", Some(1.0), "threshold", Some(0.5)), Result::Ok(()));
        assert_eq!(only_with("critical", None, "threshold", None), Result::Ok(()));
    }

    #[test]
    fn a_number_of_things_is_whole() {
        assert_eq!(whole("minimum", 1.5), Err("minimum is 1.5, allowed is a whole number".to_owned()));
        assert_eq!(whole("minimum", 0.0), Result::Ok(()));
    }

    #[test]
    fn a_clearing_line_above_the_threshold_is_refused() {
        let refused = Limits { clear: Some(80.5), ..LIMITS }.validate();
        assert_eq!(refused, Err("clear is 80.5, allowed is at most the threshold, 80".to_owned()));
        assert_eq!(Limits { clear: Some(80.0), ..LIMITS }.validate(), Result::Ok(()));
        assert_eq!(Limits { clear: None, ..LIMITS }.validate(), Result::Ok(()));
    }
}
