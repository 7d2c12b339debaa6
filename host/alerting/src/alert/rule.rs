//! The rule of an instance: how long to wait, how often to remind, how to treat missing data.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use checkpost_model::millis;

/// The default of `stale_after`: a five-minute cron has four runs in it, the first and the last included.
pub(super) const STALE_AFTER: Duration = Duration::from_secs(15 * 60);

/// The rule of one instance. A changed rule takes effect with the next run, on the times already stored.
///
/// The default rule notifies each change once and at once, and reminds every four hours. It does not notify each change
/// of a flapping alert, and it notifies missing data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// `for`: how long a subject must be bad, in every run that judged it, before the alert fires. Default: zero,
    /// because checks already judge means over minutes and have hysteresis, and with a run every five minutes a wait
    /// costs at least five.
    #[serde(rename = "for_ms", with = "millis")]
    pub pending_for: Duration,
    /// How long a subject must be ok again before its alert is resolved, from the first ok run. Default: zero.
    #[serde(rename = "keep_firing_for_ms", with = "millis")]
    pub keep_firing_for: Duration,
    /// How long after the last notification a reminder of an unchanged alert follows; `None`: never. Default: 4 h.
    #[serde(rename = "repeat_interval_ms", with = "millis::optional")]
    pub repeat_interval: Option<Duration>,
    /// Whether a change between warning and critical is notified at once. Otherwise the next reminder has the new
    /// level. Default: yes.
    pub renotify_on_escalation: bool,
    /// When an alert counts as flapping; `None`: never. Default: Icinga's values.
    pub flapping: Option<Flapping>,
    /// How long the subject of an announced alert must be missing from the verdicts before that is notified; `None`:
    /// never, and the alert stays as it was. Default: 15 min, so that a disk that is mounted late is not notified.
    #[serde(rename = "stale_after_ms", with = "millis::optional")]
    pub stale_after: Option<Duration>,
    /// How missing data is treated. Default: [`OnUnknown::Notify`], because a check that cannot see looks like a
    /// machine that is well. One notification is no noise.
    pub on_unknown: OnUnknown,
}

impl Default for Rule {
    fn default() -> Self {
        Self {
            pending_for: Duration::ZERO,
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
    /// How long a subject must be without a judgement before its level is unknown; `None`: never.
    pub(super) fn unknown_after(&self) -> Option<Duration> {
        match self.on_unknown {
            OnUnknown::Notify => Some(self.pending_for),
            OnUnknown::Keep => self.stale_after,
            OnUnknown::Ignore => None,
        }
    }
}

/// How missing data is treated: unknown verdicts and failures of the check. None of the values resolves an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnUnknown {
    /// The alert stays as it was. Missing data is notified when it has lasted as long as `stale_after`.
    Keep,
    /// The alert is unknown. Missing data is notified when it has lasted as long as `for`.
    Notify,
    /// The run counts as if it had not happened. Missing data is not notified; reminders of firing alerts continue.
    Ignore,
}

/// When an alert flaps: thresholds of the weighted share of the last judged runs in which the level changed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flapping {
    /// The number of judged runs that count, 1 to 64. 20 runs of a five-minute cron are 100 minutes.
    pub window: usize,
    /// Above this share flapping starts, 0 to 1.
    pub high: f64,
    /// At or below this share flapping ends, 0 to `high`.
    pub low: f64,
}

impl Default for Flapping {
    fn default() -> Self {
        Self { window: 20, high: 0.30, low: 0.25 }
    }
}
