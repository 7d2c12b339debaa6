//! The input of an evaluation: readings by name and labels, and the previous status of each subject.

use crate::bindings::types;
use crate::{Point, Sample, Series, Status, Value};

/// Everything that an evaluation may depend on, apart from the settings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Input {
    /// When the cycle began: milliseconds since 1970-01-01T00:00:00Z.
    pub time_ms: u64,
    /// Facts about the host, sorted by key: `host.arch`, `host.name`, `os.description`, `os.type`.
    pub host: Vec<(String, String)>,
    /// The current readings that match the needs.
    pub samples: Samples,
    /// Past readings for needs with a window, sorted by name and labels.
    pub history: Vec<Series>,
    previous: Vec<(String, Status)>,
}

impl Input {
    pub(crate) fn new(input: types::Input) -> (Vec<(String, Value)>, Self) {
        let types::Input { time_ms, host, settings, samples, history, previous } = input;
        (settings, Self { time_ms, host, samples: Samples(samples), history, previous })
    }

    /// The status of a subject in the last evaluation of this instance that returned verdicts; for hysteresis.
    pub fn previous(&self, subject: &str) -> Option<Status> {
        self.previous.iter().find(|(known, _)| known == subject).map(|(_, status)| *status)
    }

    /// An input without readings, for a cycle that began at `time_ms`; for tests.
    pub fn at(time_ms: u64) -> Self {
        Self { time_ms, ..Self::default() }
    }

    /// Adds a reading; for tests.
    pub fn with_sample(mut self, name: &str, labels: &[(&str, &str)], value: f64) -> Self {
        let sample = Sample { name: name.to_owned(), labels: owned(labels), value };
        let samples = &mut self.samples.0;
        let place = samples.partition_point(|other| (&other.name, &other.labels) < (&sample.name, &sample.labels));
        samples.insert(place, sample);
        self
    }

    /// Adds the past readings of one series, oldest first, as pairs of time in milliseconds and value; for tests.
    pub fn with_history(mut self, name: &str, labels: &[(&str, &str)], points: &[(u64, f64)]) -> Self {
        let points = points.iter().map(|&(time_ms, value)| Point { time_ms, value }).collect();
        let series = Series { name: name.to_owned(), labels: owned(labels), points };
        let place = self.history.partition_point(|other| (&other.name, &other.labels) < (&series.name, &series.labels));
        self.history.insert(place, series);
        self
    }

    /// Adds the previous status of a subject; for tests.
    pub fn with_previous(mut self, subject: &str, status: Status) -> Self {
        self.previous.push((subject.to_owned(), status));
        self
    }
}

fn owned(labels: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut labels: Vec<_> = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    labels.sort();
    labels
}

/// Readings, sorted by name and labels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Samples(Vec<Sample>);

impl Samples {
    /// The reading of a metric that has one series, like `system.cpu.utilization`. Of several series, the first.
    pub fn find(&self, name: &str) -> Option<f64> {
        self.named(name).first().map(|sample| sample.value)
    }

    /// Like [`Samples::find`], but with an error for a missing reading: `no reading of system.cpu.utilization`.
    pub fn get(&self, name: &str) -> Result<f64, String> {
        self.find(name).ok_or_else(|| format!("no reading of {name}"))
    }

    /// The first reading of a metric with all of these labels.
    ///
    /// To look up many subjects, call [`Samples::named`] once and search the result with [`Sample::carries`].
    pub fn find_with(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        self.named(name).iter().find(|sample| sample.carries(labels)).map(|sample| sample.value)
    }

    /// All readings of a metric, sorted by labels.
    pub fn named(&self, name: &str) -> &[Sample] {
        let start = self.0.partition_point(|sample| sample.name.as_str() < name);
        let end = self.0.partition_point(|sample| sample.name.as_str() <= name);
        &self.0[start..end]
    }

    /// All readings.
    pub fn iter(&self) -> impl Iterator<Item = &Sample> {
        self.0.iter()
    }
}

impl Sample {
    /// The value of a label.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// Whether the reading has all of these labels.
    pub fn carries(&self, labels: &[(&str, &str)]) -> bool {
        // Compare values first: keys share long prefixes, so comparing them costs more.
        labels.iter().all(|(key, value)| self.labels.iter().any(|(name, of)| of == value && name == key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input() -> Input {
        Input::default()
            .with_sample("b", &[("to", "y"), ("at", "2")], 3.0)
            .with_sample("b", &[("at", "1")], 2.0)
            .with_sample("a.longer", &[], 1.0)
            .with_sample("c", &[], 4.0)
    }

    #[test]
    fn reading_is_found_by_its_whole_name() {
        let samples = input().samples;
        assert_eq!(samples.find("a.longer"), Some(1.0));
        assert_eq!(samples.find("a"), None);
        assert_eq!(samples.find("c"), Some(4.0));
        assert_eq!(samples.find("d"), None);
        assert_eq!(samples.get("d"), Err("no reading of d".to_owned()));
    }

    #[test]
    fn readings_of_one_metric_are_distinguished_by_labels() {
        let samples = input().samples;
        assert_eq!(samples.named("b").iter().map(|sample| sample.value).collect::<Vec<_>>(), [2.0, 3.0]);
        assert_eq!(samples.find_with("b", &[("to", "y"), ("at", "2")]), Some(3.0));
        assert_eq!(samples.find_with("b", &[("to", "z")]), None);
        assert_eq!(samples.named("b")[1].label("to"), Some("y"));
        assert_eq!(samples.named("b")[0].label("to"), None);
        assert_eq!(samples.iter().count(), 4);
    }

    #[test]
    fn past_readings_are_sorted_like_current_ones() {
        let input = Input::default()
            .with_history("b", &[("to", "y"), ("at", "2")], &[(1000, 1.0), (2000, 3.0)])
            .with_history("b", &[("at", "1")], &[])
            .with_history("a", &[], &[]);
        let names: Vec<_> = input.history.iter().map(|series| (series.name.as_str(), series.points.len())).collect();
        assert_eq!(names, [("a", 0), ("b", 0), ("b", 2)]);
        assert_eq!(input.history[2].labels[0].0, "at");
        assert_eq!(input.history[2].points[1], Point { time_ms: 2000, value: 3.0 });
    }

    #[test]
    fn previous_status_is_found_by_subject() {
        let input = input().with_previous("/var", Status::Critical);
        assert_eq!(input.previous("/var"), Some(Status::Critical));
        assert_eq!(input.previous("/"), None);
    }
}
