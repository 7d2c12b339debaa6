//! The verdict of a check about one subject.

use std::io;

use serde::{Deserialize, Serialize};

use super::status::Status;
use crate::metric::Labels;

/// The subject of the alert that stands for those subjects of an instance that have none of their own. No check may return
/// it, so that none can raise or resolve this alert.
pub const TOO_MANY_SUBJECTS: &str = "too many subjects";

/// One number behind a verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// Name, unique in the verdict.
    pub name: String,
    /// Finite, in `unit`.
    pub value: f64,
    /// UCUM: `%`, `By`, `By/s`, `s`, `1`.
    pub unit: String,
    /// Warning threshold, in `unit`.
    pub warning: Option<f64>,
    /// Critical threshold, in `unit`.
    pub critical: Option<f64>,
}

/// The judgement of a check about one subject. All text is clean: valid, bounded, without control characters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Status of the subject.
    pub status: Status,
    /// `/var`, or empty for the host.
    pub subject: String,
    /// Headline: `High CPU usage`.
    pub title: String,
    /// One sentence: `CPU usage is 85.5% (threshold: 80%)`.
    pub message: String,
    /// The numbers behind the verdict.
    pub measures: Vec<Measure>,
    /// Further data: runbook, owner.
    pub attributes: Labels,
}

impl Verdict {
    /// What the verdict takes in the database, in bytes: its texts, and its measures and attributes as JSON, every digit
    /// included. The text of a number can be forty times as long as the number.
    pub fn stored_bytes(&self) -> usize {
        let texts = self.subject.len() + self.title.len() + self.message.len();
        texts + json_bytes(&self.measures) + json_bytes(&self.attributes)
    }
}

/// The length of a value as JSON.
fn json_bytes(value: &impl Serialize) -> usize {
    struct Counter(usize);
    impl io::Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut counter = Counter(0);
    // Counting does not fail, and neither do texts and numbers.
    let _ = serde_json::to_writer(&mut counter, value);
    counter.0
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn stored_bytes_are_those_of_texts_and_json() {
        let measure = Measure {
            name: "\"q\"".to_owned(),
            value: -5e-324,
            unit: "%".to_owned(),
            warning: None,
            critical: Some(0.1),
        };
        let attributes = Labels::from([("a", "é")]);
        let verdict = Verdict {
            status: Status::Ok,
            subject: "/var".to_owned(),
            title: "title".to_owned(),
            message: String::new(),
            measures: vec![measure; 2],
            attributes,
        };
        let json = |value: serde_json::Value| value.to_string().len();
        let measures = serde_json::to_value(&verdict.measures).unwrap();
        let attributes = serde_json::to_value(&verdict.attributes).unwrap();
        assert_eq!(verdict.stored_bytes(), 9 + json(measures) + json(attributes));
    }
}
