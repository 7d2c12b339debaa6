//! Alerts, run by run. A run is a letter: `o` ok, `w` warning, `c` critical, `u` unknown, `x` the check failed, `-` not
//! mentioned.
#![allow(clippy::unwrap_used)]

mod advancing;
mod clock;
mod document;
mod flapping;
mod lasting;
mod missing;
mod model;
mod model_quiet;
mod quiet;
mod serialized;
mod telling;
mod trace;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::check::Status;

/// Between two runs.
const EVERY: i64 = 300;

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

/// Nothing waits, nothing flaps, nothing is told again.
fn plain() -> Rule {
    Rule { repeat_interval: None, flapping: None, ..Rule::default() }
}

fn start() -> Timestamp {
    "2026-03-28T00:00:00Z".parse().unwrap()
}

/// What a run sees of a disk.
fn seen(letter: char) -> Observation<'static> {
    let said = |status, title, message, value| Observation::Judged(Said { status, title, message, value });
    match letter {
        'o' => said(Status::Ok, "Disk usage", "Disk usage of /var is 50.0%", Some(50.0)),
        'w' => said(Status::Warning, "High disk usage", "Disk usage of /var is 91.0%", Some(91.0)),
        'c' => said(Status::Critical, "High disk usage", "Disk usage of /var is 97.0%", Some(97.0)),
        'u' => said(Status::Unknown, "Disk usage unknown", "no reading of /var", None),
        'x' => Observation::CouldNotJudge("out_of_fuel"),
        '-' => Observation::Absent,
        _ => panic!("{letter}"),
    }
}

/// One alert, with the clock of its runs.
struct Trace {
    rule: Rule,
    now: Timestamp,
    alert: Option<Alert>,
}

impl Trace {
    fn new(rule: Rule) -> Self {
        Self { rule, now: start(), alert: None }
    }

    /// After these runs, five minutes apart.
    fn after(rule: Rule, runs: &str) -> Self {
        let mut trace = Self::new(rule);
        trace.runs(runs);
        trace
    }

    fn alert(&self) -> &Alert {
        self.alert.as_ref().unwrap()
    }

    /// One run, so many seconds later, and what it tells.
    fn later(&mut self, seconds: i64, letter: char) -> Vec<Transition> {
        self.now = self.now.checked_add(SignedDuration::from_secs(seconds)).unwrap();
        let Step { alert, transitions } = step(self.alert.as_ref(), &seen(letter), &self.rule, self.now);
        self.alert = Some(alert);
        transitions
    }

    /// [`Trace::later`], as `raised WARNING`; empty when nothing is told.
    fn tells(&mut self, seconds: i64, letter: char) -> String {
        let told = |transition: &Transition| format!("{} {}", transition.kind.as_str(), transition.level.level());
        self.later(seconds, letter).iter().map(told).collect()
    }

    /// What these runs tell, five minutes apart, each with the number of the run: `3 raised WARNING`.
    fn runs(&mut self, runs: &str) -> Vec<String> {
        let mut told = Vec::new();
        for (number, letter) in runs.chars().filter(|letter| *letter != ' ').enumerate() {
            let what = self.tells(EVERY, letter);
            if !what.is_empty() {
                told.push(format!("{number} {what}"));
            }
        }
        told
    }
}

/// What runs tell from the first on; counted from 0.
fn told(rule: &Rule, runs: &str) -> Vec<String> {
    Trace::new(rule.clone()).runs(runs)
}

/// No message.
const NOTHING: [&str; 0] = [];
