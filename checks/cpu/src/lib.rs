//! The `cpu` check: the usage of all CPUs of the host.

use checkpost_sdk::{Check, Input, Need, Thresholds, Usage, Verdict, check, settings};

/// Busy share of all CPUs together, 0..1.
const UTILIZATION: &str = "system.cpu.utilization";

settings! {
    /// Warns of high CPU usage.
    pub struct Cpu {
        /// CPU usage above which the status is warning.
        threshold: f64 = 80.0, unit "%", range 0.0..=100.0;
        /// CPU usage above which a warning becomes critical.
        critical: f64 = 95.0, unit "%", range 0.0..=100.0;
        /// CPU usage at or below which a raised status clears. Defaults to the threshold.
        clear: Option<f64>, unit "%", range 0.0..=100.0;
    }
}

impl Cpu {
    fn thresholds(&self) -> Thresholds {
        Thresholds { threshold: self.threshold, critical: Some(self.critical), clear: self.clear }
    }
}

impl Check for Cpu {
    const NAME: &'static str = "cpu";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "CPU usage of the host";

    fn needs(&self) -> Result<Vec<Need>, String> {
        self.thresholds().validate()?;
        Ok(vec![Need::current(UTILIZATION)])
    }

    fn evaluate(&self, input: &Input) -> Result<Vec<Verdict>, String> {
        let cpu = Usage::of("CPU", input.samples.get(UTILIZATION)?);
        Ok(vec![cpu.judge(&self.thresholds(), input.previous(""))])
    }
}

check!(Cpu);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use checkpost_sdk::{Settings, Status, Value};

    use super::*;

    fn judge(check: &Cpu, ratio: f64, previous: Option<Status>) -> Verdict {
        let mut input = Input::default().with_sample(UTILIZATION, &[], ratio);
        if let Some(status) = previous {
            input = input.with_previous("", status);
        }
        check.evaluate(&input).unwrap().remove(0)
    }

    #[test]
    fn message_shows_the_usage_and_its_threshold() {
        let verdict = judge(&Cpu::default(), 0.855, None);
        assert_eq!(verdict.status, Status::Warning);
        assert_eq!(verdict.title, "High CPU usage");
        assert_eq!(verdict.message, "CPU usage is 85.5% (threshold: 80%)");
        assert_eq!(judge(&Cpu::default(), 0.123, None).message, "CPU usage is 12.3%");
    }

    #[test]
    fn usage_is_judged_by_the_settings() {
        let status = |check: &Cpu, ratio| judge(check, ratio, None).status;
        let default = Cpu::default();
        assert_eq!(status(&default, 0.8), Status::Ok);
        assert_eq!(status(&default, 0.96), Status::Critical);
        let high = Cpu { threshold: 97.0, ..default };
        assert_eq!(status(&high, 0.96), Status::Ok);
        assert_eq!(status(&high, 0.98), Status::Critical);
        let lenient = Cpu { threshold: 50.0, critical: 100.0, ..high };
        assert_eq!(status(&lenient, 1.0), Status::Warning);
    }

    #[test]
    fn raised_status_clears_at_the_clearing_threshold() {
        let check = Cpu { clear: Some(70.0), ..Cpu::default() };
        assert_eq!(judge(&check, 0.75, None).status, Status::Ok);
        assert_eq!(judge(&check, 0.75, Some(Status::Critical)).status, Status::Warning);
        assert_eq!(judge(&check, 0.7, Some(Status::Warning)).status, Status::Ok);
    }

    #[test]
    fn missing_reading_is_an_error() {
        let error = Cpu::default().evaluate(&Input::default());
        assert_eq!(error, Err("no reading of system.cpu.utilization".to_owned()));
    }

    #[test]
    fn invalid_settings_are_refused() {
        let parse = |name: &str, value| Cpu::parse(vec![(name.to_owned(), value)]);
        let refused = parse("threshold", Value::Number(150.0));
        assert_eq!(refused, Err("threshold is 150: must be a number from 0 to 100, in %".to_owned()));
        let refused = parse("clear", Value::Number(85.0)).unwrap().needs();
        assert_eq!(refused, Err("clear is 85: must be at most the threshold, 80".to_owned()));
    }
}
