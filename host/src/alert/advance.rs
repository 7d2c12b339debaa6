//! One run of all alerts: which subject saw what, and which alerts are worth keeping until the next run.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::notification::could_not_judge;
use super::rule::{Rule, STALE_AFTER};
use super::state::{Alert, Phase, elapsed};
use super::step::{Observation, Said, retire, step};
use super::transition::Transition;
use crate::check::{CHECKS_DIRECTORY, Evaluation, Status, Verdict};

/// How long a subject that is gone is kept after people were told. One that comes back later is a new one.
pub const STALE_KEPT: Duration = Duration::from_secs(24 * 3600);

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

/// All alerts after a run, and what people must be told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Advanced {
    /// What must be kept until the next run; all others can be forgotten.
    pub alerts: Alerts,
    /// What is told, by key.
    pub transitions: Vec<(AlertKey, Transition)>,
}

/// Takes all alerts through the run at `now`, with the rule of each instance.
///
/// A check that failed says so for its empty subject; the others of it that are known stand where they stood. What is
/// no longer configured is told once and forgotten.
pub fn advance(
    previous: &Alerts,
    evaluations: &[Evaluation],
    rules: impl Fn(&str) -> Rule,
    now: Timestamp,
) -> Advanced {
    let mut known: BTreeMap<&str, BTreeMap<&str, &Alert>> = BTreeMap::new();
    for (key, alert) in previous {
        known.entry(&key.instance).or_default().insert(&key.subject, alert);
    }
    let mut run = Run { advanced: Advanced::default(), now };
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
    run.advanced.transitions.sort_by(|(one, _), (other, _)| one.cmp(other));
    run.advanced
}

/// An instance with what is known of its subjects.
struct Instance<'a> {
    name: &'a str,
    /// Without an evaluation it stays what it was.
    audience: Option<(&'a str, &'a str)>,
    known: BTreeMap<&'a str, &'a Alert>,
    rule: Rule,
}

struct Run {
    advanced: Advanced,
    now: Timestamp,
}

impl Run {
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
            self.tell(instance, subject, retire(alert));
        }
    }

    fn step(&mut self, instance: &Instance<'_>, subject: &str, seen: Observation<'_>, mentioned: bool) {
        let stepped = step(instance.known.get(subject).copied(), &seen, &instance.rule, self.now);
        self.tell(instance, subject, stepped.transitions);
        let mut alert = stepped.alert;
        alert.mentioned |= mentioned;
        if let Some((channel, owner)) = instance.audience {
            channel.clone_into(&mut alert.channel);
            owner.clone_into(&mut alert.owner);
        }
        if is_worth_keeping(&alert, &instance.rule, self.now) {
            self.advanced.alerts.insert(key(instance, subject), alert);
        }
    }

    fn tell(&mut self, instance: &Instance<'_>, subject: &str, transitions: impl IntoIterator<Item = Transition>) {
        let keyed = transitions.into_iter().map(|transition| (key(instance, subject), transition));
        self.advanced.transitions.extend(keyed);
    }
}

fn key(instance: &Instance<'_>, subject: &str) -> AlertKey {
    AlertKey { instance: instance.name.to_owned(), subject: subject.to_owned() }
}

/// Whether the next run would make something else of it than of nothing, so that subjects that come and go, such as
/// processes, leave nothing behind.
fn is_worth_keeping(alert: &Alert, rule: &Rule, now: Timestamp) -> bool {
    if alert.is_known() {
        return alert.phase != Phase::Stale || elapsed(alert.since, now) < STALE_KEPT;
    }
    if let Some(absent_since) = alert.absent_since {
        let has_more = alert.condition() != Phase::Ok && alert.phase != Phase::Stale;
        return has_more && elapsed(absent_since, now) < rule.stale_after.unwrap_or(STALE_AFTER);
    }
    let changes = rule.flapping.map_or(0, |flapping| flapping.within(alert.history));
    alert.condition() != Phase::Ok || alert.unknown_since.is_some() || changes != 0
}
