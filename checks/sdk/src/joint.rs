//! One verdict that several readings of a subject share.

use std::fmt::Write;

use crate::{Limits, Measure, Quantity, Status, Verdict, without_reading};

/// One reading of a subject.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading<'a> {
    /// The name of the measure, and in messages with spaces: `receive_errors`.
    pub name: &'a str,
    /// The reading, in `unit`.
    pub value: f64,
    /// UCUM: `%`, `By/s`.
    pub unit: &'a str,
    /// The headline when it is the worst: `Network errors`.
    pub title: &'a str,
    /// What it is held against, in `unit`. `None`: it is told and never too high.
    pub limits: Option<Limits>,
}

/// A verdict in the making on a subject with several readings: as bad as the worst of them, which gives the headline,
/// with a message that tells those that are too high.
///
/// `eth0: receive 12.0 MB/s (limit: 10.0 MB/s), receive drops 250.0/s (limit: 100/s)`
///
/// There is one status for all of them, and so one hysteresis: a raised subject clears when every reading is down to its
/// clearing line.
#[derive(Clone, Debug)]
pub struct Joint {
    verdict: Verdict,
    previous: Option<Status>,
}

impl Joint {
    /// About a subject, with the headline that it has while it is ok, and what was said of it last time.
    pub fn on(subject: &str, title: &str, previous: Option<Status>) -> Self {
        Self { verdict: Verdict::new(Status::Ok, title, "").subject(subject), previous }
    }

    /// Holds a reading against its limits.
    pub fn hold(&mut self, reading: &Reading) {
        let Reading { name, value, unit, title, limits } = *reading;
        let mut measure = Measure::new(name, value, unit);
        if let Some(limits) = &limits {
            measure = measure.limits(limits);
            let status = limits.status(value, self.previous);
            if status != Status::Ok {
                self.raise(status, title, "");
                push_words(&mut self.verdict.message, name);
                // Writing to a string cannot fail.
                let _ = write!(self.verdict.message, " {} (", Quantity::new(value, unit));
                limits.tell(&mut self.verdict.message, "limit", value, unit);
                self.verdict.message.push(')');
            }
        }
        self.verdict.measures.push(measure);
    }

    /// Adds something that is wrong and no number above a line, in words for the message.
    pub fn raise(&mut self, status: Status, title: &str, words: &str) {
        if status > self.verdict.status {
            self.verdict.status = status;
            title.clone_into(&mut self.verdict.title);
        }
        if !self.verdict.message.is_empty() {
            self.verdict.message.push_str(", ");
        }
        self.verdict.message.push_str(words);
    }

    /// All readings, in words for a message: `busy 3.0%, read 1.2 MB/s`. `None` without any.
    pub fn told(&self) -> Option<String> {
        let mut told = String::new();
        for Measure { name, value, unit, .. } in &self.verdict.measures {
            told.push_str(if told.is_empty() { "" } else { ", " });
            push_words(&mut told, name);
            let _ = write!(told, " {}", Quantity::new(*value, unit));
        }
        (!told.is_empty()).then_some(told)
    }

    /// The verdict, with the words for its message when nothing is too high. Without any reading a raised subject
    /// [stays raised](without_reading): in the first cycle after a boot there are no rates.
    pub fn verdict(mut self, otherwise: &str) -> Verdict {
        if self.verdict.measures.is_empty() && self.verdict.message.is_empty() {
            self.verdict.status = without_reading(self.previous);
        }
        let words = if self.verdict.message.is_empty() { otherwise } else { &self.verdict.message };
        if !self.verdict.subject.is_empty() {
            self.verdict.message = [&self.verdict.subject, ": ", words].concat();
        } else if self.verdict.message.is_empty() {
            otherwise.clone_into(&mut self.verdict.message);
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
        limits: Some(Limits { threshold: 95.0, critical: None, clear: Some(80.0) }),
    };
    const LATENCY: Reading = Reading {
        name: "read_latency",
        value: 250.0,
        unit: "ms",
        title: "Slow disk",
        limits: Some(Limits { threshold: 100.0, critical: Some(200.0), clear: None }),
    };

    fn judge(readings: &[Reading], previous: Option<Status>) -> Verdict {
        let mut joint = Joint::on("sda", "Disk I/O", previous);
        readings.iter().for_each(|reading| joint.hold(reading));
        let told = joint.told();
        joint.verdict(told.as_deref().unwrap_or("no rate yet"))
    }

    #[test]
    fn the_worst_reading_gives_the_headline_and_all_that_are_too_high_are_told() {
        let verdict = judge(&[BUSY, LATENCY], None);
        assert_eq!((verdict.status, verdict.title.as_str()), (Status::Critical, "Slow disk"));
        assert_eq!(verdict.message, "sda: busy 97.0% (limit: 95%), read latency 250.0 ms (limit: 100 ms)");
        assert_eq!(verdict.measures[1], Measure::new("read_latency", 250.0, "ms").warning(100.0).critical(200.0));
    }

    #[test]
    fn when_nothing_is_too_high_all_readings_are_told() {
        let verdict = judge(&[Reading { value: 3.0, ..BUSY }, Reading { limits: None, ..LATENCY }], None);
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
    fn a_raised_subject_stays_until_each_reading_is_down_to_its_line() {
        let held = judge(&[Reading { value: 90.0, ..BUSY }], Some(Status::Critical));
        assert_eq!(held.status, Status::Warning);
        assert_eq!(held.message, "sda: busy 90.0% (limit: 95%, clears at 80%)");
        assert_eq!(judge(&[Reading { value: 80.0, ..BUSY }], Some(Status::Critical)).status, Status::Ok);
    }

    #[test]
    fn what_is_no_number_is_told_in_its_words() {
        let mut joint = Joint::on("", "GPU", None);
        joint.hold(&Reading { value: 1.0, ..BUSY });
        joint.raise(Status::Warning, "GPU slowed down", "slowed down (hw_slowdown)");
        joint.raise(Status::Warning, "Another", "and more");
        let verdict = joint.verdict("fine");
        assert_eq!((verdict.status, verdict.title.as_str()), (Status::Warning, "GPU slowed down"));
        assert_eq!(verdict.message, "slowed down (hw_slowdown), and more");
        assert_eq!(Joint::on("", "GPU", None).verdict("fine").message, "fine");
    }
}
