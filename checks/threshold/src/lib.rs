//! The `threshold` check: any metric against ranges that the operator sets, so that most rules need no code.

mod rule;
mod selector;
mod series;

use checkpost_sdk::{
    Check, Input, Measure, Need, Quantity, Status, Verdict, check, keep_worst, matches, settings, without_reading,
};

use rule::Rule;
use series::{fold, observed};

settings! {
    /// Holds readings of a metric against ranges.
    pub struct Threshold {
        /// The metric: its name, or the beginning of names and a `*`. Required.
        metric: Option<String>;
        /// Only series with these labels: `key=value` or `key!=value`, where `*` in the value stands for any text.
        labels: Vec<String> = [];
        /// How much of the past belongs to the reading. 0: none.
        window_seconds: f64 = 0.0, unit "s", range 0.0..=2678400.0;
        /// What becomes of the readings of a series within the window; `rate` is how much a counter rose in a second.
        function: String = "last", choices &["last", "avg", "min", "max", "rate", "sum"];
        /// What becomes of the series: a verdict on each, or one on all of them together.
        aggregate: String = "each", choices &["each", "sum", "avg", "min", "max", "count"];
        /// By what the result is multiplied before it is held against the ranges: 100 for per cent.
        scale: f64 = 1.0;
        /// Allowed range, else it is a warning: `10` is 0 to 10, `10:` at least, `~:10` at most, `10:20` between, `@10:20` not
        /// between.
        warning: Option<String>;
        /// Allowed range, else it is critical.
        critical: Option<String>;
        /// Range in which a raised status clears. Not set: the one that it left.
        clear: Option<String>;
        /// The unit for messages, after scaling: `%`, `By`, `By/s`, `s`, `Cel` or any other text.
        unit: String = "";
        /// What to call it in messages. Not set: the metric.
        name: Option<String>;
        /// What it is when there is no reading.
        absent: String = "unknown", choices &["unknown", "ok", "critical"];
    }
}

impl Threshold {
    fn name(&self) -> &str {
        self.name.as_deref().or(self.metric.as_deref()).unwrap_or_default()
    }

    /// The verdict on one number of a subject.
    fn judge(&self, rule: &Rule, subject: &str, value: f64, input: &Input) -> Verdict {
        let value = value * self.scale;
        let told = self.told(subject);
        if !value.is_finite() {
            let message = format!("{told} is too great to be a number");
            return Verdict::new(Status::Unknown, self.name(), message).subject(subject);
        }
        let (status, range) = rule.status(value, input.previous(subject));
        let mut message = format!("{told} is {}", Quantity::new(value, &self.unit));
        if let Some((word, range)) = range {
            message += &format!(" ({word}: {})", range.allowed(&self.unit));
        }
        let mut measure = Measure::new("value", value, &self.unit);
        measure.warning = rule.warning.and_then(|range| range.upper());
        measure.critical = rule.critical.and_then(|range| range.upper());
        Verdict::new(status, self.name(), message).subject(subject).measure(measure)
    }

    /// A counter has no rate before its second reading. What was raised before is not over for that.
    fn without_rate(&self, subject: &str, input: &Input) -> Verdict {
        let message = format!("{}: no rate yet", self.told(subject));
        Verdict::new(without_reading(input.previous(subject)), self.name(), message).subject(subject)
    }

    fn told(&self, subject: &str) -> String {
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
    const SUMMARY: &'static str = "Any metric against ranges that you set";

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
        // Else an alert that there was no reading would stay for ever: nothing else speaks of this subject.
        if matches!(input.previous(""), Some(Status::Critical)) && verdicts.iter().all(|told| !told.subject.is_empty())
        {
            let message = format!("readings of {} are there again", rule.metric);
            verdicts.push(Verdict::new(Status::Ok, self.name(), message));
        }
        keep_worst(&mut verdicts);
        Ok(verdicts)
    }
}

check!(Threshold);

#[cfg(test)]
mod tests;
