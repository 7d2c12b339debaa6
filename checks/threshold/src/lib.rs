//! The `threshold` check: compares any metric with ranges that the operator sets, so that most rules need no code.

mod rule;
mod selector;
mod series;

use checkpost_sdk::{
    Check, Input, Measure, Need, Quantity, Status, Verdict, check, keep_worst, matches, settings, without_reading,
};

use rule::Rule;
use series::{fold, observed};

settings! {
    /// Compares the readings of a metric with ranges.
    pub struct Threshold {
        /// Name of the metric, or a prefix of names followed by `*`. Required.
        metric: Option<String>;
        /// Conditions on the labels of the series: `key=value` or `key!=value`, where `*` in the value matches any text.
        labels: Vec<String> = [];
        /// Length of the window of past readings. If 0, only the current reading counts.
        window_seconds: f64 = 0.0, unit "s", range 0.0..=2678400.0;
        /// Function that reduces the readings of a series in the window to one number. `rate` is the increase of a counter
        /// per second.
        function: String = "last", choices &["last", "avg", "min", "max", "rate", "sum"];
        /// Function that reduces all series to one number; `each` gives one verdict for each series instead.
        aggregate: String = "each", choices &["each", "sum", "avg", "min", "max", "count"];
        /// Factor by which the result is multiplied before it is compared with the ranges: 100 for per cent.
        scale: f64 = 1.0;
        /// Allowed range; any other result is a warning. `10` means 0 to 10, `10:` at least 10, `~:10` at most 10, `10:20`
        /// from 10 to 20, `@10:20` not from 10 to 20.
        warning: Option<String>;
        /// Allowed range; any other result is critical.
        critical: Option<String>;
        /// Range in which a raised status clears. Defaults to the range that the reading left.
        clear: Option<String>;
        /// Unit of the scaled result, for messages: `%`, `By`, `By/s`, `s`, `Cel` or any other text.
        unit: String = "";
        /// Name for titles and messages. Defaults to the metric.
        name: Option<String>;
        /// Status when there is no reading.
        absent: String = "unknown", choices &["unknown", "ok", "critical"];
    }
}

impl Threshold {
    fn name(&self) -> &str {
        self.name.as_deref().or(self.metric.as_deref()).unwrap_or_default()
    }

    /// The verdict on the number of a subject.
    fn judge(&self, rule: &Rule, subject: &str, value: f64, input: &Input) -> Verdict {
        let value = value * self.scale;
        let name = self.full_name(subject);
        if !value.is_finite() {
            let message = format!("{name} is not a finite number");
            return Verdict::new(Status::Unknown, self.name(), message).subject(subject);
        }
        let (status, range) = rule.status(value, input.previous(subject));
        let mut message = format!("{name} is {}", Quantity::new(value, &self.unit));
        if let Some((word, range)) = range {
            message += &format!(" ({word}: {})", range.allowed(&self.unit));
        }
        let mut measure = Measure::new("value", value, &self.unit);
        measure.warning = rule.warning.and_then(|range| range.upper());
        measure.critical = rule.critical.and_then(|range| range.upper());
        Verdict::new(status, self.name(), message).subject(subject).measure(measure)
    }

    /// The verdict on a counter that has no rate yet, before its second reading. A raised status stays raised.
    fn without_rate(&self, subject: &str, input: &Input) -> Verdict {
        let message = format!("{}: no rate yet", self.full_name(subject));
        Verdict::new(without_reading(input.previous(subject)), self.name(), message).subject(subject)
    }

    /// The name with the subject: `Disk usage of /var`.
    fn full_name(&self, subject: &str) -> String {
        if subject.is_empty() { self.name().to_owned() } else { format!("{} of {subject}", self.name()) }
    }

    fn judge_absence(&self, rule: &Rule) -> Result<Vec<Verdict>, String> {
        let mut message = format!("no reading of {}", rule.metric);
        if !self.labels.is_empty() {
            message += &format!(" with {}", self.labels.join(", "));
        }
        let status = match self.absent.as_str() {
            "ok" => Status::Ok,
            "critical" => Status::Critical,
            _ => return Err(message),
        };
        Ok(vec![Verdict::new(status, self.name(), message)])
    }
}

impl Check for Threshold {
    const NAME: &'static str = "threshold";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Compares any metric with ranges that you set";

    fn needs(&self) -> Result<Vec<Need>, String> {
        Ok(vec![Rule::parse(self)?.need()])
    }

    fn evaluate(&self, input: &Input) -> Result<Vec<Verdict>, String> {
        let rule = Rule::parse(self)?;
        let mut series = observed(input);
        series.retain(|series| {
            matches(rule.metric, series.name) && rule.matchers.iter().all(|matcher| matcher.accepts(series.labels))
        });
        if series.is_empty() {
            return self.judge_absence(&rule);
        }
        if self.aggregate != "each" {
            let values: Vec<_> = series.iter().filter_map(|series| series.reduce(&self.function)).collect();
            let value = fold(&self.aggregate, values.iter().copied());
            return Ok(vec![
                value.map_or_else(|| self.without_rate("", input), |value| self.judge(&rule, "", value, input)),
            ]);
        }
        let is_prefix = rule.metric.ends_with('*');
        let judge = |series: &series::Observed| {
            let subject = selector::subject(is_prefix.then_some(series.name), series.labels, &rule.matchers);
            let value = series.reduce(&self.function);
            value.map_or_else(|| self.without_rate(&subject, input), |value| self.judge(&rule, &subject, value, input))
        };
        let mut verdicts: Vec<_> = series.iter().map(judge).collect();
        // Clears an alert about missing readings: no other verdict is about the empty subject, so the alert would never end.
        if matches!(input.previous(""), Some(Status::Critical))
            && verdicts.iter().all(|verdict| !verdict.subject.is_empty())
        {
            let message = format!("readings of {} are available again", rule.metric);
            verdicts.push(Verdict::new(Status::Ok, self.name(), message));
        }
        keep_worst(&mut verdicts);
        Ok(verdicts)
    }
}

check!(Threshold);

#[cfg(test)]
mod tests;
