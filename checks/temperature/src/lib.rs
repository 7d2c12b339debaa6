//! The `temperature` check: how hot each sensor is.

use checkpost_sdk::{
    Check, Input, Limits, Measure, Need, Quantity, Sample, Status, Verdict, check, is_among, keep_worst, missing,
    settings,
};

/// Degrees Celsius of a sensor.
const TEMPERATURE: &str = "hw.temperature";
/// Degrees Celsius that its maker calls high or critical.
const LIMIT: &str = "hw.temperature.limit";

const ID: &str = "hw.id";
const NAME: &str = "hw.name";
const LIMIT_TYPE: &str = "hw.limit_type";

/// Lines where neither the operator nor the maker drew one: most parts slow down or fail somewhere above.
const USUAL_THRESHOLD: f64 = 85.0;
const USUAL_CRITICAL: f64 = 95.0;
/// How far above what the maker calls high it is critical, where the maker does not say.
const CRITICAL_ABOVE_HIGH: f64 = 10.0;
/// What a maker's limit may be. Some chips tell 0, -273 or 65261 where they have none.
const PLAUSIBLE_LIMITS: std::ops::RangeInclusive<f64> = 1.0..=150.0;

settings! {
    /// Warns of heat.
    pub struct Temperature {
        /// Temperature above which it is a warning. Not set: what the sensor's maker calls high, else 85.
        threshold: Option<f64>, unit "Cel", range -50.0..=150.0;
        /// Temperature above which a warning is critical. Not set: what the sensor's maker calls critical, else 95.
        critical: Option<f64>, unit "Cel", range -50.0..=150.0;
        /// Degrees below its threshold down to which a raised sensor must come to be ok again.
        hysteresis: f64 = 3.0, unit "Cel", range 0.0..=50.0;
        /// Only these sensors, by name or id; `*` stands for any text. Empty: all.
        sensors: Vec<String> = [];
        /// Sensors that are left out, by name or id; `*` stands for any text.
        exclude: Vec<String> = [];
    }
}

impl Temperature {
    /// The operator's lines before the maker's, and those before the usual ones.
    fn limits(&self, sensor: &Sample, limits: &[Sample]) -> Limits {
        let labels = |kind| [(ID, label(sensor, ID)), (NAME, label(sensor, NAME)), (LIMIT_TYPE, kind)];
        let of_maker = |kind| {
            let limit = limits.iter().find(|limit| limit.carries(&labels(kind))).map(|limit| limit.value);
            limit.filter(|limit| PLAUSIBLE_LIMITS.contains(limit))
        };
        let (high, critical) = (of_maker("high.degraded"), of_maker("high.critical"));
        // A part that may not reach the usual threshold is not all right until it is there.
        let usual = critical.map_or(USUAL_THRESHOLD, |critical| critical.min(USUAL_THRESHOLD));
        let threshold = self.threshold.or(high).unwrap_or(usual);
        let usual = high.map_or(USUAL_CRITICAL, |high| (high + CRITICAL_ABOVE_HIGH).max(USUAL_CRITICAL));
        let critical = self.critical.or(critical).unwrap_or(usual);
        Limits { threshold, critical: Some(critical), clear: Some(threshold - self.hysteresis) }
    }

    fn watches(&self, sensor: &Sample, subject: &str) -> bool {
        let names = names(sensor, subject);
        let is_excluded = !self.exclude.is_empty() && names.iter().any(|name| is_among(&self.exclude, name));
        !is_excluded && names.iter().any(|name| is_among(&self.sensors, name))
    }
}

impl Check for Temperature {
    const NAME: &'static str = "temperature";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Temperature of each sensor";

    fn needs(&self) -> Result<Vec<Need>, String> {
        Ok(vec![Need::current(TEMPERATURE), Need::current(LIMIT)])
    }

    fn evaluate(&self, input: &Input) -> Result<Vec<Verdict>, String> {
        let (sensors, limits) = (input.samples.named(TEMPERATURE), input.samples.named(LIMIT));
        let subjects: Vec<_> = sensors.iter().map(|sensor| subject(sensor, sensors)).collect();
        let mut verdicts = missing(&self.sensors, "temperature sensor", |name| {
            sensors.iter().zip(&subjects).any(|(sensor, subject)| names(sensor, subject).contains(&name))
        });
        for (sensor, subject) in sensors.iter().zip(&subjects) {
            if self.watches(sensor, subject) {
                let limits = self.limits(sensor, limits);
                verdicts.push(judge(subject, sensor.value, &limits, input.previous(subject)));
            }
        }
        if verdicts.is_empty() {
            let message = if sensors.is_empty() { "no temperature sensor" } else { "no temperature sensor is watched" };
            verdicts.push(Verdict::new(Status::Ok, "Temperature", message));
        }
        keep_worst(&mut verdicts);
        Ok(verdicts)
    }
}

fn judge(subject: &str, degrees: f64, limits: &Limits, previous: Option<Status>) -> Verdict {
    let status = limits.status(degrees, previous);
    let title = if status == Status::Ok { "Temperature" } else { "High temperature" };
    let mut message = format!("Temperature of {subject} is {}", Quantity::new(degrees, "Cel"));
    if status != Status::Ok {
        message.push_str(" (");
        limits.tell(&mut message, "threshold", degrees, "Cel");
        message.push(')');
    }
    let measure = Measure::new("temperature", degrees, "Cel").limits(limits);
    Verdict::new(status, title, message).subject(subject).measure(measure)
}

fn label<'a>(sensor: &'a Sample, key: &str) -> &'a str {
    sensor.label(key).unwrap_or_default()
}

/// The name, which people know, with the id where several have that name. The settings have no say in it, so that it stays
/// the same when they change.
fn subject(sensor: &Sample, sensors: &[Sample]) -> String {
    let (name, id) = (label(sensor, NAME), label(sensor, ID));
    if name.is_empty() {
        return id.to_owned();
    }
    let is_unique = sensors.iter().filter(|other| label(other, NAME) == name).count() == 1;
    if is_unique { name.to_owned() } else { format!("{name} ({id})") }
}

/// What a setting may call a sensor.
fn names<'a>(sensor: &'a Sample, subject: &'a str) -> [&'a str; 3] {
    [label(sensor, NAME), label(sensor, ID), subject]
}

check!(Temperature);

#[cfg(test)]
mod tests;
