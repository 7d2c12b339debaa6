//! One verdict from several readings of a subject.

use std::fmt::Write;

use crate::{Measure, Quantity, Status, Thresholds, Verdict, without_reading};

/// One reading of a subject.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading<'a> {
    /// Name of the measure: `receive_errors`. Messages show spaces instead of underscores.
    pub name: &'a str,
    /// The reading, in `unit`.
    pub value: f64,
    /// UCUM: `%`, `By/s`.
    pub unit: &'a str,
    /// Title of the verdict when this reading is the worst: `Network errors`.
    pub title: &'a str,
    /// Thresholds in `unit`. `None`: the reading is reported but never too high.
    pub thresholds: Option<Thresholds>,
}

/// Builds one verdict on a subject with several readings. The worst reading determines the status and the title; the message
/// lists every reading that is too high.
///
/// `eth0: receive 12.0 MB/s (limit: 10.0 MB/s), receive drops 250.0/s (limit: 100/s)`
///
/// All readings share one status and therefore one hysteresis: a raised subject clears when every reading has fallen to its
/// clearing threshold.
#[derive(Clone, Debug)]
pub struct CombinedVerdict {
    verdict: Verdict,
    previous: Option<Status>,
}

impl CombinedVerdict {
    /// Starts a verdict on a subject, with the title for status ok and the previous status of the subject.
    pub fn new(subject: &str, title: &str, previous: Option<Status>) -> Self {
        Self { verdict: Verdict::new(Status::Ok, title, "").subject(subject), previous }
    }

    /// Compares a reading with its thresholds.
    pub fn judge(&mut self, reading: &Reading) {
        let Reading { name, value, unit, title, thresholds } = *reading;
        let mut measure = Measure::new(name, value, unit);
        if let Some(thresholds) = &thresholds {
            measure = measure.thresholds(thresholds);
            let status = thresholds.status(value, self.previous);
            if status != Status::Ok {
                self.raise(status, title, "");
                push_words(&mut self.verdict.message, name);
                // Writing to a string cannot fail.
                let _ = write!(self.verdict.message, " {} (", Quantity::new(value, unit));
                thresholds.append_to(&mut self.verdict.message, "limit", value, unit);
                self.verdict.message.push(')');
            }
        }
        self.verdict.measures.push(measure);
    }

    /// Raises the status for a problem other than a reading above its threshold. `text` describes the problem in the message.
    pub fn raise(&mut self, status: Status, title: &str, text: &str) {
        if status > self.verdict.status {
            self.verdict.status = status;
            title.clone_into(&mut self.verdict.title);
        }
        if !self.verdict.message.is_empty() {
            self.verdict.message.push_str(", ");
        }
        self.verdict.message.push_str(text);
    }

    /// All readings as text for a message: `busy 3.0%, read 1.2 MB/s`. `None` when there are no readings.
    pub fn summary(&self) -> Option<String> {
        let mut summary = String::new();
        for Measure { name, value, unit, .. } in &self.verdict.measures {
            summary.push_str(if summary.is_empty() { "" } else { ", " });
            push_words(&mut summary, name);
            let _ = write!(summary, " {}", Quantity::new(*value, unit));
        }
        (!summary.is_empty()).then_some(summary)
    }

    /// Returns the verdict. `ok_message` is its message when no reading is too high. Without any reading a raised subject
    /// [stays raised](without_reading), because the first cycle after a boot has no rates.
    pub fn finish(mut self, ok_message: &str) -> Verdict {
        if self.verdict.measures.is_empty() && self.verdict.message.is_empty() {
            self.verdict.status = without_reading(self.previous);
        }
        let text = if self.verdict.message.is_empty() { ok_message } else { &self.verdict.message };
        if !self.verdict.subject.is_empty() {
            self.verdict.message = [&self.verdict.subject, ": ", text].concat();
        } else if self.verdict.message.is_empty() {
            ok_message.clone_into(&mut self.verdict.message);
        }
        self.verdict
    }
}

fn push_words(text: &mut String, name: &str) {
    for (index, word) in name.split('_').enumerate() {
        text.push_str(if index == 0 { "" } else { " " });
        text.push_str(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUSY: Reading = Reading {
        name: "busy",
        value: 97.0,
        unit: "%",
        title: "Busy disk",
        thresholds: Some(Thresholds { threshold: 95.0, critical: None, clear: Some(80.0) }),
    };
    const LATENCY: Reading = Reading {
        name: "read_latency",
        value: 250.0,
        unit: "ms",
        title: "Slow disk",
        thresholds: Some(Thresholds { threshold: 100.0, critical: Some(200.0), clear: None }),
    };

    fn judge(readings: &[Reading], previous: Option<Status>) -> Verdict {
        let mut combined = CombinedVerdict::new("sda", "Disk I/O", previous);
        readings.iter().for_each(|reading| combined.judge(reading));
        let summary = combined.summary();
        combined.finish(summary.as_deref().unwrap_or("no rate yet"))
    }

    #[test]
    fn worst_reading_gives_the_title_and_the_message_lists_all_that_are_too_high() {
        let verdict = judge(&[BUSY, LATENCY], None);
        assert_eq!((verdict.status, verdict.title.as_str()), (Status::Critical, "Slow disk"));
        assert_eq!(verdict.message, "sda: busy 97.0% (limit: 95%), read latency 250.0 ms (limit: 100 ms)");
        assert_eq!(verdict.measures[1], Measure::new("read_latency", 250.0, "ms").warning(100.0).critical(200.0));
    }

    #[test]
    fn message_lists_all_readings_when_none_is_too_high() {
        let verdict = judge(&[Reading { value: 3.0, ..BUSY }, Reading { thresholds: None, ..LATENCY }], None);
        assert_eq!((verdict.status, verdict.title.as_str()), (Status::Ok, "Disk I/O"));
        assert_eq!(verdict.message, "sda: busy 3.0%, read latency 250.0 ms");
        assert_eq!(judge(&[], None).message, "sda: no rate yet");
        for (previous, status) in
            [(Status::Ok, Status::Ok), (Status::Warning, Status::Warning), (Status::Unknown, Status::Ok)]
        {
            assert_eq!(judge(&[], Some(previous)).status, status, "missing data clears nothing");
        }
    }

    #[test]
    fn raised_subject_clears_when_every_reading_is_down_to_its_clearing_threshold() {
        let verdict = judge(&[Reading { value: 90.0, ..BUSY }], Some(Status::Critical));
        assert_eq!(verdict.status, Status::Warning);
        assert_eq!(verdict.message, "sda: busy 90.0% (limit: 95%, clears at 80%)");
        assert_eq!(judge(&[Reading { value: 80.0, ..BUSY }], Some(Status::Critical)).status, Status::Ok);
    }

    #[test]
    fn problem_without_a_reading_is_described_in_the_message() {
        let mut combined = CombinedVerdict::new("", "GPU", None);
        combined.judge(&Reading { value: 1.0, ..BUSY });
        combined.raise(Status::Warning, "GPU slowed down", "slowed down (hw_slowdown)");
        combined.raise(Status::Warning, "Another", "and more");
        let verdict = combined.finish("fine");
        assert_eq!((verdict.status, verdict.title.as_str()), (Status::Warning, "GPU slowed down"));
        assert_eq!(verdict.message, "slowed down (hw_slowdown), and more");
        assert_eq!(CombinedVerdict::new("", "GPU", None).finish("fine").message, "fine");
    }
}
