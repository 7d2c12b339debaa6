//! Renderings of what a cycle saw and of what is stored. Everything in here is text from owned data; nothing measures.

#[cfg(test)]
mod fixture;
mod summary;

pub mod format;
pub mod json;
pub mod nagios;
pub mod prometheus;
pub mod readings;
pub mod sparkline;
pub mod style;
pub mod table;
pub mod text;

use std::time::Duration;

use jiff::Timestamp;

use crate::alert::Notification;
use crate::check::{self, Evaluation, Status};
use crate::metric::{Diagnostic, Headline, Host, Sample};

/// The line that an instance of `cpu`, `memory` or `disk` warns above.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// The instance.
    pub instance: String,
    /// Per cent, 0..100.
    pub percent: f64,
}

/// Everything that people and scripts are told about one cycle.
#[derive(Clone, Debug)]
pub struct CycleReport {
    /// Row in `runs`.
    pub run_id: i64,
    /// When the cycle began.
    pub time: Timestamp,
    /// The host that was measured.
    pub host: Host,
    /// The figures to lead with.
    pub headline: Headline,
    /// The lines in force, in the order of the instances.
    pub thresholds: Vec<Threshold>,
    /// Every instance, judged.
    pub evaluations: Vec<Evaluation>,
    /// What was stored for people to read, the worst first.
    pub notifications: Vec<Notification>,
    /// Every reading, sorted by name and labels.
    pub samples: Vec<Sample>,
    /// What could not be read.
    pub diagnostics: Vec<Diagnostic>,
    /// How long the cycle took until it was stored.
    pub duration: Duration,
}

impl CycleReport {
    /// The worst status of all instances; unknown when none of them had anything to judge.
    pub fn status(&self) -> Status {
        match check::worst(self.evaluations.iter().map(Evaluation::status)) {
            Status::Ok if summary::judged(self) == 0 => Status::Unknown,
            worst => worst,
        }
    }
}
