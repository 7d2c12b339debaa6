//! The state of one alert between two runs. Each run is a new process, so all of the state is stored.

use std::collections::BTreeMap;
use std::mem::swap;
use std::ops::Not;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use checkpost_model::check::Status;

use super::announced::{Announced, Missing};
use super::key::AlertKey;

/// The phase of an alert. The names are stored and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// The subject is not bad.
    Ok,
    /// The subject is bad, but not yet for as long as `for`.
    Pending,
    /// The subject has been bad for at least as long as `for`.
    Firing,
    /// The subject is ok again, but not yet for as long as `keep_firing_for`.
    Resolving,
    /// The check judges, but has not mentioned the subject for as long as `stale_after`.
    Stale,
    /// The subject is not judged: its verdict is unknown, or the check failed.
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

/// A headline and a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// Headline.
    pub title: String,
    /// One sentence.
    pub message: String,
}

/// Everything about one subject of one instance that must survive the process, except acknowledgements.
///
/// An alert has two parts: its condition (`phase`, `level` and the times) and what receivers last heard (`announced`).
/// The difference is what there is to notify. The serialized names are stored and never change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// The phase.
    pub phase: Phase,
    /// When the phase began.
    pub since: Timestamp,
    /// The level to notify: warning or critical while firing or resolving, unknown once that has lasted, else ok.
    pub level: Status,
    /// The last judged warning or critical; ok once the alert is over.
    pub bad_level: Status,
    /// When a run first found the subject bad, while it is bad.
    pub active_since: Option<Timestamp>,
    /// When the subject had been bad for as long as `for`, while firing or resolving.
    pub firing_since: Option<Timestamp>,
    /// When a run first found the subject ok again, while resolving.
    pub keep_firing_since: Option<Timestamp>,
    /// When a run first had no judgement of the subject, until a run has one.
    pub unknown_since: Option<Timestamp>,
    /// When the check first judged without mentioning the subject, until it mentions the subject.
    pub absent_since: Option<Timestamp>,
    /// When the alert began to be stored. `None` in a database of an earlier version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<Timestamp>,
    /// Whether a notification of the alert was stored, suppressed or not.
    #[serde(rename = "notified", default, skip_serializing_if = "Not::not")]
    pub is_notified: bool,
    /// When the last run was, whatever it observed.
    pub last_seen: Timestamp,
    /// What receivers last heard.
    #[serde(flatten)]
    pub announced: Announced,
    /// For flapping: bit n says whether `level` changed n judged runs before the last one.
    pub history: u64,
    /// Headline of the last warning or critical verdict while the alert is announced, else of the last verdict.
    pub title: String,
    /// Sentence of the last verdict that was not unknown.
    pub message: String,
    /// First measure of that verdict.
    pub value: Option<f64>,
    /// The unknown verdict, while it is current or announced.
    pub unknown: Option<Text>,
    /// Whether a verdict was ever about this subject. If not, the alert stands for a failure of its check.
    pub mentioned: bool,
    /// The channel of the instance, for the notification that the check is no longer configured.
    pub channel: String,
    /// The owner of the instance, for the same notification.
    #[serde(default)]
    pub owner: String,
    /// Whether the instance is a module that was found in the checks directory, for the same notification.
    #[serde(rename = "found", default, skip_serializing_if = "Not::not")]
    pub is_found: bool,
    /// What receivers would last have heard without suppression, where that makes a difference.
    #[serde(rename = "hushed", default, skip_serializing_if = "Option::is_none")]
    pub unsuppressed: Option<Announced>,
}

/// The alerts that are retained from one run to the next. An alert that is missing here is ok and not announced.
pub type Alerts = BTreeMap<AlertKey, Alert>;

impl Alert {
    /// An alert that is ok and not announced.
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
            opened_at: None,
            is_notified: false,
            last_seen: now,
            announced: Announced::NOTHING,
            history: 0,
            title: String::new(),
            message: String::new(),
            value: None,
            unknown: None,
            mentioned: false,
            channel: String::new(),
            owner: String::new(),
            is_found: false,
            unsuppressed: None,
        }
    }

    /// Whether nothing but the time of the last run differs.
    pub fn is_same_as(&self, other: &Self) -> bool {
        *self == Self { last_seen: self.last_seen, ..other.clone() }
    }

    /// Whether receivers heard of the alert and not of its end, which is not announced while the alert flaps.
    pub fn is_announced(&self) -> bool {
        self.announced.status() != Status::Ok
    }

    /// Whether the phase is not `ok`, or the alert is announced. A stale alert is not bad.
    pub fn is_bad(&self) -> bool {
        self.phase != Phase::Stale && (self.phase != Phase::Ok || self.is_announced())
    }

    /// The worst of the current level, the last judged bad level, and the announced level.
    pub fn worst(&self) -> Status {
        worse(worse(self.level, self.bad_level), self.announced.status())
    }

    /// What is retained of an alert that is over, so that it is counted among the new ones of the last hour.
    pub(super) fn only_counted(&self) -> Self {
        Self {
            opened_at: self.opened_at,
            is_notified: true,
            mentioned: self.mentioned,
            channel: self.channel.clone(),
            owner: self.owner.clone(),
            is_found: self.is_found,
            last_seen: self.last_seen,
            ..Self::new(self.opened_at.unwrap_or(self.last_seen))
        }
    }

    /// Whether this is all that is retained.
    pub(super) fn is_only_counted(&self) -> bool {
        self.is_notified && *self == self.only_counted()
    }

    /// Whether the alert is announced, and neither its end nor that its subject is gone.
    pub(super) fn is_open(&self) -> bool {
        self.is_announced() && (self.announced.missing != Some(Missing::Stale) || self.announced.flapping)
    }

    /// Whether the alert is announced, or would be without suppression.
    pub(super) fn is_announced_or_suppressed(&self) -> bool {
        self.is_announced() || self.unsuppressed.is_some_and(|announced| announced.status() != Status::Ok)
    }

    /// Whether missing data is announced, or would be without suppression.
    pub(super) fn is_unknown_announced_or_suppressed(&self) -> bool {
        let missing = [self.announced.missing, self.unsuppressed.and_then(|announced| announced.missing)];
        missing.contains(&Some(Missing::Unknown))
    }

    /// Exchanges what was announced and what would have been announced without suppression. Both are the same if
    /// nothing was suppressed.
    pub(super) fn swap_announced(&mut self) {
        swap(self.unsuppressed.get_or_insert(self.announced), &mut self.announced);
    }

    /// Forgets what was suppressed if it no longer makes a difference.
    pub(super) fn trim_unsuppressed(&mut self) {
        // The start and the end of flapping are notified for ok subjects, too.
        let makes_difference = |unsuppressed: &Announced| {
            *unsuppressed != self.announced
                && (self.is_announced_or_suppressed() || unsuppressed.flapping != self.announced.flapping)
        };
        self.unsuppressed = self.unsuppressed.filter(makes_difference);
    }

    /// The phase by the last judgement, regardless of missing data.
    pub(super) fn condition(&self) -> Phase {
        match (self.active_since, self.firing_since, self.keep_firing_since) {
            (_, Some(_), Some(_)) => Phase::Resolving,
            (_, Some(_), None) => Phase::Firing,
            (Some(_), None, _) => Phase::Pending,
            (None, None, _) => Phase::Ok,
        }
    }

    /// Ends the bad condition.
    pub(super) fn end_condition(&mut self) {
        self.bad_level = Status::Ok;
        self.active_since = None;
        self.firing_since = None;
        self.keep_firing_since = None;
    }

    /// The headline of the announced alert, else of the last verdict.
    pub(super) fn headline(&self) -> &str {
        match &self.unknown {
            Some(unknown) if self.announced.level == Status::Ok && self.announced.missing.is_some() => &unknown.title,
            _ => &self.title,
        }
    }

    /// What was announced, as of a run at `now`: see [`Alert::move_to`].
    pub(super) fn announced_at(&self, now: Timestamp) -> Announced {
        let back = elapsed(now, self.last_seen);
        let sent_at = self.announced.sent_at.map(|time| time.checked_sub(back).unwrap_or(Timestamp::MIN));
        Announced { sent_at, ..self.announced }
    }

    /// Moves to the time of this run. If the clock went back, all stored times move back with it, so that elapsed time
    /// stays elapsed: no wait is extended or restarted.
    pub(super) fn move_to(&mut self, now: Timestamp) {
        let back = elapsed(now, self.last_seen);
        let times = [
            &mut self.active_since,
            &mut self.firing_since,
            &mut self.keep_firing_since,
            &mut self.unknown_since,
            &mut self.absent_since,
            &mut self.opened_at,
            &mut self.announced.sent_at,
        ];
        let unsuppressed = self.unsuppressed.as_mut().and_then(|announced| announced.sent_at.as_mut());
        for time in times.into_iter().flatten().chain([&mut self.since]).chain(unsuppressed) {
            *time = time.checked_sub(back).unwrap_or(Timestamp::MIN);
        }
        self.last_seen = now;
    }
}

/// The worse of two statuses.
pub(super) fn worse(one: Status, other: Status) -> Status {
    if other.severity() > one.severity() { other } else { one }
}

/// The time since `since`; zero if that is in the future.
pub(super) fn elapsed(since: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(since)).unwrap_or(Duration::ZERO)
}
