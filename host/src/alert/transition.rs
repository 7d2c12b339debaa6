//! What people are told of an alert: the difference between what it is and what they were told last.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::flapping;
use super::rule::Rule;
use super::state::{Alert, Missing, Phase, Text, elapsed};
use super::step::{Observation, Said};
use crate::check::Status;

/// Why people are told something. The names are stored and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It is bad, and was not before.
    Raised,
    /// It is worse than they were told.
    Escalated,
    /// It is better than they were told, and not ok.
    DeEscalated,
    /// It still is what they were told.
    Reminder,
    /// It is ok, and was judged so.
    Resolved,
    /// It changes too often to tell each change.
    FlappingStarted,
    /// It has settled, at the level of the transition.
    FlappingEnded,
    /// The check no longer mentions it, or is no longer configured.
    Stale,
    /// It cannot be judged.
    Unknown,
    /// A message could not be delivered. No alert tells this; the outbox does.
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

/// One thing to tell about one alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// Why it is told.
    pub kind: Kind,
    /// How it is now, as far as is known.
    pub level: Status,
    /// What people were told before.
    pub previous_level: Status,
    /// Headline of what it is about, without the kind: `High disk usage`.
    pub title: String,
    /// One sentence or two.
    pub message: String,
    /// Why it goes to nobody: `silence 3: new disks`. [`super::Run::settle`] says.
    pub suppressed: Option<String>,
}

/// What there is to tell after a judgement; `before` is the level that it was at.
pub(super) fn change(alert: &mut Alert, before: Status, said: &Said<'_>, rule: &Rule) -> Option<Transition> {
    let (did_flap, changed) = (alert.flapping, alert.level != before);
    alert.history = flapping::push(alert.history, changed);
    // While it waits, for `for` or for `keep_firing_for`, nobody knows how it goes on.
    if matches!(alert.phase, Phase::Pending | Phase::Resolving) {
        return None;
    }
    let flaps = rule.flapping.is_some_and(|flapping| flapping.flaps(alert.history, did_flap));
    // It begins with a change, whatever a new rule makes of the old ones.
    alert.flapping = flaps && (did_flap || changed);
    let kind = match (did_flap, alert.flapping) {
        (false, true) => Kind::FlappingStarted,
        (true, false) => Kind::FlappingEnded,
        (true, true) if alert.level == Status::Critical && alert.told() != Status::Critical => worse(alert),
        (true, true) => return None,
        (false, false) => difference(alert, rule)?,
    };
    let runs = rule.flapping.map_or(0, |flapping| flapping.window);
    let level = alert.level.level();
    let message = match kind {
        Kind::FlappingStarted => format!(
            "It changed too often in the last {runs} runs. Until it settles only a critical is told. Now {level}: {}",
            said.message
        ),
        Kind::FlappingEnded => format!("It has settled at {level}: {}", said.message),
        _ => said.message.to_owned(),
    };
    let title = if said.status == Status::Ok { alert.headline() } else { said.title };
    Some(of(alert, kind, title.to_owned(), message))
}

/// The kind of a bad level that is told: the first, or one that is worse.
fn worse(alert: &Alert) -> Kind {
    if alert.level_sent == Status::Ok { Kind::Raised } else { Kind::Escalated }
}

/// What the level is to what people were told, when nothing flaps.
fn difference(alert: &Alert, rule: &Rule) -> Option<Kind> {
    let told = alert.told();
    match alert.level {
        Status::Unknown => (alert.missing_sent != Some(Missing::Unknown)).then_some(Kind::Unknown),
        Status::Ok => (told != Status::Ok).then_some(Kind::Resolved),
        level if level == told => None,
        _ if alert.level_sent == Status::Ok => Some(Kind::Raised),
        // The end of missing data is always told: nobody knows what it was in between.
        level if told == Status::Unknown || rule.renotify_on_escalation => {
            Some(if level.severity() > told.severity() { Kind::Escalated } else { Kind::DeEscalated })
        }
        _ => None,
    }
}

/// A reminder, when people know of it, it still stands, and the last message is `repeat_interval` old.
pub(super) fn reminder(
    alert: &Alert,
    observation: &Observation<'_>,
    rule: &Rule,
    now: Timestamp,
) -> Option<Transition> {
    let interval = rule.repeat_interval?;
    let stands = match alert.level {
        Status::Ok => false,
        Status::Unknown => alert.phase != Phase::Stale,
        // What is on its way to ok needs no reminder.
        Status::Warning | Status::Critical => alert.keep_firing_since.is_none(),
    };
    let is_due = stands && alert.is_known() && elapsed(alert.last_sent_at?, now) >= interval;
    is_due.then(|| {
        let (title, message) = match (&alert.unknown, alert.level) {
            (Some(Text { title, message }), Status::Unknown) => (title, message),
            _ => (&alert.title, &alert.message),
        };
        let message = match observation {
            Observation::Judged(said) if said.status == alert.level => message.clone(),
            Observation::CouldNotJudge(failure) => format!("Not judged now: {failure}. Last: {message}"),
            Observation::Judged(said) => format!("Not judged now: {}. Last: {message}", said.message),
            Observation::Absent => format!("The check no longer reports it. Last: {message}"),
        };
        of(alert, Kind::Reminder, title.clone(), message)
    })
}

/// The end of what people know of, without a judgement.
pub(super) fn stale(alert: &Alert, why: &str) -> Transition {
    let (told, last) = (alert.told().level(), last_message(alert));
    let message = format!("{why}. Last told as {told}: {last}");
    Transition { level: Status::Unknown, ..of(alert, Kind::Stale, alert.headline().to_owned(), message) }
}

fn last_message(alert: &Alert) -> &str {
    match &alert.unknown {
        Some(unknown) if alert.told() == Status::Unknown => &unknown.message,
        _ => &alert.message,
    }
}

fn of(alert: &Alert, kind: Kind, title: String, message: String) -> Transition {
    Transition { kind, level: alert.level, previous_level: alert.told(), title, message, suppressed: None }
}
