//! Alerts, run by run. Each letter is a run: `o` ok, `w` warning, `c` critical, `u` unknown, `x` the check failed, `-`
//! not mentioned.
#![allow(clippy::unwrap_used)]

mod admission;
mod advance;
mod clock;
mod document;
mod flapping;
mod missing_data;
mod model;
mod model_suppression;
mod notification;
mod serialized;
mod suppression;
mod timing;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use checkpost_model::check::Status;

use super::observation::{Judgement, Observation};
use super::rule::STALE_AFTER;
use super::step::{Step, retire, step};
use super::*;

/// Seconds between two runs.
const EVERY: i64 = 300;

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

/// A rule without waits, reminders and flapping.
fn plain() -> Rule {
    Rule { repeat_interval: None, flapping: None, ..Rule::default() }
}

fn start() -> Timestamp {
    "2026-03-28T00:00:00Z".parse().unwrap()
}

/// The observation of a disk in a run.
fn observation(letter: char) -> Observation<'static> {
    let judged = |status, title, message, value| Observation::Judged(Judgement { status, title, message, value });
    match letter {
        'o' => judged(Status::Ok, "Disk usage", "Disk usage of /var is 50.0%", Some(50.0)),
        'w' => judged(Status::Warning, "High disk usage", "Disk usage of /var is 91.0%", Some(91.0)),
        'c' => judged(Status::Critical, "High disk usage", "Disk usage of /var is 97.0%", Some(97.0)),
        'u' => judged(Status::Unknown, "Disk usage unknown", "no reading of /var", None),
        'x' => Observation::Failed("out_of_fuel"),
        '-' => Observation::Absent,
        _ => panic!("{letter}"),
    }
}

/// One alert with the clock of its runs.
struct Trace {
    rule: Rule,
    now: Timestamp,
    alert: Option<Alert>,
}

impl Trace {
    fn new(rule: Rule) -> Self {
        Self { rule, now: start(), alert: None }
    }

    /// The state after these runs, five minutes apart.
    fn after(rule: Rule, runs: &str) -> Self {
        let mut trace = Self::new(rule);
        trace.runs(runs);
        trace
    }

    fn alert(&self) -> &Alert {
        self.alert.as_ref().unwrap()
    }

    /// One run, some seconds after the last one.
    fn step(&mut self, seconds: i64, letter: char) -> Option<Transition> {
        self.now = self.now.checked_add(SignedDuration::from_secs(seconds)).unwrap();
        let Step { alert, transition } = step(self.alert.take(), &observation(letter), &self.rule, self.now);
        self.alert = Some(alert);
        transition
    }

    /// The notification of [`Trace::step`]: `raised WARNING`; empty if there is none.
    fn notified(&mut self, seconds: i64, letter: char) -> String {
        let text = |transition: &Transition| format!("{} {}", transition.kind.as_str(), transition.level.level());
        self.step(seconds, letter).iter().map(text).collect()
    }

    /// The notifications of these runs, five minutes apart, each with the number of its run from 0: `3 raised WARNING`.
    fn runs(&mut self, runs: &str) -> Vec<String> {
        let mut all = Vec::new();
        for (number, letter) in runs.chars().filter(|letter| *letter != ' ').enumerate() {
            let notified = self.notified(EVERY, letter);
            if !notified.is_empty() {
                all.push(format!("{number} {notified}"));
            }
        }
        all
    }
}

/// The notifications of the first runs of an alert, as [`Trace::runs`] returns them.
fn notified(rule: &Rule, runs: &str) -> Vec<String> {
    Trace::new(rule.clone()).runs(runs)
}

/// No notification.
const NOTHING: [&str; 0] = [];
