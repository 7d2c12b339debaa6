//! Thresholds, and the status of a reading that is compared with them.

use std::fmt::Write;

use crate::{Quantity, Status};

/// The thresholds of a reading, in the unit of the reading.
///
/// A reading above `threshold` is a warning; if it is also above `critical`, it is critical. With a `critical` at or below
/// the threshold, every reading above the threshold is critical.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thresholds {
    /// A reading up to this value is ok, unless the previous status was raised.
    pub threshold: f64,
    /// A reading above the threshold and above this value is critical. `None`: a reading is never more than a warning.
    pub critical: Option<f64>,
    /// A raised status clears when the reading has fallen to this value. A value below the threshold keeps a reading that
    /// fluctuates around the threshold from raising one alert after another. `None`: the threshold.
    pub clear: Option<f64>,
}

impl Thresholds {
    /// Thresholds with `clear` at a percentage of `threshold`.
    pub fn clearing_at_share(threshold: f64, critical: Option<f64>, share_percent: Option<f64>) -> Self {
        Self { threshold, critical, clear: share_percent.map(|percent| threshold * percent / 100.0) }
    }

    /// Refuses a `clear` above the threshold; for [`Check::needs`](crate::Check::needs).
    pub fn validate(&self) -> Result<(), String> {
        match self.clear {
            Some(clear) if clear > self.threshold => {
                Err(format!("clear is {clear}: must be at most the threshold, {}", self.threshold))
            }
            _ => Ok(()),
        }
    }

    /// The status of a reading, given the previous status of its subject.
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

    /// Appends the threshold of a raised reading to a message: `threshold: 80%`. `word` is the name of the threshold.
    pub fn append_to(&self, message: &mut String, word: &str, value: f64, unit: &str) {
        // Writing to a string cannot fail.
        let _ = write!(message, "{word}: {:#}", Quantity::new(self.threshold, unit));
        // Explains why the status is raised although the reading is not above its threshold.
        if let Some(clear) = self.clear.filter(|_| value <= self.threshold) {
            let _ = write!(message, ", clears at {:#}", Quantity::new(clear, unit));
        }
    }
}

/// Refuses a setting without the other setting that it requires; for [`Check::needs`](crate::Check::needs).
///
/// ```
/// use checkpost_sdk::only_with;
///
/// let refused = only_with("receive_critical", Some(5.0), "receive_limit", None);
/// assert_eq!(refused, Err("receive_critical is 5: must not be set without receive_limit".to_owned()));
/// ```
pub fn only_with(setting: &str, value: Option<f64>, other: &str, other_value: Option<f64>) -> Result<(), String> {
    match (value, other_value) {
        (Some(value), None) => Err(format!("{setting} is {value}: must not be set without {other}")),
        _ => Ok(()),
    }
}

/// Refuses a number that is not whole; for [`Check::needs`](crate::Check::needs).
pub fn whole(setting: &str, value: f64) -> Result<(), String> {
    if value.fract() == 0.0 { Ok(()) } else { Err(format!("{setting} is {value}: must be a whole number")) }
}

/// The status of a subject that exists but has no reading in this cycle. A raised status stays raised, because missing data
/// must not look like a recovery.
pub fn without_reading(previous: Option<Status>) -> Status {
    previous.filter(|status| matches!(status, Status::Warning | Status::Critical)).unwrap_or(Status::Ok)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Status::{Critical, Ok, Unknown, Warning};

    const THRESHOLDS: Thresholds = Thresholds { threshold: 80.0, critical: Some(95.0), clear: Some(70.0) };

    #[test]
    fn reading_on_the_threshold_is_not_above_it() {
        for (value, status) in [(80.0, Ok), (80.1, Warning), (95.0, Warning), (95.1, Critical)] {
            assert_eq!(THRESHOLDS.status(value, None), status, "{value}");
        }
    }

    #[test]
    fn readings_above_a_threshold_over_the_critical_threshold_are_critical_at_once() {
        let thresholds = Thresholds { threshold: 97.0, ..THRESHOLDS };
        assert_eq!(thresholds.status(96.0, None), Ok);
        assert_eq!(thresholds.status(97.1, None), Critical);
    }

    #[test]
    fn reading_without_a_critical_threshold_is_never_more_than_a_warning() {
        assert_eq!(Thresholds { critical: None, ..THRESHOLDS }.status(1e9, None), Warning);
    }

    #[test]
    fn raised_status_stays_until_the_clearing_threshold() {
        for previous in [Warning, Critical] {
            assert_eq!(THRESHOLDS.status(96.0, Some(previous)), Critical);
            assert_eq!(THRESHOLDS.status(80.0, Some(previous)), Warning);
            assert_eq!(THRESHOLDS.status(70.1, Some(previous)), Warning);
            assert_eq!(THRESHOLDS.status(70.0, Some(previous)), Ok);
        }
    }

    #[test]
    fn clearing_threshold_applies_only_to_a_raised_status() {
        for previous in [None, Some(Ok), Some(Unknown)] {
            assert_eq!(THRESHOLDS.status(79.0, previous), Ok);
        }
        assert_eq!(Thresholds { clear: None, ..THRESHOLDS }.status(79.0, Some(Critical)), Ok);
    }

    #[test]
    fn clearing_threshold_may_be_a_share_of_the_threshold() {
        assert_eq!(Thresholds::clearing_at_share(80.0, None, Some(50.0)).clear, Some(40.0));
        assert_eq!(Thresholds::clearing_at_share(80.0, Some(95.0), None), Thresholds { clear: None, ..THRESHOLDS });
    }

    #[test]
    fn clearing_threshold_is_shown_when_the_reading_is_below_the_threshold() {
        let text = |value| {
            let mut message = String::new();
            THRESHOLDS.append_to(&mut message, "limit", value, "Cel");
            message
        };
        assert_eq!(text(80.1), "limit: 80 °C");
        assert_eq!(text(80.0), "limit: 80 °C, clears at 70 °C");
    }

    #[test]
    fn setting_may_require_another_one() {
        assert!(only_with("critical", Some(1.0), "threshold", None).is_err());
        assert_eq!(only_with("critical", Some(1.0), "threshold", Some(0.5)), Result::Ok(()));
        assert_eq!(only_with("critical", None, "threshold", None), Result::Ok(()));
    }

    #[test]
    fn number_that_is_not_whole_is_refused() {
        assert_eq!(whole("minimum", 1.5), Err("minimum is 1.5: must be a whole number".to_owned()));
        assert_eq!(whole("minimum", 0.0), Result::Ok(()));
    }

    #[test]
    fn clearing_threshold_above_the_threshold_is_refused() {
        let refused = Thresholds { clear: Some(80.5), ..THRESHOLDS }.validate();
        assert_eq!(refused, Err("clear is 80.5: must be at most the threshold, 80".to_owned()));
        assert_eq!(Thresholds { clear: Some(80.0), ..THRESHOLDS }.validate(), Result::Ok(()));
        assert_eq!(Thresholds { clear: None, ..THRESHOLDS }.validate(), Result::Ok(()));
    }
}
