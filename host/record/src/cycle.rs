//! The record of a cycle.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use checkpost_alerting::alert::{Alerts, Notification};
use checkpost_alerting::route::Planned;
use checkpost_model::check::{self, Evaluation, Status};
use checkpost_model::metric::{Headline, Snapshot};
use checkpost_model::millis;

use crate::alerts;
use crate::inputs::EvaluationInputs;

/// The version of the document. A field may join a version; a field that changes its meaning or goes away makes a new one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Schema {
    /// The first version.
    #[default]
    #[serde(rename = "checkpost.cycle/1")]
    V1,
}

/// The line above which an instance of `cpu`, `memory` or `disk` warns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    /// The instance.
    pub instance: String,
    /// Per cent, 0..100.
    pub percent: f64,
}

/// One cycle: what was measured, judged, decided and announced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CycleRecord {
    /// The version of this document.
    pub schema: Schema,
    /// The version of checkpost that made it.
    pub version: String,
    /// Time, host, readings and diagnostics.
    pub snapshot: Snapshot,
    /// The figures that reports lead with, a row of `system_metrics`.
    pub headline: Headline,
    /// The percentage thresholds in force, in the order of the instances.
    pub thresholds: Vec<Threshold>,
    /// Every instance, judged; the names of the instances are unique.
    pub evaluations: Vec<Evaluation>,
    /// What each evaluation was given, in the same order.
    pub inputs: Vec<EvaluationInputs>,
    /// The alerts that the cycle began with.
    #[serde(with = "alerts")]
    pub previous_alerts: Alerts,
    /// The alerts that are retained for the next cycle.
    #[serde(with = "alerts")]
    pub alerts: Alerts,
    /// What there was to notify, the worst first; suppressed notifications carry the reason.
    pub notifications: Vec<Notification>,
    /// The messages that these notifications became, by route.
    pub messages: Vec<Planned>,
    /// Numbers of the acknowledgements that ended with this cycle.
    pub ended_acknowledgements: Vec<i64>,
    /// From the start of the cycle until its record was complete.
    #[serde(rename = "duration_ms", with = "millis")]
    pub duration: Duration,
}

impl CycleRecord {
    /// A cycle that measured this, before anything is judged.
    pub fn new(version: &str, snapshot: Snapshot) -> Self {
        Self {
            schema: Schema::V1,
            version: version.to_owned(),
            headline: Headline::of(&snapshot),
            snapshot,
            thresholds: Vec::new(),
            evaluations: Vec::new(),
            inputs: Vec::new(),
            previous_alerts: Alerts::new(),
            alerts: Alerts::new(),
            notifications: Vec::new(),
            messages: Vec::new(),
            ended_acknowledgements: Vec::new(),
            duration: Duration::ZERO,
        }
    }

    /// The worst status of all instances; unknown when none of them had anything to judge.
    pub fn status(&self) -> Status {
        match check::worst(self.evaluations.iter().map(Evaluation::status)) {
            Status::Ok if self.judged() == 0 => Status::Unknown,
            worst => worst,
        }
    }

    /// How many instances gave at least one verdict.
    pub fn judged(&self) -> usize {
        self.evaluations.iter().filter(|e| e.outcome.as_ref().is_ok_and(|verdicts| !verdicts.is_empty())).count()
    }
}

/// A cycle that is in the database.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredCycle {
    /// Its row in `runs`.
    pub run_id: i64,
    /// From the start of the cycle until it was stored, which its record cannot know.
    pub duration: Duration,
    /// The cycle.
    pub record: CycleRecord,
}
