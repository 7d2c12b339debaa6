//! Builders of verdicts and measures.

use std::cmp::Reverse;

use crate::{Measure, Status, Thresholds, Verdict};

impl Verdict {
    /// A verdict on the whole host: the status, a title of a few words, and a message of one sentence with the reading and
    /// the threshold.
    pub fn new(status: Status, title: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            status,
            subject: String::new(),
            title: title.into(),
            message: message.into(),
            measures: Vec::new(),
            attributes: Vec::new(),
        }
    }

    /// Sets the subject: `/var`, `eth0`. It must be unique among the verdicts of an evaluation.
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = subject.into();
        self
    }

    /// Adds a measure, a number that the verdict is based on.
    pub fn measure(mut self, measure: Measure) -> Self {
        self.measures.push(measure);
        self
    }

    /// Adds open data: `runbook`, `owner`.
    pub fn attribute(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.attributes.push((key.into(), value.into()));
        self.attributes.sort();
        self
    }
}

/// Keeps only the worst verdict on each subject and sorts the verdicts by subject. Subjects must not repeat, but the names
/// that they come from may.
pub fn keep_worst(verdicts: &mut Vec<Verdict>) {
    verdicts.sort_by(|a, b| (&a.subject, Reverse(a.status)).cmp(&(&b.subject, Reverse(b.status))));
    verdicts.dedup_by(|a, b| a.subject == b.subject);
}

impl Measure {
    /// A measure with a name, unique in the verdict, a value and a UCUM unit (`%`, `By`, `By/s`, `s`, `1`).
    pub fn new(name: &str, value: f64, unit: &str) -> Self {
        Self { name: name.to_owned(), value, unit: unit.to_owned(), warning: None, critical: None }
    }

    /// Sets the threshold of a warning, in the unit of the measure.
    pub fn warning(mut self, threshold: f64) -> Self {
        self.warning = Some(threshold);
        self
    }

    /// Sets the critical threshold, in the unit of the measure.
    pub fn critical(mut self, threshold: f64) -> Self {
        self.critical = Some(threshold);
        self
    }

    /// Sets both thresholds as they take effect: no reading up to `threshold` is critical.
    pub fn thresholds(mut self, thresholds: &Thresholds) -> Self {
        self.warning = Some(thresholds.threshold);
        self.critical = thresholds.critical.map(|critical| critical.max(thresholds.threshold));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn critical_threshold_of_a_measure_is_the_one_in_effect() {
        let thresholds = Thresholds { threshold: 80.0, critical: Some(95.0), clear: None };
        let measure = Measure::new("used", 50.0, "%").thresholds(&thresholds);
        assert_eq!((measure.warning, measure.critical), (Some(80.0), Some(95.0)));
        let measure = Measure::new("used", 50.0, "%").thresholds(&Thresholds { threshold: 97.0, ..thresholds });
        assert_eq!((measure.warning, measure.critical), (Some(97.0), Some(97.0)));
        let measure = Measure::new("used", 50.0, "%").thresholds(&Thresholds { critical: None, ..thresholds });
        assert_eq!((measure.warning, measure.critical), (Some(80.0), None));
    }

    #[test]
    fn worst_verdict_on_a_subject_is_kept() {
        let verdict = |subject: &str, status| Verdict::new(status, "", "").subject(subject);
        let mut verdicts = vec![
            verdict("b", Status::Ok),
            verdict("a", Status::Ok),
            verdict("b", Status::Critical),
            verdict("b", Status::Ok),
        ];
        keep_worst(&mut verdicts);
        assert_eq!(verdicts, [verdict("a", Status::Ok), verdict("b", Status::Critical)]);
    }

    #[test]
    fn verdict_is_built_part_by_part() {
        let verdict = Verdict::new(Status::Ok, "Disk", "fine")
            .subject("/var")
            .attribute("runbook", "https://example.org")
            .attribute("owner", "storage")
            .measure(Measure::new("used", 1.0, "%").warning(2.0).critical(3.0));
        assert_eq!(verdict.subject, "/var");
        assert_eq!(verdict.attributes[0].0, "owner");
        assert_eq!(verdict.measures[0].critical, Some(3.0));
    }
}
