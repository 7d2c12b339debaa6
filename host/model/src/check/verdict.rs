//! The verdict of a check about one subject.

use serde::{Deserialize, Serialize};

use super::status::Status;
use crate::metric::Labels;

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
