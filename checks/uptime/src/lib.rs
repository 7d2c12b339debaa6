//! The `uptime` check: whether the host was restarted recently, or should be restarted.

use checkpost_sdk::{Check, Input, Measure, Need, Status, Verdict, check, settings};

/// Seconds since boot.
const UPTIME: &str = "system.uptime";

const MINUTE_SECONDS: f64 = 60.0;
const HOUR_SECONDS: f64 = 60.0 * MINUTE_SECONDS;
const DAY_SECONDS: f64 = 24.0 * HOUR_SECONDS;

settings! {
    /// Warns of a host that was restarted recently, and of a host that has not been restarted for a long time.
    pub struct Uptime {
        /// Minutes after a restart during which the status is warning. If 0, a restart is no warning.
        minutes: f64 = 15.0, unit "min", range 0.0..=10080.0;
        /// Days since the restart above which the status is warning, because a new kernel runs only after a restart. Off by
        /// default.
        maximum_days: Option<f64>, unit "d", range 1.0..=36500.0;
    }
}

impl Check for Uptime {
    const NAME: &'static str = "uptime";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Time since the host was restarted";

    fn needs(&self) -> Result<Vec<Need>, String> {
        match self.maximum_days {
            Some(days) if days * DAY_SECONDS <= self.minutes * MINUTE_SECONDS => Err(format!(
                "maximum_days is {days}: must be longer than minutes, which is {} ({} d)",
                self.minutes,
                self.minutes * MINUTE_SECONDS / DAY_SECONDS
            )),
            _ => Ok(vec![Need::current(UPTIME)]),
        }
    }

    fn evaluate(&self, input: &Input) -> Result<Vec<Verdict>, String> {
        let uptime = input.samples.get(UPTIME)?;
        let ago = format!("the host was restarted {} ago", span(uptime));
        let mut measure = Measure::new("uptime", uptime, "s");
        measure.warning = self.maximum_days.map(|days| days * DAY_SECONDS);
        let verdict = match self.maximum_days {
            _ if uptime < self.minutes * MINUTE_SECONDS => {
                Verdict::new(Status::Warning, "Host restarted", format!("{ago} (threshold: {} min)", self.minutes))
            }
            Some(days) if uptime > days * DAY_SECONDS => {
                Verdict::new(Status::Warning, "Restart overdue", format!("{ago} (limit: {days} d)"))
            }
            _ => Verdict::new(Status::Ok, "Uptime", ago),
        };
        Ok(vec![verdict.measure(measure)])
    }
}

/// Formats a duration in one unit, rounded down: `3 min`, `5 h`, `12 d`.
fn span(seconds: f64) -> String {
    match seconds {
        _ if seconds < MINUTE_SECONDS => format!("{:.0} s", seconds.floor()),
        _ if seconds < 2.0 * HOUR_SECONDS => format!("{:.0} min", (seconds / MINUTE_SECONDS).floor()),
        _ if seconds < 2.0 * DAY_SECONDS => format!("{:.0} h", (seconds / HOUR_SECONDS).floor()),
        _ => format!("{:.0} d", (seconds / DAY_SECONDS).floor()),
    }
}

check!(Uptime);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use checkpost_sdk::{Settings, Value};

    use super::*;

    fn judge(check: &Uptime, seconds: f64) -> (Status, String, String) {
        let verdict = check.evaluate(&Input::default().with_sample(UPTIME, &[], seconds)).unwrap().remove(0);
        (verdict.status, verdict.title, verdict.message)
    }

    #[test]
    fn restart_is_a_warning_for_some_minutes() {
        let (status, title, message) = judge(&Uptime::default(), 200.0);
        assert_eq!((status, title.as_str()), (Status::Warning, "Host restarted"));
        assert_eq!(message, "the host was restarted 3 min ago (threshold: 15 min)");
        assert_eq!(judge(&Uptime::default(), 899.9).0, Status::Warning);
        let (status, title, message) = judge(&Uptime::default(), 900.0);
        assert_eq!((status, title.as_str()), (Status::Ok, "Uptime"));
        assert_eq!(message, "the host was restarted 15 min ago");
    }

    #[test]
    fn restart_is_no_warning_when_minutes_is_0() {
        assert_eq!(judge(&Uptime { minutes: 0.0, ..Uptime::default() }, 0.0).0, Status::Ok);
    }

    #[test]
    fn overdue_restart_is_a_warning_only_with_a_maximum() {
        let check = Uptime { maximum_days: Some(90.0), ..Uptime::default() };
        assert_eq!(judge(&check, 90.0 * DAY_SECONDS).0, Status::Ok);
        let (status, title, message) = judge(&check, 90.5 * DAY_SECONDS);
        assert_eq!((status, title.as_str()), (Status::Warning, "Restart overdue"));
        assert_eq!(message, "the host was restarted 90 d ago (limit: 90 d)");
        assert_eq!(judge(&Uptime::default(), 9000.0 * DAY_SECONDS).0, Status::Ok);
        assert_eq!(judge(&check, 60.0).1, "Host restarted");
    }

    #[test]
    fn measure_has_only_the_upper_threshold() {
        let measures =
            |check: Uptime| check.evaluate(&Input::default().with_sample(UPTIME, &[], 5.0)).unwrap().remove(0).measures;
        assert_eq!(measures(Uptime::default()), [Measure::new("uptime", 5.0, "s")]);
        let check = Uptime { maximum_days: Some(2.0), ..Uptime::default() };
        assert_eq!(measures(check), [Measure::new("uptime", 5.0, "s").warning(172800.0)]);
    }

    #[test]
    fn spans_are_shown_in_one_unit() {
        for (seconds, shown) in [
            (0.9, "0 s"),
            (59.9, "59 s"),
            (60.0, "1 min"),
            (7199.0, "119 min"),
            (7200.0, "2 h"),
            (172799.0, "47 h"),
            (172800.0, "2 d"),
            (1e9, "11574 d"),
        ] {
            assert_eq!(span(seconds), shown);
        }
    }

    #[test]
    fn missing_reading_is_an_error() {
        let error = Uptime::default().evaluate(&Input::default());
        assert_eq!(error, Err("no reading of system.uptime".to_owned()));
    }

    #[test]
    fn invalid_settings_are_refused() {
        let refused = Uptime::parse(vec![("minutes".to_owned(), Value::Number(-1.0))]);
        assert_eq!(refused, Err("minutes is -1: must be a number from 0 to 10080, in min".to_owned()));
        let refused = Uptime { minutes: 2880.0, maximum_days: Some(2.0) }.needs();
        assert_eq!(refused, Err("maximum_days is 2: must be longer than minutes, which is 2880 (2 d)".to_owned()));
        assert!(Uptime { minutes: 2880.0, maximum_days: Some(2.1) }.needs().is_ok());
    }
}
