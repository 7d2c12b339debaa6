//! From a number to a status.

use crate::Status;

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
    fn a_clearing_line_above_the_threshold_is_refused() {
        let refused = Limits { clear: Some(80.5), ..LIMITS }.validate();
        assert_eq!(refused, Err("clear is 80.5, allowed is at most the threshold, 80".to_owned()));
        assert_eq!(Limits { clear: Some(80.0), ..LIMITS }.validate(), Result::Ok(()));
        assert_eq!(Limits { clear: None, ..LIMITS }.validate(), Result::Ok(()));
    }
}
