//! One run of all alerts: finds the observation of each subject in the evaluations, and takes its alert one step.

use std::collections::BTreeMap;

use jiff::Timestamp;

use checkpost_model::check::{CHECKS_DIRECTORY, Evaluation, Status, TOO_MANY_SUBJECTS, Verdict};

use super::admission::{Admission, Overflow, Refused};
use super::allowance::{Fate, FoundAllowance};
use super::deferral::decide;
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
    /// One update for each alert that was retained before the run or observed in it, and admitted.
    pub updates: Vec<AlertUpdate>,
    now: Timestamp,
    allowance: FoundAllowance,
    found: FoundOverflow,
}

/// The alert that stands for those subjects of found modules that have none of their own.
struct FoundOverflow {
    previous: Option<Alert>,
    rule: Rule,
    /// Those that are beyond the limits. Settling the run may add those that are beyond the allowance.
    refused: Refused,
}

impl Run {
    /// Takes all alerts through the run at `now`, by the rule of each instance.
    ///
    /// A failed check has an alert of its own, with an empty subject; the alerts of its other subjects stay as they
    /// were. The alerts of an instance that is no longer configured end: that is notified once, and they are forgotten.
    /// New subjects beyond the limits have no alerts, but one alert that stands for them.
    pub fn new(previous: &Alerts, evaluations: &[Evaluation], rules: impl Fn(&str) -> Rule, now: Timestamp) -> Self {
        Self::within(FoundAllowance::UNLIMITED, previous, evaluations, rules, now)
    }

    /// [`Run::new`], in which found modules have this allowance.
    pub fn within(
        allowance: FoundAllowance,
        previous: &Alerts,
        evaluations: &[Evaluation],
        rules: impl Fn(&str) -> Rule,
        now: Timestamp,
    ) -> Self {
        let mut known: BTreeMap<&str, BTreeMap<&str, &Alert>> = BTreeMap::new();
        let mut overflows: BTreeMap<&str, &Alert> = BTreeMap::new();
        for (key, alert) in previous {
            match key.subject.as_str() {
                TOO_MANY_SUBJECTS => _ = overflows.insert(&key.instance, alert),
                subject => _ = known.entry(&key.instance).or_default().insert(subject, alert),
            }
        }
        let admission = Admission::of(previous, &known, evaluations, now);
        let found = FoundOverflow {
            previous: overflows.remove(CHECKS_DIRECTORY).cloned(),
            rule: rules(CHECKS_DIRECTORY),
            refused: admission.found,
        };
        let mut run = Self { updates: Vec::new(), now, allowance, found };
        for evaluation in evaluations {
            let mut instance = Instance {
                name: &evaluation.instance,
                audience: Some(Audience::of(evaluation)),
                known: known.remove(evaluation.instance.as_str()).unwrap_or_default(),
                rule: rules(&evaluation.instance),
            };
            let overflow = overflows.remove(evaluation.instance.as_str());
            match &evaluation.outcome {
                Ok(verdicts) => {
                    let is_admitted = |verdict: &&Verdict| !admission.refuses(instance.name, &verdict.subject);
                    run.judged(&instance, verdicts.iter().filter(is_admitted));
                    let refused = admission.refused_of(instance.name).of_instance(instance.name);
                    run.updates.extend(run.overflow(&instance, overflow, &refused));
                }
                Err(failure) => {
                    instance.known.extend(overflow.map(|alert| (TOO_MANY_SUBJECTS, alert)));
                    run.failed(&instance, &failure.to_string());
                }
            }
        }
        for (name, alert) in overflows {
            known.entry(name).or_default().insert(TOO_MANY_SUBJECTS, alert);
        }
        // While the checks directory cannot be read, or has too many files, checks that were found in it do not count as removed.
        let unreadable = evaluations.iter().find(|evaluation| evaluation.instance == CHECKS_DIRECTORY);
        let unreadable = unreadable.and_then(|evaluation| evaluation.outcome.as_ref().err());
        for (name, known) in known {
            let instance = Instance { name, audience: None, rule: rules(name), known };
            match unreadable {
                Some(failure) => run.unreadable(&instance, &failure.to_string()),
                None if name == CHECKS_DIRECTORY => run.judged(&instance, [].iter()),
                None => run.removed(&instance),
            }
        }
        // Suppression is decided for it, too.
        run.updates.extend(run.found_overflow(admission.found));
        run
    }

    /// Decides what to notify and which alerts to retain. `suppressed` returns the reason if an alert is suppressed.
    ///
    /// Transitions of suppressed alerts are included once each, with the reason. They do not count as announced: when
    /// the suppression ends, receivers are notified of what they have not heard.
    pub fn settle(&self, suppressed: impl Fn(&AlertUpdate) -> Option<String>) -> Advanced {
        let is_overflow =
            |update: &AlertUpdate| update.key.instance == CHECKS_DIRECTORY && update.key.subject == TOO_MANY_SUBJECTS;
        let mut advanced = Advanced { allowance: self.allowance, ..Advanced::default() };
        let reasons: Vec<_> = self.updates.iter().map(&suppressed).collect();
        let fates = decide(&mut advanced.allowance, &self.updates, &reasons);
        let mut refused = self.found.refused;
        for (update, fate) in self.updates.iter().zip(&fates) {
            if *fate == Fate::Refused {
                refused.add(update.level);
            }
        }
        let decided = self.updates.iter().zip(reasons).zip(fates);
        let decided = decided.map(|((update, reason), fate)| (update, reason, fate));
        advanced.settle(decided.filter(|(update, ..)| !is_overflow(update)), self.now);
        let overflow = self.found_overflow(refused);
        advanced.settle(overflow.iter().map(|update| (update, suppressed(update), Fate::Fits)), self.now);
        advanced.transitions.sort_by(|(one, _), (other, _)| one.cmp(other));
        advanced
    }

    fn judged<'v>(&mut self, instance: &Instance<'_>, verdicts: impl Iterator<Item = &'v Verdict>) {
        let mut unmentioned = instance.known.clone();
        for verdict in verdicts {
            unmentioned.remove(verdict.subject.as_str());
            let known = instance.known.get(verdict.subject.as_str()).copied();
            self.step(instance, &verdict.subject, known, Observation::Judged(Judgement::from(verdict)), true);
        }
        for (subject, alert) in unmentioned {
            // Without a verdict ever, the alert stands for a failure of its check, which ends when the check judges.
            let title = failure_title(instance.name);
            let message = "The check judges again.";
            let judges = Judgement { status: Status::Ok, title: &title, message, value: None };
            let observation = if alert.mentioned { Observation::Absent } else { Observation::Judged(judges) };
            self.step(instance, subject, Some(alert), observation, false);
        }
    }

    fn failed(&mut self, instance: &Instance<'_>, failure: &str) {
        let title = failure_title(instance.name);
        let failed = Judgement { status: Status::Unknown, title: &title, message: failure, value: None };
        self.step(instance, "", instance.known.get("").copied(), Observation::Judged(failed), false);
        for (subject, alert) in instance.known.iter().filter(|(subject, _)| !subject.is_empty()) {
            self.step(instance, subject, Some(alert), unjudged(alert, failure), false);
        }
    }

    /// Handles a check that may still exist in the unreadable checks directory, which has an alert of its own.
    fn unreadable(&mut self, instance: &Instance<'_>, failure: &str) {
        for (subject, alert) in &instance.known {
            self.step(instance, subject, Some(alert), unjudged(alert, failure), false);
        }
    }

    fn removed(&mut self, instance: &Instance<'_>) {
        for (subject, alert) in &instance.known {
            let retire = |alert| retire(alert, self.now);
            let mut update = AlertUpdate::new(key(instance, subject), (*alert).clone(), &instance.rule, retire);
            update.is_removed = true;
            self.updates.push(update);
        }
    }

    /// Takes the alert that stands for the subjects without one a step, if there are such subjects or if there were.
    fn overflow(&self, instance: &Instance<'_>, known: Option<&Alert>, overflow: &Overflow) -> Option<AlertUpdate> {
        let judgement = overflow.judgement();
        let is_needed = known.is_some() || judgement.status != Status::Ok;
        is_needed.then(|| self.update(instance, TOO_MANY_SUBJECTS, known, Observation::Judged(judgement), true))
    }

    /// [`Run::overflow`] of all found modules.
    fn found_overflow(&self, refused: Refused) -> Option<AlertUpdate> {
        let FoundOverflow { previous, rule, .. } = &self.found;
        let (name, rule) = (CHECKS_DIRECTORY, rule.clone());
        let directory = Instance { name, audience: Some(Audience::OF_CHECKPOST), rule, known: BTreeMap::new() };
        self.overflow(&directory, previous.as_ref(), &refused.of_found())
    }

    fn step(
        &mut self,
        instance: &Instance<'_>,
        subject: &str,
        known: Option<&Alert>,
        observation: Observation<'_>,
        mentioned: bool,
    ) {
        self.updates.push(self.update(instance, subject, known, observation, mentioned));
    }

    fn update(
        &self,
        instance: &Instance<'_>,
        subject: &str,
        known: Option<&Alert>,
        observation: Observation<'_>,
        mentioned: bool,
    ) -> AlertUpdate {
        let new = || Alert { opened_at: Some(self.now), ..Alert::new(self.now) };
        let previous = known.map_or_else(new, Alert::clone);
        let step = |alert| step(Some(alert), &observation, &instance.rule, self.now);
        let mut update = AlertUpdate::new(key(instance, subject), previous, &instance.rule, step);
        update.is_new = known.is_none();
        update.change(|alert| {
            alert.mentioned |= mentioned;
            if let Some(Audience { channel, owner, is_found }) = instance.audience {
                channel.clone_into(&mut alert.channel);
                owner.clone_into(&mut alert.owner);
                alert.is_found = is_found;
            }
        });
        update
    }
}

/// The observation of a subject whose check failed. An alert that is over is not unknown because of that.
fn unjudged<'a>(alert: &Alert, failure: &'a str) -> Observation<'a> {
    if alert.is_only_counted() { Observation::Absent } else { Observation::Failed(failure) }
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
