//! Notifications: the words in which people read transitions and bad verdicts.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::ops::Not;

use serde::{Deserialize, Serialize};

use checkpost_model::check::{DEFAULT_CHANNEL, Evaluation, Status};

use super::key::AlertKey;
use super::observation::failure_title;
use super::state::{Alert, Alerts};
use super::transition::{Kind, Transition};
use super::update::Advanced;

/// One message about one alert. Its time and host are those of the cycle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// WARNING, CRITICAL or UNKNOWN; OK when the alert has ended.
    pub level: Status,
    /// The level that was announced before; OK: none.
    pub previous_level: Status,
    /// The change that is notified.
    pub kind: Kind,
    /// The channel of the instance: which team the notification is for.
    pub channel: String,
    /// The owner of the instance; empty: nobody in particular.
    pub owner: String,
    /// The instance.
    pub check: String,
    /// The subject; empty for the host, and for a check that could not judge.
    pub subject: String,
    /// Whether the instance is a module that was found in the checks directory, without an entry. Messages show others
    /// first.
    #[serde(rename = "found", default, skip_serializing_if = "Not::not")]
    pub is_found: bool,
    /// Headline.
    pub title: String,
    /// One or two sentences.
    pub message: String,
    /// The reason if the notification is suppressed: `silence 3: new disks`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suppressed: Option<String>,
}

impl Notification {
    /// A notification about checkpost itself: for nobody in particular, not announced before, not suppressed.
    pub fn of_checkpost(level: Status, kind: Kind, check: &str, title: String, message: String) -> Self {
        Self {
            level,
            previous_level: Status::Ok,
            kind,
            channel: DEFAULT_CHANNEL.to_owned(),
            owner: String::new(),
            check: check.to_owned(),
            subject: String::new(),
            is_found: false,
            title,
            message,
            suppressed: None,
        }
    }
}

/// One notification for every verdict that is not ok and every check that could not judge, worst first, whatever
/// earlier runs found. The kind is raised or unknown.
pub fn notifications(evaluations: &[Evaluation]) -> Vec<Notification> {
    worst_first(evaluations.iter().flat_map(of_evaluation).collect())
}

/// One notification for every transition of a run, worst first. Channels and owners come from the `evaluations` of the
/// run; for a removed check, from the `previous` alerts, which the run started with.
pub fn transition_notifications(
    advanced: &Advanced,
    previous: &Alerts,
    evaluations: &[Evaluation],
) -> Vec<Notification> {
    let audiences: HashMap<_, _> = evaluations.iter().map(|e| (e.instance.as_str(), Audience::of(e))).collect();
    let audience = |key: &AlertKey| {
        let from_previous = || previous.get(key).map(Audience::of_alert);
        audiences.get(key.instance.as_str()).copied().or_else(from_previous).unwrap_or(Audience::OF_CHECKPOST)
    };
    let notify = |(key, transition): &(AlertKey, Transition)| of_transition(key, transition, audience(key));
    worst_first(advanced.transitions.iter().map(notify).collect())
}

/// Sorts notifications as people read them: worst first, and within a level those of found modules last. Other
/// notifications keep their order.
pub fn worst_first(mut notifications: Vec<Notification>) -> Vec<Notification> {
    notifications.sort_by_key(Notification::reading_order);
    notifications
}

impl Notification {
    /// The key by which [`worst_first`] sorts.
    pub fn reading_order(&self) -> impl Ord + use<> {
        (Reverse(self.level.severity()), self.is_found)
    }
}

/// Whom the notifications of an instance are for.
#[derive(Clone, Copy)]
pub(super) struct Audience<'a> {
    pub(super) channel: &'a str,
    pub(super) owner: &'a str,
    pub(super) is_found: bool,
}

impl<'a> Audience<'a> {
    /// Of an alert about checkpost itself.
    pub(super) const OF_CHECKPOST: Self = Self { channel: DEFAULT_CHANNEL, owner: "", is_found: false };

    pub(super) fn of(evaluation: &'a Evaluation) -> Self {
        Self { channel: &evaluation.channel, owner: &evaluation.owner, is_found: evaluation.is_found }
    }

    fn of_alert(alert: &'a Alert) -> Self {
        Self { channel: &alert.channel, owner: &alert.owner, is_found: alert.is_found }
    }
}

fn of_evaluation(evaluation: &Evaluation) -> Vec<Notification> {
    let notification = |level, subject: &str, title: String, message: String| Notification {
        channel: evaluation.channel.clone(),
        owner: evaluation.owner.clone(),
        level,
        previous_level: Status::Ok,
        kind: if level == Status::Unknown { Kind::Unknown } else { Kind::Raised },
        title,
        message,
        check: evaluation.instance.clone(),
        is_found: evaluation.is_found,
        subject: subject.to_owned(),
        suppressed: None,
    };
    match &evaluation.outcome {
        Ok(verdicts) => verdicts
            .iter()
            .filter(|verdict| verdict.status != Status::Ok)
            .map(|v| notification(v.status, &v.subject, v.title.clone(), v.message.clone()))
            .collect(),
        Err(failure) => {
            vec![notification(Status::Unknown, "", failure_title(&evaluation.instance), failure.to_string())]
        }
    }
}

fn of_transition(key: &AlertKey, transition: &Transition, audience: Audience<'_>) -> Notification {
    let prefix = match transition.kind {
        Kind::Raised | Kind::Unknown | Kind::Undelivered => "",
        Kind::Escalated => "Escalated: ",
        Kind::DeEscalated => "De-escalated: ",
        Kind::Reminder => "Still: ",
        Kind::Resolved => "Resolved: ",
        Kind::FlappingStarted => "Flapping: ",
        Kind::FlappingEnded => "No longer flapping: ",
        Kind::Stale => "Stale: ",
    };
    Notification {
        channel: audience.channel.to_owned(),
        owner: audience.owner.to_owned(),
        is_found: audience.is_found,
        level: transition.level,
        previous_level: transition.previous_level,
        kind: transition.kind,
        title: format!("{prefix}{}", transition.title),
        message: transition.message.clone(),
        check: key.instance.clone(),
        subject: key.subject.clone(),
        suppressed: transition.suppressed.clone(),
    }
}
