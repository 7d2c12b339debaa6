//! What people are told of a cycle, and what is kept of each alert for the next one.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::alert::{self, Alerts, Notification};
use crate::check::Evaluation;
use crate::config::{Alerting, Notify};

/// How alerts of each instance are told; what is no instance of this cycle is told as if nobody had said how.
pub(super) struct Told<'a> {
    by_instance: HashMap<String, Alerting>,
    others: &'a Alerting,
}

impl<'a> Told<'a> {
    pub(super) fn new(by_instance: HashMap<String, Alerting>, others: &'a Alerting) -> Self {
        Self { by_instance, others }
    }

    fn of(&self, instance: &str) -> &Alerting {
        self.by_instance.get(instance).unwrap_or(self.others)
    }

    /// Takes the alerts through this cycle. The notifications are sorted, the worst first.
    pub(super) fn advance(
        &self,
        previous: &Alerts,
        evaluations: &[Evaluation],
        now: Timestamp,
    ) -> (Alerts, Vec<Notification>) {
        let advanced = alert::advance(previous, evaluations, |instance| self.of(instance).rule.clone(), now);
        let is = |notify: Notify| move |of: &Notification| self.of(&of.check_name).notify == notify;
        let changes = alert::transition_notifications(&advanced, previous, evaluations);
        let of_this_run = alert::notifications(evaluations);
        let mut notifications: Vec<_> = changes.into_iter().filter(is(Notify::Changes)).collect();
        notifications.extend(of_this_run.into_iter().filter(is(Notify::EveryRun)));
        (advanced.alerts, alert::worst_first(notifications))
    }
}
