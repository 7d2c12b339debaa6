//! Verdicts, part by part.

use std::cmp::Reverse;

use crate::{Limits, Measure, Status, Verdict};

impl Verdict {
    /// A verdict on the host as a whole: how it is, a few words for a headline, and one sentence with the reading and
    /// the limit.
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

    /// What it is about: `/var`, `eth0`. Unique among the verdicts of an evaluation.
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = subject.into();
        self
    }

    /// With one of the numbers behind it.
    pub fn measure(mut self, measure: Measure) -> Self {
        self.measures.push(measure);
        self
    }

    /// With open data: `runbook`, `owner`.
    pub fn attribute(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.attributes.push((key.into(), value.into()));
        self.attributes.sort();
        self
    }
}

/// Leaves one verdict on each subject, the worst, and sorts them by subject: a subject must not repeat, but names of
/// things may.
pub fn keep_worst(verdicts: &mut Vec<Verdict>) {
    verdicts.sort_by(|a, b| (&a.subject, Reverse(a.status)).cmp(&(&b.subject, Reverse(b.status))));
    verdicts.dedup_by(|a, b| a.subject == b.subject);
}

impl Measure {
    /// A number: what it is (unique in the verdict), its value, and its UCUM unit (`%`, `By`, `By/s`, `s`, `1`).
    pub fn new(name: &str, value: f64, unit: &str) -> Self {
        Self { name: name.to_owned(), value, unit: unit.to_owned(), warning: None, critical: None }
    }

    /// The line above which it is a warning, in its unit.
    pub fn warning(mut self, line: f64) -> Self {
        self.warning = Some(line);
        self
    }

    /// The line above which it is critical, in its unit.
    pub fn critical(mut self, line: f64) -> Self {
        self.critical = Some(line);
        self
    }

    /// Both lines, as they work: nothing up to the threshold is critical.
    pub fn limits(mut self, limits: &Limits) -> Self {
        self.warning = Some(limits.threshold);
        self.critical = limits.critical.map(|critical| critical.max(limits.threshold));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_critical_line_of_a_measure_is_the_one_that_works() {
        let limits = Limits { threshold: 80.0, critical: Some(95.0), clear: None };
        let measure = Measure::new("used", 50.0, "%").limits(&limits);
        assert_eq!((measure.warning, measure.critical), (Some(80.0), Some(95.0)));
        let measure = Measure::new("used", 50.0, "%").limits(&Limits { threshold: 97.0, ..limits });
        assert_eq!((measure.warning, measure.critical), (Some(97.0), Some(97.0)));
        let measure = Measure::new("used", 50.0, "%").limits(&Limits { critical: None, ..limits });
        assert_eq!((measure.warning, measure.critical), (Some(80.0), None));
    }

    #[test]
    fn of_several_verdicts_on_a_subject_the_worst_stays() {
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
    fn a_verdict_is_built_part_by_part() {
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
