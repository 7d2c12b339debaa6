//! The alerts of a cycle: what there is to notify, and which alerts the next cycle begins with.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use checkpost_alerting::alert::{self, AlertKey, Alerts, FoundAllowance, Notification, Rule};
use checkpost_alerting::suppression::{AlertLabels, Suppression, Suppressors};
use checkpost_model::check::{Evaluation, TOO_MANY_SUBJECTS};

use crate::config::{Alerting, Notify};

/// How each instance is alerted on.
pub(super) struct AlertPolicy<'a> {
    by_instance: HashMap<String, Alerting>,
    /// Of an alert whose instance is not in this cycle.
    default: &'a Alerting,
}

/// What the alerts of a cycle came to.
pub(super) struct AlertOutcome {
    /// The alerts to retain for the next cycle.
    pub(super) alerts: Alerts,
    /// What there is to notify, the worst first; suppressed notifications carry the reason.
    pub(super) notifications: Vec<Notification>,
    /// Numbers of the acknowledgements that ended.
    pub(super) ended_acknowledgements: Vec<i64>,
}

impl<'a> AlertPolicy<'a> {
    pub(super) fn new(by_instance: HashMap<String, Alerting>, default: &'a Alerting) -> Self {
        Self { by_instance, default }
    }

    fn of(&self, instance: &str) -> &Alerting {
        self.by_instance.get(instance).unwrap_or(self.default)
    }

    /// When a notification of this alert is stored. The alert that stands for subjects without one is of no verdict.
    fn notify_of(&self, notification: &Notification) -> Notify {
        match notification.subject.as_str() {
            TOO_MANY_SUBJECTS => Notify::Changes,
            _ => self.of(&notification.check).notify,
        }
    }

    /// The rule of an instance.
    pub(super) fn rule(&self, instance: &str) -> Rule {
        self.of(instance).rule.clone()
    }

    /// Takes the alerts through this cycle. `allowance` is what those of found modules may add to the database.
    pub(super) fn advance(
        &self,
        allowance: FoundAllowance,
        previous: &Alerts,
        evaluations: &[Evaluation],
        suppressors: Suppressors<'_>,
        now: Timestamp,
    ) -> AlertOutcome {
        let run = alert::Run::within(allowance, previous, evaluations, |instance| self.rule(instance), now);
        let suppression = suppressors.in_run(&run.updates, now);
        let advanced = run.settle(|update| suppression.reason(update));
        let has_alert: HashSet<_> = run.updates.iter().map(|update| key_of(&update.key)).collect();
        let is = |notify: Notify| move |notification: &Notification| self.notify_of(notification) == notify;
        let changes = alert::transition_notifications(&advanced, previous, evaluations);
        let of_this_run = alert::notifications(evaluations);
        let mut notifications: Vec<_> = changes.into_iter().filter(is(Notify::Changes)).collect();
        let of_this_run = of_this_run.into_iter().filter(is(Notify::EveryRun));
        // They are made again in the next run, so that none of them needs to wait for it.
        let mut left = advanced.allowance;
        let of_this_run = of_this_run.filter(|notification| {
            has_alert.contains(&(notification.check.as_str(), notification.subject.as_str()))
                && (!notification.is_found || left.takes(left.notification_bytes(text_bytes(notification))))
        });
        notifications.extend(of_this_run.map(|notification| suppressed_by(&suppression, notification)));
        AlertOutcome {
            notifications: alert::worst_first(notifications),
            ended_acknowledgements: suppression.ended(&advanced.alerts),
            alerts: advanced.alerts,
        }
    }
}

/// The length of the texts of a notification.
fn text_bytes(Notification { check, subject, title, message, .. }: &Notification) -> usize {
    [check, subject, title, message].map(String::len).iter().sum()
}

fn key_of(key: &AlertKey) -> (&str, &str) {
    (&key.instance, &key.subject)
}

/// A notification that is made in every run, with the reason if it is suppressed.
fn suppressed_by(suppression: &Suppression<'_>, notification: Notification) -> Notification {
    let Notification { check, subject, channel, owner, level, .. } = &notification;
    let key = AlertKey { instance: check.clone(), subject: subject.clone() };
    let labels = AlertLabels { check, subject, channel, owner, host: suppression.host(), level: *level };
    let suppressed = suppression.reason_of(&key, &labels);
    Notification { suppressed, ..notification }
}
