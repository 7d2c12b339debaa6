//! What is known of one alert between two runs. Every run is a restart, so all of it is stored.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::hushed::Hushed;
use crate::check::Status;

/// Where an alert stands. The names are stored and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Nothing is wrong.
    Ok,
    /// It is bad, but not for as long as `for` yet.
    Pending,
    /// It is bad.
    Firing,
    /// It is ok again, but not for as long as `keep_firing_for` yet.
    Resolving,
    /// The check judges, but no longer mentions it.
    Stale,
    /// It cannot be judged.
    Unknown,
}

impl Phase {
    /// Every phase.
    pub const ALL: [Self; 6] = [Self::Ok, Self::Pending, Self::Firing, Self::Resolving, Self::Stale, Self::Unknown];

    /// The name in the database and in JSON: `ok`, `pending`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Pending => "pending",
            Self::Firing => "firing",
            Self::Resolving => "resolving",
            Self::Stale => "stale",
            Self::Unknown => "unknown",
        }
    }

    /// The inverse of [`Phase::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.as_str() == text)
    }
}

/// Why there is no judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Missing {
    /// It could not be judged.
    Unknown,
    /// It was not mentioned.
    Stale,
}

/// A headline and a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// Headline.
    pub title: String,
    /// One sentence.
    pub message: String,
}

/// Everything about one (instance, subject) that must survive the process; acknowledgements and silences are elsewhere.
///
/// Two things are kept apart: how it is (`phase`, `level` and the times), and what people were told of it
/// (`level_sent`, `missing_sent`). What there is to tell is the difference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Where it stands.
    pub phase: Phase,
    /// When this phase began.
    pub since: Timestamp,
    /// What there is to tell: warning or critical while it fires or resolves, unknown once that has lasted, else ok.
    pub level: Status,
    /// The last warning or critical that was judged; ok once it is over.
    pub bad_level: Status,
    /// When a run first found it bad, while it is.
    pub active_since: Option<Timestamp>,
    /// When it had been bad for as long as `for`, while it fires or resolves.
    pub firing_since: Option<Timestamp>,
    /// When a run first found it ok again, while it resolves.
    pub keep_firing_since: Option<Timestamp>,
    /// When a run first could not judge it, until one can.
    pub unknown_since: Option<Timestamp>,
    /// When a run that judged first did not mention it, until one does.
    pub absent_since: Option<Timestamp>,
    /// The last run, whatever it saw.
    pub last_seen: Timestamp,
    /// When people were told something last.
    pub last_sent_at: Option<Timestamp>,
    /// The warning or critical that people were told and that was not resolved for them; ok: none.
    pub level_sent: Status,
    /// What people were told of missing data, while they have heard nothing since.
    pub missing_sent: Option<Missing>,
    /// Bit n: whether `level` changed in the last judged run but n.
    pub history: u64,
    /// Whether it changes too often to tell each change.
    pub flapping: bool,
    /// Headline of the last verdict that was a warning or critical, while people know of it; else of the last verdict.
    pub title: String,
    /// Sentence of the last verdict that was not unknown.
    pub message: String,
    /// The first number behind that verdict.
    pub value: Option<f64>,
    /// Why it cannot be judged.
    pub unknown: Option<Text>,
    /// Whether a verdict was ever about it; else it stands for the failure of its check. [`super::advance()`] says.
    pub mentioned: bool,
    /// Which team it is for, of [`super::advance()`]; kept for the message that its check is no longer configured.
    pub channel: String,
    /// Whose it is, as the channel.
    #[serde(default)]
    pub owner: String,
    /// While it is kept quiet: what people would know otherwise, where that is not the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hushed: Option<Hushed>,
}

impl Alert {
    /// One that nobody has said anything about yet.
    pub fn new(now: Timestamp) -> Self {
        Self {
            phase: Phase::Ok,
            since: now,
            level: Status::Ok,
            bad_level: Status::Ok,
            active_since: None,
            firing_since: None,
            keep_firing_since: None,
            unknown_since: None,
            absent_since: None,
            last_seen: now,
            last_sent_at: None,
            level_sent: Status::Ok,
            missing_sent: None,
            history: 0,
            flapping: false,
            title: String::new(),
            message: String::new(),
            value: None,
            unknown: None,
            mentioned: false,
            channel: String::new(),
            owner: String::new(),
            hushed: None,
        }
    }

    /// What people believe: the last level that they were told.
    pub fn told(&self) -> Status {
        told(self.level_sent, self.missing_sent)
    }

    /// Whether people were told something that is not over for them. What flaps is known.
    pub fn is_known(&self) -> bool {
        self.told() != Status::Ok
    }

    /// Whether something is wrong, or people believe so; not what is gone.
    pub fn is_bad(&self) -> bool {
        self.phase != Phase::Stale && (self.phase != Phase::Ok || self.is_known())
    }

    /// The worst that is known of it: what it stands at or is about to, and what people were told.
    pub fn worst(&self) -> Status {
        worse(worse(self.level, self.bad_level), self.told())
    }

    /// Whether people would go on to believe in it if they never heard of it again.
    pub(super) fn is_open(&self) -> bool {
        self.is_known() && (self.missing_sent != Some(Missing::Stale) || self.flapping)
    }

    /// Where it would stand if the last judgement held.
    pub(super) fn condition(&self) -> Phase {
        match (self.active_since, self.firing_since, self.keep_firing_since) {
            (_, Some(_), Some(_)) => Phase::Resolving,
            (_, Some(_), None) => Phase::Firing,
            (Some(_), None, _) => Phase::Pending,
            (None, None, _) => Phase::Ok,
        }
    }

    /// Nothing is wrong any more.
    pub(super) fn calm(&mut self) {
        self.bad_level = Status::Ok;
        self.active_since = None;
        self.firing_since = None;
        self.keep_firing_since = None;
    }

    /// The headline of what people know, or of what is known of it.
    pub(super) fn headline(&self) -> &str {
        match &self.unknown {
            Some(unknown) if self.level_sent == Status::Ok && self.told() == Status::Unknown => &unknown.title,
            _ => &self.title,
        }
    }

    /// Moves to the time of this run. When the clock went back, all that was kept goes back with it, so that what had
    /// passed has still passed: nothing waits for the old time to come again, and nothing starts anew.
    pub(super) fn move_to(&mut self, now: Timestamp) {
        let back = elapsed(now, self.last_seen);
        let times = [
            &mut self.active_since,
            &mut self.firing_since,
            &mut self.keep_firing_since,
            &mut self.unknown_since,
            &mut self.absent_since,
            &mut self.last_sent_at,
        ];
        let hushed = self.hushed.as_mut().and_then(|hushed| hushed.last_sent_at.as_mut());
        for time in times.into_iter().flatten().chain([&mut self.since]).chain(hushed) {
            *time = time.checked_sub(back).unwrap_or(Timestamp::MIN);
        }
        self.last_seen = now;
    }
}

/// The worse of two.
pub(super) fn worse(one: Status, other: Status) -> Status {
    if other.severity() > one.severity() { other } else { one }
}

/// What people believe who were told this.
pub(super) fn told(level_sent: Status, missing_sent: Option<Missing>) -> Status {
    if missing_sent.is_some() { Status::Unknown } else { level_sent }
}

/// How long ago `since` was: never negative.
pub(super) fn elapsed(since: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(since)).unwrap_or(Duration::ZERO)
}
