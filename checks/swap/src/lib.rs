//! The `swap` check: usage of the swap space, and the rate of swapping.

use std::fmt::Write;

use checkpost_sdk::{
    Check, Input, Measure, Need, Quantity, Status, Thresholds, Usage, Verdict, check, only_with, settings,
};

/// Used share of the swap space, 0..1; absent without swap.
const UTILIZATION: &str = "system.paging.utilization";
/// Bytes by state.
const USAGE: &str = "system.paging.usage";
const STATE: &str = "system.paging.state";
/// Pages per second, by direction. The host derives the rate from two cycles of one boot.
const OPERATIONS_RATE: &str = "checkpost.paging.operations.rate";
/// Comes from the same source as swap, and so distinguishes a host without swap from a host whose memory could not be read.
const MEMORY_LIMIT: &str = "system.memory.limit";

settings! {
    /// Warns of high swap usage and of heavy swapping.
    pub struct Swap {
        /// Swap usage above which the status is warning.
        threshold: f64 = 50.0, unit "%", range 0.0..=100.0;
        /// Swap usage above which a warning becomes critical.
        critical: f64 = 80.0, unit "%", range 0.0..=100.0;
        /// Swap usage at or below which a raised status clears. Defaults to the threshold.
        clear: Option<f64>, unit "%", range 0.0..=100.0;
        /// Pages swapped in and out per second above which the status is warning. Off by default.
        operations_threshold: Option<f64>, unit "1/s", minimum 0.0;
        /// Pages swapped in and out per second above which a warning becomes critical. Off by default.
        operations_critical: Option<f64>, unit "1/s", minimum 0.0;
        /// Pages swapped in and out per second at or below which a raised status clears. Defaults to the threshold.
        operations_clear: Option<f64>, unit "1/s", minimum 0.0;
    }
}

impl Swap {
    fn thresholds(&self) -> Thresholds {
        Thresholds { threshold: self.threshold, critical: Some(self.critical), clear: self.clear }
    }

    fn operations_thresholds(&self) -> Option<Thresholds> {
        let with =
            |threshold| Thresholds { threshold, critical: self.operations_critical, clear: self.operations_clear };
        self.operations_threshold.map(with)
    }
}

impl Check for Swap {
    const NAME: &'static str = "swap";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Swap usage and rate of swapping";

    fn needs(&self) -> Result<Vec<Need>, String> {
        self.thresholds().validate()?;
        let (other, threshold) = ("operations_threshold", self.operations_threshold);
        only_with("operations_critical", self.operations_critical, other, threshold)?;
        only_with("operations_clear", self.operations_clear, other, threshold)?;
        let mut needs = vec![Need::current(UTILIZATION), Need::current(USAGE), Need::current(MEMORY_LIMIT)];
        if let Some(thresholds) = self.operations_thresholds() {
            thresholds.validate().map_err(|refusal| format!("operations_{refusal}"))?;
            needs.push(Need::current(OPERATIONS_RATE));
        }
        Ok(needs)
    }

    fn evaluate(&self, input: &Input) -> Result<Vec<Verdict>, String> {
        let Some(ratio) = input.samples.find(UTILIZATION) else {
            return match input.samples.find(MEMORY_LIMIT) {
                Some(_) => Ok(vec![Verdict::new(Status::Ok, "Swap usage", "no swap")]),
                None => Err(format!("no reading of {UTILIZATION}")),
            };
        };
        let in_state = |state| input.samples.find_with(USAGE, &[(STATE, state)]);
        let bytes = in_state("used").zip(in_state("free")).map(|(used, free)| (used, used + free));
        let swap = Usage { bytes, ..Usage::of("Swap", ratio) };
        let mut verdict = swap.judge(&self.thresholds(), input.previous(""));
        let operations = input.samples.named(OPERATIONS_RATE);
        if let Some(thresholds) = self.operations_thresholds().filter(|_| !operations.is_empty()) {
            let rate = operations.iter().map(|sample| sample.value).sum();
            add_operations(&mut verdict, rate, &thresholds, input.previous(""));
        }
        Ok(vec![verdict])
    }
}

/// Adds the rate of swapping. A rate that is too high appends `, swapped pages 1200.0/s (limit: 1000/s)` to the message.
fn add_operations(verdict: &mut Verdict, rate: f64, thresholds: &Thresholds, previous: Option<Status>) {
    let status = thresholds.status(rate, previous);
    if status > verdict.status {
        verdict.status = status;
        "Heavy swapping".clone_into(&mut verdict.title);
    }
    if status != Status::Ok {
        // Writing to a string cannot fail.
        let _ = write!(verdict.message, ", swapped pages {} (", Quantity::new(rate, "1/s"));
        thresholds.append_to(&mut verdict.message, "limit", rate, "1/s");
        verdict.message.push(')');
    }
    verdict.measures.push(Measure::new("operations", rate, "1/s").thresholds(thresholds));
}

check!(Swap);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use checkpost_sdk::{GIB, Settings, Value};

    use super::*;

    /// A host with 2 GB of swap.
    fn host(ratio: f64) -> Input {
        Input::default()
            .with_sample(MEMORY_LIMIT, &[], 8.0 * GIB)
            .with_sample(UTILIZATION, &[], ratio)
            .with_sample(USAGE, &[(STATE, "used")], ratio * 2.0 * GIB)
            .with_sample(USAGE, &[(STATE, "free")], (1.0 - ratio) * 2.0 * GIB)
    }

    fn swapping(input: Input, inwards: f64, outwards: f64) -> Input {
        let direction = |direction| [("system.paging.direction", direction)];
        input.with_sample(OPERATIONS_RATE, &direction("in"), inwards).with_sample(
            OPERATIONS_RATE,
            &direction("out"),
            outwards,
        )
    }

    fn judge(check: &Swap, input: &Input) -> Verdict {
        check.evaluate(input).unwrap().remove(0)
    }

    fn limited() -> Swap {
        Swap {
            operations_threshold: Some(1000.0),
            operations_critical: Some(5000.0),
            operations_clear: Some(100.0),
            ..Swap::default()
        }
    }

    #[test]
    fn message_shows_the_usage_with_bytes_and_threshold() {
        let verdict = judge(&Swap::default(), &host(0.625));
        assert_eq!((verdict.status, verdict.title.as_str()), (Status::Warning, "High swap usage"));
        assert_eq!(verdict.message, "Swap usage is 62.5% (1.25GB / 2.00GB, threshold: 50%)");
        assert_eq!(judge(&Swap::default(), &host(0.25)).message, "Swap usage is 25.0% (0.50GB / 2.00GB)");
        assert_eq!(judge(&Swap::default(), &host(0.5)).status, Status::Ok);
        assert_eq!(judge(&Swap::default(), &host(0.8)).status, Status::Warning);
        assert_eq!(judge(&Swap::default(), &host(0.801)).status, Status::Critical);
    }

    #[test]
    fn host_without_swap_is_ok() {
        let verdict = judge(&Swap::default(), &Input::default().with_sample(MEMORY_LIMIT, &[], 8.0 * GIB));
        assert_eq!((verdict.status, verdict.message.as_str()), (Status::Ok, "no swap"));
        assert_eq!(verdict.measures, []);
    }

    #[test]
    fn missing_readings_of_memory_are_an_error() {
        let error = Swap::default().evaluate(&Input::default());
        assert_eq!(error, Err("no reading of system.paging.utilization".to_owned()));
    }

    #[test]
    fn swapping_is_not_judged_without_a_threshold() {
        let verdict = judge(&Swap::default(), &swapping(host(0.1), 1e6, 1e6));
        assert_eq!((verdict.status, verdict.measures.len()), (Status::Ok, 1));
    }

    #[test]
    fn directions_are_added_up() {
        let at = |inwards, outwards| judge(&limited(), &swapping(host(0.1), inwards, outwards));
        assert_eq!(at(500.0, 500.0).status, Status::Ok);
        let verdict = at(700.0, 500.0);
        assert_eq!((verdict.status, verdict.title.as_str()), (Status::Warning, "Heavy swapping"));
        let message = "Swap usage is 10.0% (0.20GB / 2.00GB), swapped pages 1200.0/s (limit: 1000/s)";
        assert_eq!(verdict.message, message);
        assert_eq!(verdict.measures[1], Measure::new("operations", 1200.0, "1/s").warning(1000.0).critical(5000.0));
        assert_eq!(at(5000.0, 1.0).status, Status::Critical);
    }

    #[test]
    fn status_is_the_worse_of_usage_and_swapping() {
        let verdict = judge(&limited(), &swapping(host(0.9), 2000.0, 0.0));
        assert_eq!((verdict.status, verdict.title.as_str()), (Status::Critical, "High swap usage"));
        let message = "Swap usage is 90.0% (1.80GB / 2.00GB, threshold: 50%), swapped pages 2000.0/s (limit: 1000/s)";
        assert_eq!(verdict.message, message);
    }

    #[test]
    fn swapping_is_not_judged_in_the_first_cycle() {
        let verdict = judge(&limited(), &host(0.1));
        assert_eq!((verdict.status, verdict.measures.len()), (Status::Ok, 1));
    }

    #[test]
    fn raised_status_clears_at_the_clearing_thresholds() {
        let check = Swap { clear: Some(40.0), ..limited() };
        let raised = |ratio, rate| judge(&check, &swapping(host(ratio), rate, 0.0).with_previous("", Status::Warning));
        assert_eq!(raised(0.45, 0.0).status, Status::Warning);
        assert_eq!(raised(0.4, 100.0).status, Status::Ok);
        let message = "Swap usage is 40.0% (0.80GB / 2.00GB), swapped pages 100.5/s (limit: 1000/s, clears at 100/s)";
        assert_eq!(raised(0.4, 100.5).message, message);
    }

    #[test]
    fn invalid_settings_are_refused() {
        let parse = |name: &str, value| Swap::parse(vec![(name.to_owned(), Value::Number(value))]);
        assert_eq!(parse("threshold", 101.0).unwrap_err(), "threshold is 101: must be a number from 0 to 100, in %");
        let needs = |name, value| parse(name, value).unwrap().needs().unwrap_err();
        assert_eq!(needs("clear", 60.0), "clear is 60: must be at most the threshold, 50");
        let refusal = "operations_critical is 9: must not be set without operations_threshold";
        assert_eq!(needs("operations_critical", 9.0), refusal);
        let refused = Swap { operations_clear: Some(1001.0), ..limited() }.needs().unwrap_err();
        assert_eq!(refused, "operations_clear is 1001: must be at most the threshold, 1000");
    }

    #[test]
    fn rates_are_needed_only_with_a_threshold() {
        let needs_rates = |check: Swap| check.needs().unwrap().iter().any(|need| need.metric == OPERATIONS_RATE);
        assert!(needs_rates(limited()));
        assert!(!needs_rates(Swap::default()));
    }
}
