//! How an instance wants its alerts told: how long to wait, how often to remind, what to do without data.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How long a subject may be gone when nothing else is said: four runs of a five-minute cron, the first and the last
/// included.
pub const STALE_AFTER: Duration = Duration::from_secs(15 * 60);

/// The rule of one instance. A rule that changed takes effect with the next run, on the times already kept.
///
/// The default tells at once, once, and again every four hours; it holds back what flaps, and it tells of a check that
/// cannot judge.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// `for`: how long it must be bad, at every run that saw it, before anybody is told. Default: no time. The checks
    /// already judge means over minutes and have hysteresis, and with one run in five minutes each wait costs five.
    pub hold: Duration,
    /// How long it must be ok again before it is resolved, from the first run that found it so. Default: no time.
    pub keep_firing_for: Duration,
    /// How long after the last message of an alert that still stands it is told again; `None`: never. Default: 4 h.
    pub repeat_interval: Option<Duration>,
    /// Whether a change between warning and critical is told at once. Else the next reminder says it. Default: yes.
    pub renotify_on_escalation: bool,
    /// When it counts as flapping; `None`: never. Default: as Icinga has it.
    pub flapping: Option<Flapping>,
    /// How long a subject that people know of must be gone from the verdicts before that is told; `None`: never, it
    /// stays as it was. Default: 15 min, so that a disk that is mounted late is not told.
    pub stale_after: Option<Duration>,
    /// What happens when it cannot be judged. Default: [`OnUnknown::Notify`], since a blind check looks like a healthy
    /// machine and nobody would come to look; it is told once, so it is not noise.
    pub on_unknown: OnUnknown,
}

impl Default for Rule {
    fn default() -> Self {
        Self {
            hold: Duration::ZERO,
            keep_firing_for: Duration::ZERO,
            repeat_interval: Some(Duration::from_secs(4 * 3600)),
            renotify_on_escalation: true,
            flapping: Some(Flapping::default()),
            stale_after: Some(STALE_AFTER),
            on_unknown: OnUnknown::Notify,
        }
    }
}

impl Rule {
    /// How long something must not have been judged before it stands at unknown; `None`: it never does.
    pub(super) fn unknown_after(&self) -> Option<Duration> {
        match self.on_unknown {
            OnUnknown::Notify => Some(self.hold),
            OnUnknown::Keep => self.stale_after,
            OnUnknown::Ignore => None,
        }
    }
}

/// What happens to an alert that cannot be judged. None of these resolves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnUnknown {
    /// It stays what it was; when nothing was judged for `stale_after`, that is told.
    Keep,
    /// It is unknown, and that is told once it has lasted as long as `for`.
    Notify,
    /// As if the run had not been. Nobody is ever told; reminders of what stands go on.
    Ignore,
}

/// When changes are too many to tell each: the weighted share of the last runs in which the level changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flapping {
    /// How many judged runs are looked at, 1 to 64. 20 runs of a five-minute cron are 100 minutes.
    pub window: usize,
    /// Above this share it begins, 0 to 1.
    pub high: f64,
    /// At this share or below it ends, 0 to `high`.
    pub low: f64,
}

impl Default for Flapping {
    fn default() -> Self {
        Self { window: 20, high: 0.30, low: 0.25 }
    }
}
