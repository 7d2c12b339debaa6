//! What is told, in the words in which it is told.

use std::cmp::Reverse;
use std::collections::HashMap;

use serde::Serialize;

use super::advance::{AlertKey, Alerts};
use super::settle::Advanced;
use super::transition::{Kind, Transition};
use crate::check::{DEFAULT_CHANNEL, Evaluation, Status};

/// One message for people. The time and the host are those of its cycle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Notification {
    /// Which team it is for.
    pub channel: String,
    /// Whose the instance is; empty: nobody's in particular.
    pub owner: String,
    /// WARNING, CRITICAL or UNKNOWN; OK for what is over.
    pub level: Status,
    /// What people had been told of it before; OK: nothing.
    pub previous_level: Status,
    /// Why it is told.
    pub kind: Kind,
    /// Headline.
    pub title: String,
    /// One sentence or two.
    pub message: String,
    /// The instance.
    pub check_name: String,
    /// What it is about; empty for the host, or for a check that could not judge.
    pub subject: String,
    /// Why it goes to nobody: `silence 3: new disks`. It is stored all the same.
    pub suppressed: Option<String>,
}

/// One notification for every verdict that is not ok and every check that could not judge, the worst first: what a run
/// finds, whatever the runs before it found. The kind is raised or unknown.
pub fn notifications(evaluations: &[Evaluation]) -> Vec<Notification> {
    worst_first(evaluations.iter().flat_map(of_evaluation).collect())
}

/// One notification for every transition of a run, the worst first. `previous` and `evaluations` are what the run was
/// [advanced](super::advance()) from; they know the channels and owners.
pub fn transition_notifications(
    advanced: &Advanced,
    previous: &Alerts,
    evaluations: &[Evaluation],
) -> Vec<Notification> {
    let audiences: HashMap<_, _> =
        evaluations.iter().map(|e| (e.instance.as_str(), (e.channel.as_str(), e.owner.as_str()))).collect();
    let audience = |key: &AlertKey| {
        let kept = || previous.get(key).map(|alert| (alert.channel.as_str(), alert.owner.as_str()));
        audiences.get(key.instance.as_str()).copied().or_else(kept).unwrap_or((DEFAULT_CHANNEL, ""))
    };
    let notify = |(key, transition): &(AlertKey, Transition)| of_transition(key, transition, audience(key));
    worst_first(advanced.transitions.iter().map(notify).collect())
}

/// The headline of a check that failed.
pub(super) fn could_not_judge(instance: &str) -> String {
    format!("Check '{instance}' could not judge")
}

/// The order in which people are told: the worst first, and otherwise as they come.
pub fn worst_first(mut notifications: Vec<Notification>) -> Vec<Notification> {
    notifications.sort_by_key(|notification| Reverse(notification.level.severity()));
    notifications
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
        check_name: evaluation.instance.clone(),
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
            vec![notification(Status::Unknown, "", could_not_judge(&evaluation.instance), failure.to_string())]
        }
    }
}

fn of_transition(key: &AlertKey, transition: &Transition, (channel, owner): (&str, &str)) -> Notification {
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
        channel: channel.to_owned(),
        owner: owner.to_owned(),
        level: transition.level,
        previous_level: transition.previous_level,
        kind: transition.kind,
        title: format!("{prefix}{}", transition.title),
        message: transition.message.clone(),
        check_name: key.instance.clone(),
        subject: key.subject.clone(),
        suppressed: transition.suppressed.clone(),
    }
}
