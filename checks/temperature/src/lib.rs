//! The `temperature` check: the temperature of each sensor.

use checkpost_sdk::{
    Check, Input, Measure, Need, Quantity, Sample, Status, Thresholds, Verdict, check, is_among, keep_worst, missing,
    settings,
};

/// Temperature of a sensor, in degrees Celsius.
const TEMPERATURE: &str = "hw.temperature";
/// Temperature that the manufacturer of a sensor calls high or critical, in degrees Celsius.
const LIMIT: &str = "hw.temperature.limit";

const ID: &str = "hw.id";
const NAME: &str = "hw.name";
const LIMIT_TYPE: &str = "hw.limit_type";

/// Thresholds when neither the operator nor the manufacturer sets any: most parts slow down or fail somewhere above them.
const USUAL_THRESHOLD: f64 = 85.0;
const USUAL_CRITICAL: f64 = 95.0;
/// Distance of the critical threshold from the manufacturer's high limit, when the manufacturer gives no critical limit.
const CRITICAL_ABOVE_HIGH: f64 = 10.0;
/// Range of plausible manufacturer's limits. Some chips report 0, -273 or 65261 when they have no limit.
const PLAUSIBLE_LIMITS: std::ops::RangeInclusive<f64> = 1.0..=150.0;

settings! {
    /// Warns of high temperatures.
    pub struct Temperature {
        /// Temperature above which the status is warning. Defaults to the manufacturer's high limit, or else to 85.
        threshold: Option<f64>, unit "Cel", range -50.0..=150.0;
        /// Temperature above which a warning becomes critical. Defaults to the manufacturer's critical limit, or else to 95.
        critical: Option<f64>, unit "Cel", range -50.0..=150.0;
        /// Degrees below its threshold to which a raised sensor must cool down before it clears.
        hysteresis: f64 = 3.0, unit "Cel", range 0.0..=50.0;
        /// Sensors to watch, by name or id; `*` matches any text. If empty, all of them.
        sensors: Vec<String> = [];
        /// Sensors to ignore, by name or id; `*` matches any text.
        exclude: Vec<String> = [];
    }
}

impl Temperature {
    /// The thresholds of a sensor: the operator's if set, else the manufacturer's, else the usual ones.
    fn thresholds(&self, sensor: &Sample, limits: &[Sample]) -> Thresholds {
        let labels = |kind| [(ID, label(sensor, ID)), (NAME, label(sensor, NAME)), (LIMIT_TYPE, kind)];
        let manufacturer = |kind| {
            let limit = limits.iter().find(|limit| limit.carries(&labels(kind))).map(|limit| limit.value);
            limit.filter(|limit| PLAUSIBLE_LIMITS.contains(limit))
        };
        let (high, critical) = (manufacturer("high.degraded"), manufacturer("high.critical"));
        // A sensor whose critical limit is below the usual threshold must not stay ok up to that threshold.
        let usual = critical.map_or(USUAL_THRESHOLD, |critical| critical.min(USUAL_THRESHOLD));
        let threshold = self.threshold.or(high).unwrap_or(usual);
        let usual = high.map_or(USUAL_CRITICAL, |high| (high + CRITICAL_ABOVE_HIGH).max(USUAL_CRITICAL));
        let critical = self.critical.or(critical).unwrap_or(usual);
        Thresholds { threshold, critical: Some(critical), clear: Some(threshold - self.hysteresis) }
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
                let thresholds = self.thresholds(sensor, limits);
                verdicts.push(judge(subject, sensor.value, &thresholds, input.previous(subject)));
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

fn judge(subject: &str, degrees: f64, thresholds: &Thresholds, previous: Option<Status>) -> Verdict {
    let status = thresholds.status(degrees, previous);
    let title = if status == Status::Ok { "Temperature" } else { "High temperature" };
    let mut message = format!("Temperature of {subject} is {}", Quantity::new(degrees, "Cel"));
    if status != Status::Ok {
        message.push_str(" (");
        thresholds.append_to(&mut message, "threshold", degrees, "Cel");
        message.push(')');
    }
    let measure = Measure::new("temperature", degrees, "Cel").thresholds(thresholds);
    Verdict::new(status, title, message).subject(subject).measure(measure)
}

fn label<'a>(sensor: &'a Sample, key: &str) -> &'a str {
    sensor.label(key).unwrap_or_default()
}

/// The subject of a sensor: its name, which people know, followed by its id when several sensors share the name. The subject
/// does not depend on the settings, so that it stays the same when they change.
fn subject(sensor: &Sample, sensors: &[Sample]) -> String {
    let (name, id) = (label(sensor, NAME), label(sensor, ID));
    if name.is_empty() {
        return id.to_owned();
    }
    let is_unique = sensors.iter().filter(|other| label(other, NAME) == name).count() == 1;
    if is_unique { name.to_owned() } else { format!("{name} ({id})") }
}

/// The names by which the settings may refer to a sensor.
fn names<'a>(sensor: &'a Sample, subject: &'a str) -> [&'a str; 3] {
    [label(sensor, NAME), label(sensor, ID), subject]
}

check!(Temperature);

#[cfg(test)]
mod tests;
