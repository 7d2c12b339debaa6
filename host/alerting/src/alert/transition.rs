//! Transitions: the difference between the condition of an alert and what was last announced, which is to be notified.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use checkpost_model::check::Status;

use super::announced::Missing;
use super::flapping;
use super::observation::{Judgement, Observation};
use super::rule::Rule;
use super::state::{Alert, Phase, Text, elapsed};

/// The change that a notification is about. The names are stored and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The subject is bad, and no warning or critical is announced.
    Raised,
    /// The subject is worse than announced.
    Escalated,
    /// The subject is better than announced, but not ok.
    DeEscalated,
    /// The alert is unchanged since the last notification, `repeat_interval` ago.
    Reminder,
    /// The subject was judged ok for as long as `keep_firing_for`.
    Resolved,
    /// The alert flaps: its level changes too often to notify each change.
    FlappingStarted,
    /// The alert no longer flaps. It has settled at the level of the transition.
    FlappingEnded,
    /// The subject disappeared, or its check was removed.
    Stale,
    /// The subject is not judged.
    Unknown,
    /// A message was not delivered in time. This kind comes from the outbox, not from an alert.
    Undelivered,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Raised,
        Self::Escalated,
        Self::DeEscalated,
        Self::Reminder,
        Self::Resolved,
        Self::FlappingStarted,
        Self::FlappingEnded,
        Self::Stale,
        Self::Unknown,
        Self::Undelivered,
    ];

    /// The name in the database and in JSON: `flapping_started`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Escalated => "escalated",
            Self::DeEscalated => "de_escalated",
            Self::Reminder => "reminder",
            Self::Resolved => "resolved",
            Self::FlappingStarted => "flapping_started",
            Self::FlappingEnded => "flapping_ended",
            Self::Stale => "stale",
            Self::Unknown => "unknown",
            Self::Undelivered => "undelivered",
        }
    }

    /// The inverse of [`Kind::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A change of an alert that is to be notified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The kind of change.
    pub kind: Kind,
    /// The level of the alert; unknown for a subject that is gone.
    pub level: Status,
    /// The level that was announced before; ok: none.
    pub previous_level: Status,
    /// Headline of the alert, without the kind: `High disk usage`.
    pub title: String,
    /// One or two sentences.
    pub message: String,
    /// The reason if the transition is suppressed: `silence 3: new disks`. Set by [`super::Run::settle`].
    pub suppressed: Option<String>,
}

/// The transition after a judgement, if there is one. `previous` is the level before the run.
pub(super) fn change(
    alert: &mut Alert,
    previous: Status,
    judgement: &Judgement<'_>,
    rule: &Rule,
) -> Option<Transition> {
    let (flapped, changed) = (alert.announced.flapping, alert.level != previous);
    alert.history = flapping::push(alert.history, changed);
    // While `for` or `keep_firing_for` has not passed, the next level is open.
    if matches!(alert.phase, Phase::Pending | Phase::Resolving) {
        return None;
    }
    let flaps = rule.flapping.is_some_and(|flapping| flapping.flaps(alert.history, flapped));
    // A new rule may find enough old changes, but flapping only starts when the level changes.
    alert.announced.flapping = flaps && (flapped || changed);
    let kind = match (flapped, alert.announced.flapping) {
        (false, true) => Kind::FlappingStarted,
        (true, false) => Kind::FlappingEnded,
        (true, true) if alert.level == Status::Critical && alert.announced.status() != Status::Critical => worse(alert),
        (true, true) => return None,
        (false, false) => difference(alert, rule)?,
    };
    let runs = rule.flapping.map_or(0, |flapping| flapping.window);
    let level = alert.level.level();
    let message = match kind {
        Kind::FlappingStarted => format!(
            "The level changed too often in the last {runs} runs. Until it settles, only critical is notified. \
             Now {level}: {}",
            judgement.message
        ),
        Kind::FlappingEnded => format!("The level has settled at {level}: {}", judgement.message),
        _ => judgement.message.to_owned(),
    };
    let title = if judgement.status == Status::Ok { alert.headline() } else { judgement.title };
    Some(of(alert, kind, title.to_owned(), message))
}

/// The kind of a bad level: raised if none is announced, else escalated.
fn worse(alert: &Alert) -> Kind {
    if alert.announced.level == Status::Ok { Kind::Raised } else { Kind::Escalated }
}

/// How the level differs from what was announced, for an alert that does not flap.
fn difference(alert: &Alert, rule: &Rule) -> Option<Kind> {
    let announced = alert.announced.status();
    match alert.level {
        Status::Unknown => (alert.announced.missing != Some(Missing::Unknown)).then_some(Kind::Unknown),
        Status::Ok => (announced != Status::Ok).then_some(Kind::Resolved),
        level if level == announced => None,
        _ if alert.announced.level == Status::Ok => Some(Kind::Raised),
        // The end of missing data is always notified: receivers cannot know what happened meanwhile.
        level if announced == Status::Unknown || rule.renotify_on_escalation => {
            Some(if level.severity() > announced.severity() { Kind::Escalated } else { Kind::DeEscalated })
        }
        _ => None,
    }
}

/// A reminder, if the alert is announced and still bad, and the last notification is `repeat_interval` old.
pub(super) fn reminder(
    alert: &Alert,
    observation: &Observation<'_>,
    rule: &Rule,
    now: Timestamp,
) -> Option<Transition> {
    let interval = rule.repeat_interval?;
    let is_current = match alert.level {
        Status::Ok => false,
        Status::Unknown => alert.phase != Phase::Stale,
        // A resolving alert needs no reminder.
        Status::Warning | Status::Critical => alert.keep_firing_since.is_none(),
    };
    let is_due = is_current && alert.is_announced() && elapsed(alert.announced.sent_at?, now) >= interval;
    is_due.then(|| {
        let (title, message) = match (&alert.unknown, alert.level) {
            (Some(Text { title, message }), Status::Unknown) => (title, message),
            _ => (&alert.title, &alert.message),
        };
        let message = match observation {
            Observation::Judged(judgement) if judgement.status == alert.level => message.clone(),
            Observation::Failed(failure) => format!("Not judged now: {failure}. Last: {message}"),
            Observation::Judged(judgement) => format!("Not judged now: {}. Last: {message}", judgement.message),
            Observation::Absent => format!("The check no longer reports this subject. Last: {message}"),
        };
        of(alert, Kind::Reminder, title.clone(), message)
    })
}

/// The end of an announced alert whose subject or check is gone.
pub(super) fn stale(alert: &Alert, reason: &str) -> Transition {
    let (level, last) = (alert.announced.status().level(), last_message(alert));
    let message = format!("{reason}. Last announced as {level}: {last}");
    Transition { level: Status::Unknown, ..of(alert, Kind::Stale, alert.headline().to_owned(), message) }
}

fn last_message(alert: &Alert) -> &str {
    match &alert.unknown {
        Some(unknown) if alert.announced.status() == Status::Unknown => &unknown.message,
        _ => &alert.message,
    }
}

fn of(alert: &Alert, kind: Kind, title: String, message: String) -> Transition {
    Transition { kind, level: alert.level, previous_level: alert.announced.status(), title, message, suppressed: None }
}
