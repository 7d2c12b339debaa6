//! One run of all alerts: which subject saw what.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::notification::could_not_judge;
use super::rule::Rule;
use super::settle::{Advanced, Standing};
use super::state::Alert;
use super::step::{Observation, Said, retire, step};
use crate::check::{CHECKS_DIRECTORY, Evaluation, Status, Verdict};

/// Which alert it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AlertKey {
    /// The instance.
    pub instance: String,
    /// What it is about; empty for the host, and for the failure of the check.
    pub subject: String,
}

/// What is kept of all alerts from one run to the next. One that is not in here is ok, and nobody was told anything.
pub type Alerts = BTreeMap<AlertKey, Alert>;

/// A [`Run`] of which nothing is kept quiet.
pub fn advance(
    previous: &Alerts,
    evaluations: &[Evaluation],
    rules: impl Fn(&str) -> Rule,
    now: Timestamp,
) -> Advanced {
    Run::new(previous, evaluations, rules, now).settle(|_| None)
}

/// All alerts in a run, before it is known what of it is kept quiet.
pub struct Run {
    /// Each alert that was known or seen.
    pub standings: Vec<Standing>,
    now: Timestamp,
}

impl Run {
    /// Takes all alerts through the run at `now`, with the rule of each instance.
    ///
    /// A check that failed says so for its empty subject; the others of it that are known stand where they stood. What
    /// is no longer configured is told once and forgotten.
    pub fn new(previous: &Alerts, evaluations: &[Evaluation], rules: impl Fn(&str) -> Rule, now: Timestamp) -> Self {
        let mut known: BTreeMap<&str, BTreeMap<&str, &Alert>> = BTreeMap::new();
        for (key, alert) in previous {
            known.entry(&key.instance).or_default().insert(&key.subject, alert);
        }
        let mut run = Self { standings: Vec::new(), now };
        for evaluation in evaluations {
            let instance = Instance {
                name: &evaluation.instance,
                audience: Some((&evaluation.channel, &evaluation.owner)),
                known: known.remove(evaluation.instance.as_str()).unwrap_or_default(),
                rule: rules(&evaluation.instance),
            };
            match &evaluation.outcome {
                Ok(verdicts) => run.judged(&instance, verdicts),
                Err(failure) => run.failed(&instance, &failure.to_string()),
            }
        }
        // Checks that are found in a directory are not gone when it cannot be read.
        let unreadable = evaluations.iter().find(|evaluation| evaluation.instance == CHECKS_DIRECTORY);
        let unreadable = unreadable.and_then(|evaluation| evaluation.outcome.as_ref().err());
        for (name, known) in known {
            let instance = Instance { name, audience: None, rule: rules(name), known };
            match unreadable {
                Some(failure) => run.unseen(&instance, &failure.to_string()),
                None if name == CHECKS_DIRECTORY => run.judged(&instance, &[]),
                None => run.gone(&instance),
            }
        }
        run
    }

    /// What is told and what is kept, given why an alert is kept quiet, if it is. What is suppressed is there as well,
    /// once, with its reason, and does not count as told: when it is no longer quiet, people are told what they do not
    /// know.
    pub fn settle(&self, quiet: impl Fn(&Standing) -> Option<String>) -> Advanced {
        Advanced::of(&self.standings, quiet, self.now)
    }

    fn judged(&mut self, instance: &Instance<'_>, verdicts: &[Verdict]) {
        let mut rest = instance.known.clone();
        for verdict in verdicts {
            rest.remove(verdict.subject.as_str());
            self.step(instance, &verdict.subject, Observation::Judged(Said::from(verdict)), true);
        }
        for (subject, alert) in rest {
            // What stands for the failure of the check is over when the check judges.
            let title = could_not_judge(instance.name);
            let judges = Said { status: Status::Ok, title: &title, message: "It judges again.", value: None };
            let seen = if alert.mentioned { Observation::Absent } else { Observation::Judged(judges) };
            self.step(instance, subject, seen, false);
        }
    }

    fn failed(&mut self, instance: &Instance<'_>, failure: &str) {
        let title = could_not_judge(instance.name);
        let said = Said { status: Status::Unknown, title: &title, message: failure, value: None };
        self.step(instance, "", Observation::Judged(said), false);
        let rest = instance.known.keys().filter(|subject| !subject.is_empty());
        rest.for_each(|subject| self.step(instance, subject, Observation::CouldNotJudge(failure), false));
    }

    /// Its check may still be there, and another instance says why it was not run.
    fn unseen(&mut self, instance: &Instance<'_>, failure: &str) {
        for subject in instance.known.keys() {
            self.step(instance, subject, Observation::CouldNotJudge(failure), false);
        }
    }

    fn gone(&mut self, instance: &Instance<'_>) {
        for (subject, alert) in &instance.known {
            let retire = |alert: &Alert| retire(alert, self.now);
            let mut standing = Standing::new(key(instance, subject), (*alert).clone(), &instance.rule, retire);
            standing.is_removed = true;
            self.standings.push(standing);
        }
    }

    fn step(&mut self, instance: &Instance<'_>, subject: &str, seen: Observation<'_>, mentioned: bool) {
        let previous = instance.known.get(subject).map_or_else(|| Alert::new(self.now), |alert| (*alert).clone());
        let step = |alert: &Alert| step(Some(alert), &seen, &instance.rule, self.now);
        let mut standing = Standing::new(key(instance, subject), previous, &instance.rule, step);
        standing.each_alert(|alert| {
            alert.mentioned |= mentioned;
            if let Some((channel, owner)) = instance.audience {
                channel.clone_into(&mut alert.channel);
                owner.clone_into(&mut alert.owner);
            }
        });
        self.standings.push(standing);
    }
}

/// An instance with what is known of its subjects.
struct Instance<'a> {
    name: &'a str,
    /// Without an evaluation it stays what it was.
    audience: Option<(&'a str, &'a str)>,
    known: BTreeMap<&'a str, &'a Alert>,
    rule: Rule,
}

fn key(instance: &Instance<'_>, subject: &str) -> AlertKey {
    AlertKey { instance: instance.name.to_owned(), subject: subject.to_owned() }
}
