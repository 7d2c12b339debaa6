//! The `load` check: the load average per CPU, which counts tasks that run or wait.

use checkpost_sdk::{Check, Input, Measure, Need, Status, Thresholds, Verdict, check, settings};

/// Number of online CPUs.
const CPUS: &str = "system.cpu.logical.count";

settings! {
    /// Warns of more work than the CPUs can handle.
    pub struct Load {
        /// Load average per CPU above which the status is warning.
        threshold: f64 = 1.5, unit "1", range 0.0..=1000.0;
        /// Load average per CPU above which a warning becomes critical.
        critical: f64 = 3.0, unit "1", range 0.0..=1000.0;
        /// Load average per CPU at or below which a raised status clears. Defaults to the threshold.
        clear: Option<f64>, unit "1", range 0.0..=1000.0;
        /// Period over which the load is averaged.
        average: String = "5m", choices &["1m", "5m", "15m"];
    }
}

impl Load {
    fn thresholds(&self) -> Thresholds {
        Thresholds { threshold: self.threshold, critical: Some(self.critical), clear: self.clear }
    }

    /// Name of the load average to judge, a metric of all CPUs together.
    fn metric(&self) -> String {
        format!("checkpost.load_{}", self.average)
    }
}

impl Check for Load {
    const NAME: &'static str = "load";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Load average per CPU";

    fn needs(&self) -> Result<Vec<Need>, String> {
        self.thresholds().validate()?;
        Ok(vec![Need::current(&self.metric()), Need::current(CPUS)])
    }

    fn evaluate(&self, input: &Input) -> Result<Vec<Verdict>, String> {
        let total = input.samples.get(&self.metric())?;
        let cpus = input.samples.get(CPUS)?;
        if cpus < 1.0 {
            return Err(format!("{CPUS} is {cpus}: cannot compute the load per CPU"));
        }
        let (load, thresholds) = (total / cpus, self.thresholds());
        let status = thresholds.status(load, input.previous(""));
        let noun = if cpus == 1.0 { "CPU" } else { "CPUs" };
        let mut message = format!("{} load average is {load:.2} per CPU ({total:.2} on {cpus} {noun}", self.average);
        if status != Status::Ok {
            message.push_str(", ");
            thresholds.append_to(&mut message, "threshold", load, "1");
        }
        message.push(')');
        let title = if status == Status::Ok { "Load" } else { "High load" };
        Ok(vec![
            Verdict::new(status, title, message)
                .measure(Measure::new("load_per_cpu", load, "1").thresholds(&thresholds)),
        ])
    }
}

check!(Load);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use checkpost_sdk::{Settings, Value};

    use super::*;

    const LOAD_5M: &str = "checkpost.load_5m";

    fn input(load: f64, cpus: f64) -> Input {
        Input::default().with_sample(LOAD_5M, &[], load).with_sample(CPUS, &[], cpus)
    }

    fn judge(check: &Load, input: &Input) -> Verdict {
        check.evaluate(input).unwrap().remove(0)
    }

    #[test]
    fn message_shows_the_load_per_cpu_and_its_threshold() {
        let verdict = judge(&Load::default(), &input(8.0, 4.0));
        assert_eq!((verdict.status, verdict.title.as_str()), (Status::Warning, "High load"));
        assert_eq!(verdict.message, "5m load average is 2.00 per CPU (8.00 on 4 CPUs, threshold: 1.5)");
        assert_eq!(verdict.measures, [Measure::new("load_per_cpu", 2.0, "1").warning(1.5).critical(3.0)]);
        let verdict = judge(&Load::default(), &input(0.25, 1.0));
        assert_eq!((verdict.status, verdict.title.as_str()), (Status::Ok, "Load"));
        assert_eq!(verdict.message, "5m load average is 0.25 per CPU (0.25 on 1 CPU)");
    }

    #[test]
    fn load_on_the_threshold_is_not_above_it() {
        for (load, status) in
            [(3.0, Status::Ok), (3.02, Status::Warning), (6.0, Status::Warning), (6.02, Status::Critical)]
        {
            assert_eq!(judge(&Load::default(), &input(load, 2.0)).status, status, "{load}");
        }
    }

    #[test]
    fn raised_load_clears_at_the_clearing_threshold() {
        let check = Load { clear: Some(1.0), ..Load::default() };
        let raised = |load| judge(&check, &input(load, 1.0).with_previous("", Status::Critical));
        assert_eq!(raised(1.2).message, "5m load average is 1.20 per CPU (1.20 on 1 CPU, threshold: 1.5, clears at 1)");
        assert_eq!(raised(1.2).status, Status::Warning);
        assert_eq!(raised(1.0).status, Status::Ok);
        assert_eq!(judge(&check, &input(1.2, 1.0)).status, Status::Ok);
    }

    #[test]
    fn average_setting_selects_the_reading() {
        let check = Load { average: "15m".to_owned(), ..Load::default() };
        assert_eq!(check.evaluate(&input(9.0, 1.0)), Err("no reading of checkpost.load_15m".to_owned()));
        let verdict = judge(&check, &input(0.0, 1.0).with_sample("checkpost.load_15m", &[], 9.0));
        assert_eq!(verdict.status, Status::Critical);
        assert_eq!(check.needs().unwrap()[0], Need::current("checkpost.load_15m"));
    }

    #[test]
    fn missing_load_or_number_of_cpus_is_an_error() {
        let error = |input: Input| Load::default().evaluate(&input).unwrap_err();
        assert_eq!(error(Input::default()), "no reading of checkpost.load_5m");
        let only_load = Input::default().with_sample(LOAD_5M, &[], 1.0);
        assert_eq!(error(only_load), "no reading of system.cpu.logical.count");
        let no_cpu = "system.cpu.logical.count is 0: cannot compute the load per CPU";
        assert_eq!(error(input(1.0, 0.0)), no_cpu);
    }

    #[test]
    fn invalid_settings_are_refused() {
        let parse = |name: &str, value| Load::parse(vec![(name.to_owned(), value)]);
        let refused = parse("average", Value::Text("10m".to_owned()));
        assert_eq!(refused, Err(r#"average is "10m": must be one of 1m, 5m, 15m"#.to_owned()));
        let refused = parse("clear", Value::Number(2.0)).unwrap().needs();
        assert_eq!(refused, Err("clear is 2: must be at most the threshold, 1.5".to_owned()));
    }
}
