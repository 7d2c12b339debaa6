//! What is worth telling: pure functions from evaluations to notifications. Knows neither wasm nor SQL.

use serde::Serialize;

use crate::check::{Evaluation, Status};

/// One message for people. The time and the host are those of its cycle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Notification {
    /// Which team it is for.
    pub channel: String,
    /// WARNING, CRITICAL or UNKNOWN.
    pub level: Status,
    /// Headline.
    pub title: String,
    /// One sentence.
    pub message: String,
    /// The instance.
    pub check_name: String,
    /// What it is about; empty for the host, or for a check that could not judge.
    pub subject: String,
}

/// One notification for every verdict that is not ok and every check that could not judge, the worst first.
pub fn notifications(evaluations: &[Evaluation]) -> Vec<Notification> {
    let mut notifications: Vec<_> = evaluations.iter().flat_map(of_evaluation).collect();
    notifications.sort_by_key(|notification| std::cmp::Reverse(notification.level.severity()));
    notifications
}

fn of_evaluation(evaluation: &Evaluation) -> Vec<Notification> {
    let notification = |level, subject: &str, title: String, message: String| Notification {
        channel: evaluation.channel.clone(),
        level,
        title,
        message,
        check_name: evaluation.instance.clone(),
        subject: subject.to_owned(),
    };
    match &evaluation.outcome {
        Ok(verdicts) => verdicts
            .iter()
            .filter(|verdict| verdict.status != Status::Ok)
            .map(|v| notification(v.status, &v.subject, v.title.clone(), v.message.clone()))
            .collect(),
        Err(failure) => {
            let title = format!("Check '{}' could not judge", evaluation.instance);
            vec![notification(Status::Unknown, "", title, failure.to_string())]
        }
    }
}
