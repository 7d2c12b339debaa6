//! Alerts after a run: what to notify and which alerts to retain, once suppression is decided.

use std::time::Duration;

use jiff::Timestamp;

use checkpost_model::check::Status;

use super::admission::NEW_PERIOD;
use super::allowance::{Fate, FoundAllowance};
use super::announced::Announced;
use super::key::AlertKey;
use super::rule::{Rule, STALE_AFTER};
use super::state::{Alert, Alerts, Phase, elapsed, worse};
use super::step::Step;
use super::transition::Transition;

/// How long the alert of a vanished subject is retained after its end was announced. A subject that comes back later
/// has a new alert.
const STALE_RETAINED: Duration = Duration::from_secs(24 * 3600);

/// All alerts after a run, and what there is to notify.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Advanced {
    /// The alerts to retain until the next run. All others can be forgotten.
    pub alerts: Alerts,
    /// The transitions to notify or to store as suppressed, by key.
    pub transitions: Vec<(AlertKey, Transition)>,
    /// What is left for further notifications of found modules.
    pub allowance: FoundAllowance,
}

/// An alert after a run, before suppression is decided.
#[derive(Debug)]
pub struct AlertUpdate {
    /// The identity of the alert.
    pub key: AlertKey,
    /// The alert after the run if it is not suppressed.
    pub alert: Alert,
    /// The worse of the level after this run and the level announced before it, so that a recovery carries the level of
    /// the alert that it ends. If both are ok, the level that would have been announced without suppression.
    pub level: Status,
    /// Whether the check is no longer configured.
    pub(super) is_removed: bool,
    /// Whether the alert was not stored before.
    pub(super) is_new: bool,
    /// What was announced before the run, and what would have been without suppression.
    before: (Announced, Announced),
    /// What there is to notify if the alert is not suppressed.
    transition: Option<Transition>,
    /// The same run for a receiver who hears suppressed notifications, too.
    unsuppressed: Step,
    rule: Rule,
}

impl AlertUpdate {
    /// Takes an alert through a run twice: with what was announced, and with what would have been announced without
    /// suppression.
    pub(super) fn new(key: AlertKey, mut previous: Alert, rule: &Rule, run: impl Fn(Alert) -> Step) -> Self {
        let Step { alert, transition } = run(previous.clone());
        let level = match worse(alert.level, previous.announced.status()) {
            Status::Ok => previous.unsuppressed.map_or(Status::Ok, |announced| announced.status()),
            level => level,
        };
        let announced = previous.announced_at(alert.last_seen);
        previous.swap_announced();
        let before = (announced, previous.announced_at(alert.last_seen));
        let mut unsuppressed = run(previous);
        unsuppressed.alert.swap_announced();
        Self {
            key,
            alert,
            level,
            is_removed: false,
            is_new: false,
            before,
            transition,
            unsuppressed,
            rule: rule.clone(),
        }
    }

    /// A stored alert, unchanged, to find out between two runs why it is suppressed.
    pub fn stored(key: AlertKey, alert: Alert) -> Self {
        let unchanged = |alert| Step { alert, transition: None };
        Self::new(key, alert, &Rule::default(), unchanged)
    }

    /// Changes the alert, whether or not it is going to be suppressed.
    pub(super) fn change(&mut self, change: impl Fn(&mut Alert)) {
        change(&mut self.alert);
        change(&mut self.unsuppressed.alert);
    }

    /// What there is to notify.
    pub(super) fn transition(&self, is_suppressed: bool) -> Option<&Transition> {
        if is_suppressed { self.unsuppressed.transition.as_ref() } else { self.transition.as_ref() }
    }

    /// Whether the alert begins to be stored with this run.
    pub(super) fn is_new_row(&self) -> bool {
        let is_ok = self.alert.phase == Phase::Ok && !self.alert.is_announced_or_suppressed();
        self.is_new && (!is_ok || self.transition.is_some())
    }

    /// The length of the texts that are stored.
    pub(super) fn text_bytes(&self) -> usize {
        let unknown = self.alert.unknown.as_ref().map_or(0, |unknown| unknown.title.len() + unknown.message.len());
        self.alert.title.len() + self.alert.message.len() + unknown
    }

    /// The level at which the alert inhibits others. A firing alert that cannot be judged inhibits at its last bad
    /// level; a stale alert inhibits nothing.
    pub(crate) fn inhibiting_level(&self) -> Status {
        let Alert { phase, level, bad_level, firing_since, .. } = self.alert;
        match phase {
            Phase::Stale => Status::Ok,
            _ if firing_since.is_some() => worse(level, bad_level),
            _ => level,
        }
    }

    /// Whether the alert has ended: it is ok and not announced, or its subject is gone.
    pub(crate) fn has_ended(&self) -> bool {
        self.alert.phase == Phase::Stale || (self.alert.phase == Phase::Ok && !self.alert.is_announced())
    }

    /// Adds what there is to notify and to retain. `suppressed` is the reason if the alert is suppressed.
    fn settle(&self, suppressed: Option<String>, fate: Fate, now: Timestamp, advanced: &mut Advanced) {
        let Step { mut alert, transition } = match (fate, &suppressed) {
            (Fate::Refused, _) => return,
            (Fate::Deferred, _) => self.deferred(),
            (Fate::Fits, None) => {
                Step { alert: Alert { unsuppressed: None, ..self.alert.clone() }, transition: self.transition.clone() }
            }
            (Fate::Fits, Some(_)) => self.unsuppressed.clone(),
        };
        alert.is_notified |= transition.is_some();
        alert.trim_unsuppressed();
        let is_retained = match self.is_removed {
            // When suppression ends, receivers who heard of the alert must hear of its end.
            true => (suppressed.is_some() || fate == Fate::Deferred) && alert.is_open(),
            false => is_worth_retaining(&alert, &self.rule, now),
        };
        let keyed = transition.map(|transition| (self.key.clone(), Transition { suppressed, ..transition }));
        advanced.transitions.extend(keyed);
        let is_counted = || !self.is_removed && alert.is_notified && is_recent(&alert, now);
        if is_retained {
            advanced.alerts.insert(self.key.clone(), alert);
        } else if is_counted() {
            advanced.alerts.insert(self.key.clone(), alert.only_counted());
        }
    }

    /// The alert after the run, of which nothing is announced that was not announced before.
    fn deferred(&self) -> Step {
        let (announced, unsuppressed) = self.before;
        Step { alert: Alert { announced, unsuppressed: Some(unsuppressed), ..self.alert.clone() }, transition: None }
    }
}

impl Advanced {
    /// Settles some alerts of a run, each with the reason if it is suppressed, and with what becomes of it.
    pub(super) fn settle<'a>(
        &mut self,
        updates: impl Iterator<Item = (&'a AlertUpdate, Option<String>, Fate)>,
        now: Timestamp,
    ) {
        for (update, suppressed, fate) in updates {
            update.settle(suppressed, fate, now, self);
        }
    }
}

/// Whether the alert is counted among the new ones of the last hour.
fn is_recent(alert: &Alert, now: Timestamp) -> bool {
    alert.opened_at.is_some_and(|opened| elapsed(opened, now) < NEW_PERIOD)
}

/// Whether the next run would differ without the alert. Subjects that come and go, such as processes, leave nothing
/// behind.
fn is_worth_retaining(alert: &Alert, rule: &Rule, now: Timestamp) -> bool {
    if alert.is_announced_or_suppressed() {
        // An end whose notification was suppressed is still to be announced.
        return alert.phase != Phase::Stale || alert.is_open() || elapsed(alert.since, now) < STALE_RETAINED;
    }
    if let Some(absent_since) = alert.absent_since {
        let is_bad = alert.condition() != Phase::Ok && alert.phase != Phase::Stale;
        return is_bad && elapsed(absent_since, now) < rule.stale_after.unwrap_or(STALE_AFTER);
    }
    let changes = rule.flapping.map_or(0, |flapping| flapping.within(alert.history));
    alert.condition() != Phase::Ok || alert.unknown_since.is_some() || changes != 0
}
