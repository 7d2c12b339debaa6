//! The `memory` check: the used share of the host's memory.

use checkpost_sdk::{Check, Input, Need, Thresholds, Usage, Verdict, check, settings};

/// Share of the memory that is not available to programs, 0..1.
const UTILIZATION: &str = "system.memory.utilization";
/// Bytes by state.
const USAGE: &str = "system.memory.usage";
/// Total bytes.
const LIMIT: &str = "system.memory.limit";
/// The state of [`USAGE`] that counts as used: total minus available.
const USED: (&str, &str) = ("system.memory.state", "used");

settings! {
    /// Warns of high memory usage.
    pub struct Memory {
        /// Memory usage above which the status is warning.
        threshold: f64 = 85.0, unit "%", range 0.0..=100.0;
        /// Memory usage above which a warning becomes critical.
        critical: f64 = 95.0, unit "%", range 0.0..=100.0;
        /// Memory usage at or below which a raised status clears. Defaults to the threshold.
        clear: Option<f64>, unit "%", range 0.0..=100.0;
    }
}

impl Memory {
    fn thresholds(&self) -> Thresholds {
        Thresholds { threshold: self.threshold, critical: Some(self.critical), clear: self.clear }
    }
}

impl Check for Memory {
    const NAME: &'static str = "memory";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Memory usage of the host";

    fn needs(&self) -> Result<Vec<Need>, String> {
        self.thresholds().validate()?;
        Ok(vec![Need::current(UTILIZATION), Need::current(USAGE).label(USED.0, USED.1), Need::current(LIMIT)])
    }

    fn evaluate(&self, input: &Input) -> Result<Vec<Verdict>, String> {
        let used = input.samples.find_with(USAGE, &[USED]);
        let bytes = used.zip(input.samples.find(LIMIT));
        let memory = Usage { bytes, ..Usage::of("Memory", input.samples.get(UTILIZATION)?) };
        Ok(vec![memory.judge(&self.thresholds(), input.previous(""))])
    }
}

check!(Memory);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use checkpost_sdk::{GIB, Settings, Status, Value};

    use super::*;

    fn input(ratio: f64) -> Input {
        Input::default().with_sample(UTILIZATION, &[], ratio)
    }

    fn with_bytes(input: Input) -> Input {
        input
            .with_sample(USAGE, &[("system.memory.state", "free")], 0.1 * GIB)
            .with_sample(USAGE, &[USED], 7.7 * GIB)
            .with_sample(LIMIT, &[], 8.0 * GIB)
    }

    fn judge(check: &Memory, input: &Input) -> Verdict {
        check.evaluate(input).unwrap().remove(0)
    }

    #[test]
    fn message_shows_the_usage_with_bytes_and_threshold() {
        let verdict = judge(&Memory::default(), &with_bytes(input(0.962)));
        assert_eq!(verdict.status, Status::Critical);
        assert_eq!(verdict.title, "High memory usage");
        assert_eq!(verdict.message, "Memory usage is 96.2% (7.70GB / 8.00GB, threshold: 85%)");
        let verdict = judge(&Memory::default(), &with_bytes(input(0.5)));
        assert_eq!((verdict.status, verdict.message.as_str()), (Status::Ok, "Memory usage is 50.0% (7.70GB / 8.00GB)"));
    }

    #[test]
    fn usage_is_judged_without_bytes() {
        let verdict = judge(&Memory::default(), &input(0.9));
        assert_eq!(verdict.status, Status::Warning);
        assert_eq!(verdict.message, "Memory usage is 90.0% (threshold: 85%)");
        assert_eq!(judge(&Memory::default(), &input(0.85)).message, "Memory usage is 85.0%");
    }

    #[test]
    fn missing_ratio_is_an_error() {
        let error = Memory::default().evaluate(&with_bytes(Input::default()));
        assert_eq!(error, Err("no reading of system.memory.utilization".to_owned()));
    }

    #[test]
    fn raised_status_clears_at_the_clearing_threshold() {
        let check = Memory { clear: Some(80.0), ..Memory::default() };
        assert_eq!(judge(&check, &input(0.82)).status, Status::Ok);
        assert_eq!(judge(&check, &input(0.82).with_previous("", Status::Warning)).status, Status::Warning);
        assert_eq!(judge(&check, &input(0.8).with_previous("", Status::Warning)).status, Status::Ok);
    }

    #[test]
    fn invalid_settings_are_refused() {
        let refused = Memory::parse(vec![("threshold".to_owned(), Value::Text("abc".to_owned()))]);
        assert_eq!(refused, Err(r#"threshold is "abc": must be a number from 0 to 100, in %"#.to_owned()));
        let refused = Memory { clear: Some(90.0), ..Memory::default() }.needs();
        assert_eq!(refused, Err("clear is 90: must be at most the threshold, 85".to_owned()));
    }
}
