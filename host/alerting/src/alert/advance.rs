//! One run of all alerts: finds the observation of each subject in the evaluations, and takes its alert one step.

use std::collections::BTreeMap;

use jiff::Timestamp;

use checkpost_model::check::{CHECKS_DIRECTORY, Evaluation, Status, Verdict};

use super::key::AlertKey;
use super::notification::Audience;
use super::observation::{Judgement, Observation, failure_title};
use super::rule::Rule;
use super::state::{Alert, Alerts};
use super::step::{retire, step};
use super::update::{Advanced, AlertUpdate};

/// Takes all alerts through a [`Run`] in which nothing is suppressed.
pub fn advance(
    previous: &Alerts,
    evaluations: &[Evaluation],
    rules: impl Fn(&str) -> Rule,
    now: Timestamp,
) -> Advanced {
    Run::new(previous, evaluations, rules, now).settle(|_| None)
}

/// All alerts in a run, before suppression is decided.
pub struct Run {
    /// One update for each alert that was retained before the run or observed in it.
    pub updates: Vec<AlertUpdate>,
    now: Timestamp,
}

impl Run {
    /// Takes all alerts through the run at `now`, by the rule of each instance.
    ///
    /// A failed check has an alert of its own, with an empty subject; the alerts of its other subjects stay as they
    /// were. The alerts of an instance that is no longer configured end: that is notified once, and they are forgotten.
    pub fn new(previous: &Alerts, evaluations: &[Evaluation], rules: impl Fn(&str) -> Rule, now: Timestamp) -> Self {
        let mut known: BTreeMap<&str, BTreeMap<&str, &Alert>> = BTreeMap::new();
        for (key, alert) in previous {
            known.entry(&key.instance).or_default().insert(&key.subject, alert);
        }
        let mut run = Self { updates: Vec::new(), now };
        for evaluation in evaluations {
            let instance = Instance {
                name: &evaluation.instance,
                audience: Some(Audience::of(evaluation)),
                known: known.remove(evaluation.instance.as_str()).unwrap_or_default(),
                rule: rules(&evaluation.instance),
            };
            match &evaluation.outcome {
                Ok(verdicts) => run.judged(&instance, verdicts),
                Err(failure) => run.failed(&instance, &failure.to_string()),
            }
        }
        // While the checks directory cannot be read, checks that were found in it do not count as removed.
        let unreadable = evaluations.iter().find(|evaluation| evaluation.instance == CHECKS_DIRECTORY);
        let unreadable = unreadable.and_then(|evaluation| evaluation.outcome.as_ref().err());
        for (name, known) in known {
            let instance = Instance { name, audience: None, rule: rules(name), known };
            match unreadable {
                Some(failure) => run.unreadable(&instance, &failure.to_string()),
                None if name == CHECKS_DIRECTORY => run.judged(&instance, &[]),
                None => run.removed(&instance),
            }
        }
        run
    }

    /// Decides what to notify and which alerts to retain. `suppressed` returns the reason if an alert is suppressed.
    ///
    /// Transitions of suppressed alerts are included once each, with the reason. They do not count as announced: when
    /// the suppression ends, receivers are notified of what they have not heard.
    pub fn settle(&self, suppressed: impl Fn(&AlertUpdate) -> Option<String>) -> Advanced {
        Advanced::of(&self.updates, suppressed, self.now)
    }

    fn judged(&mut self, instance: &Instance<'_>, verdicts: &[Verdict]) {
        let mut unmentioned = instance.known.clone();
        for verdict in verdicts {
            unmentioned.remove(verdict.subject.as_str());
            self.step(instance, &verdict.subject, Observation::Judged(Judgement::from(verdict)), true);
        }
        for (subject, alert) in unmentioned {
            // Without a verdict ever, the alert stands for a failure of its check, which ends when the check judges.
            let title = failure_title(instance.name);
            let message = "The check judges again.";
            let judges = Judgement { status: Status::Ok, title: &title, message, value: None };
            let observation = if alert.mentioned { Observation::Absent } else { Observation::Judged(judges) };
            self.step(instance, subject, observation, false);
        }
    }

    fn failed(&mut self, instance: &Instance<'_>, failure: &str) {
        let title = failure_title(instance.name);
        let failed = Judgement { status: Status::Unknown, title: &title, message: failure, value: None };
        self.step(instance, "", Observation::Judged(failed), false);
        for subject in instance.known.keys().filter(|subject| !subject.is_empty()) {
            self.step(instance, subject, Observation::Failed(failure), false);
        }
    }

    /// Handles a check that may still exist in the unreadable checks directory, which has an alert of its own.
    fn unreadable(&mut self, instance: &Instance<'_>, failure: &str) {
        for subject in instance.known.keys() {
            self.step(instance, subject, Observation::Failed(failure), false);
        }
    }

    fn removed(&mut self, instance: &Instance<'_>) {
        for (subject, alert) in &instance.known {
            let retire = |alert: &Alert| retire(alert, self.now);
            let mut update = AlertUpdate::new(key(instance, subject), (*alert).clone(), &instance.rule, retire);
            update.is_removed = true;
            self.updates.push(update);
        }
    }

    fn step(&mut self, instance: &Instance<'_>, subject: &str, observation: Observation<'_>, mentioned: bool) {
        let previous = instance.known.get(subject).map_or_else(|| Alert::new(self.now), |alert| (*alert).clone());
        let step = |alert: &Alert| step(Some(alert), &observation, &instance.rule, self.now);
        let mut update = AlertUpdate::new(key(instance, subject), previous, &instance.rule, step);
        update.change(|alert| {
            alert.mentioned |= mentioned;
            if let Some(Audience { channel, owner, is_found }) = instance.audience {
                channel.clone_into(&mut alert.channel);
                owner.clone_into(&mut alert.owner);
                alert.is_found = is_found;
            }
        });
        self.updates.push(update);
    }
}

/// An instance with the alerts of its subjects from earlier runs.
struct Instance<'a> {
    name: &'a str,
    /// Whom its notifications are for. `None` without an evaluation: alerts keep theirs.
    audience: Option<Audience<'a>>,
    known: BTreeMap<&'a str, &'a Alert>,
    rule: Rule,
}

fn key(instance: &Instance<'_>, subject: &str) -> AlertKey {
    AlertKey { instance: instance.name.to_owned(), subject: subject.to_owned() }
}
