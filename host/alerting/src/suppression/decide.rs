//! The decision whether an alert is suppressed in a run, and why.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use checkpost_model::clean;

use super::acknowledgement::Acknowledgement;
use super::inhibition::{Inhibition, Inhibitions};
use super::labels::AlertLabels;
use super::maintenance::Maintenance;
use super::silence::Silence;
use crate::alert::{AlertKey, AlertUpdate, Alerts};

/// The longest reason, in characters. Comments and names of subjects may be longer.
const REASON_CHARS: usize = 256;

/// Everything that can suppress a notification.
#[derive(Clone, Copy, Debug)]
pub struct Suppressors<'a> {
    /// Silences, whether or not they are in force.
    pub silences: &'a [Silence],
    /// Acknowledgements that were in force after the last run.
    pub acknowledgements: &'a [Acknowledgement],
    /// Maintenance windows, whether or not they are open.
    pub maintenance: &'a [Maintenance],
    /// Inhibition rules.
    pub inhibit: &'a [Inhibition],
    /// The name of the machine.
    pub host: &'a str,
}

/// Everything that is in force in one run.
#[derive(Debug)]
pub struct Suppression<'a> {
    silences: Vec<&'a Silence>,
    maintenance: Vec<&'a Maintenance>,
    acknowledged: BTreeMap<&'a AlertKey, &'a Acknowledgement>,
    ended: BTreeSet<i64>,
    inhibitions: Inhibitions<'a>,
    host: &'a str,
}

impl<'a> Suppressors<'a> {
    /// Selects what is in force in a run at `now` with these alerts.
    pub fn in_run(self, updates: &'a [AlertUpdate], now: Timestamp) -> Suppression<'a> {
        let by_key: BTreeMap<_, _> = updates.iter().map(|update| (&update.key, update)).collect();
        let is_active = |acknowledgement: &&Acknowledgement| {
            by_key.get(&acknowledgement.key).is_some_and(|update| acknowledgement.is_active(update, now))
        };
        let (active, ended): (Vec<_>, Vec<_>) = self.acknowledgements.iter().partition(is_active);
        Suppression {
            silences: self.silences.iter().filter(|silence| silence.is_active(now)).collect(),
            maintenance: self.maintenance.iter().filter(|rule| rule.window.closes(now).is_some()).collect(),
            acknowledged: active.into_iter().map(|acknowledgement| (&acknowledgement.key, acknowledgement)).collect(),
            ended: ended.into_iter().map(|acknowledgement| acknowledgement.id).collect(),
            inhibitions: Inhibitions::in_run(self.inhibit, updates, self.host),
            host: self.host,
        }
    }
}

impl<'a> Suppression<'a> {
    /// The reason if an alert is suppressed: `silence 3: new disks`.
    pub fn reason(&self, update: &AlertUpdate) -> Option<String> {
        self.reason_of(&update.key, &AlertLabels::of_update(update, self.host))
    }

    /// The reason if a notification of an alert is suppressed. Its labels may differ from those of the alert.
    pub fn reason_of(&self, key: &AlertKey, labels: &AlertLabels<'_>) -> Option<String> {
        let reason = self.acknowledged(key).or_else(|| self.silenced(labels)).or_else(|| self.in_maintenance(labels));
        let reason = reason.or_else(|| self.inhibited(key, labels))?;
        Some(clean::bounded(&reason, REASON_CHARS))
    }

    /// The name of the machine, for [`AlertLabels`].
    pub fn host(&self) -> &'a str {
        self.host
    }

    /// The acknowledgements that end in this run, given the alerts that are retained after the run: an alert that is
    /// forgotten ends its acknowledgement.
    pub fn ended(&self, retained: &Alerts) -> Vec<i64> {
        let forgotten = self.acknowledged.iter().filter(|(key, _)| !retained.contains_key(key));
        self.ended.iter().copied().chain(forgotten.map(|(_, acknowledgement)| acknowledgement.id)).collect()
    }

    fn acknowledged(&self, key: &AlertKey) -> Option<String> {
        let Acknowledgement { author, comment, .. } = self.acknowledged.get(key)?;
        Some(format!("acknowledged by {author}: {comment}"))
    }

    fn silenced(&self, labels: &AlertLabels<'_>) -> Option<String> {
        let silence = self.silences.iter().find(|silence| silence.matchers.match_all(labels))?;
        Some(format!("silence {}: {}", silence.id, silence.comment))
    }

    fn in_maintenance(&self, labels: &AlertLabels<'_>) -> Option<String> {
        let maintenance = self.maintenance.iter().find(|maintenance| maintenance.matchers.match_all(labels))?;
        Some(format!("maintenance {}", maintenance.name))
    }

    fn inhibited(&self, key: &AlertKey, labels: &AlertLabels<'_>) -> Option<String> {
        Some(format!("inhibited by {}", self.inhibitions.inhibitor(key, labels)?.name()))
    }
}
