//! What people are told of a cycle, and what is kept of each alert for the next one.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::alert::{self, AlertKey, Alerts, Notification};
use crate::check::Evaluation;
use crate::config::{Alerting, Notify};
use crate::quiet::{Facts, Quiet, QuietRun};

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

    /// Takes the alerts through this cycle, with what may keep something quiet.
    pub(super) fn advance(
        &self,
        previous: &Alerts,
        evaluations: &[Evaluation],
        quiet: Quiet<'_>,
        now: Timestamp,
    ) -> News {
        let run = alert::Run::new(previous, evaluations, |instance| self.of(instance).rule.clone(), now);
        let quiet = quiet.in_run(&run.standings, now);
        let advanced = run.settle(|standing| quiet.reason(standing));
        let is = |notify: Notify| move |of: &Notification| self.of(&of.check_name).notify == notify;
        let changes = alert::transition_notifications(&advanced, previous, evaluations);
        let of_this_run = alert::notifications(evaluations);
        let mut notifications: Vec<_> = changes.into_iter().filter(is(Notify::Changes)).collect();
        let of_this_run = of_this_run.into_iter().filter(is(Notify::EveryRun));
        notifications.extend(of_this_run.map(|of| Notification { suppressed: suppressed(&quiet, &of), ..of }));
        News {
            notifications: alert::worst_first(notifications),
            ended_acknowledgements: quiet.ended(&advanced.alerts),
            alerts: advanced.alerts,
        }
    }
}

/// What there is to tell of a cycle, and what is kept for the next one.
pub(super) struct News {
    pub(super) alerts: Alerts,
    /// Sorted, the worst first; those that are suppressed say why.
    pub(super) notifications: Vec<Notification>,
    /// Numbers.
    pub(super) ended_acknowledgements: Vec<i64>,
}

/// Why what is told in every run is suppressed, if it is.
fn suppressed(quiet: &QuietRun<'_>, of: &Notification) -> Option<String> {
    let key = AlertKey { instance: of.check_name.clone(), subject: of.subject.clone() };
    let facts = Facts {
        check: &of.check_name,
        subject: &of.subject,
        channel: &of.channel,
        owner: &of.owner,
        host: quiet.host(),
        level: of.level,
    };
    quiet.reason_of(&key, &facts)
}
