//! How often cycles come, and whether the last one is later than that. Pure: what is stored and `now` are arguments.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use crate::report::format::{span, time};

/// Cycles that tell how often they come, when nobody says it; one more than the gaps between them.
pub const CYCLES: usize = 21;

/// Gaps that there must be at least: somebody who tries it runs it twice in a minute.
const LEAST_GAPS: usize = 3;
/// cron does not start anything more often.
const LEAST_INTERVAL: Duration = Duration::from_secs(60);
/// How much later than at the second start of a cycle it must have been stored: it takes a while itself.
const TOLERANCE: Duration = Duration::from_secs(60);

/// The last cycle, as of some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastCycle {
    /// There is none.
    Missing,
    /// It is as old as it may be, or nobody knows how often they come.
    InTime {
        /// When it began.
        last: Timestamp,
        /// How long ago that was.
        age: Duration,
        /// How often they come.
        interval: Option<Interval>,
    },
    /// At least one after it is missing.
    Late {
        /// When it began.
        last: Timestamp,
        /// How long ago that was.
        age: Duration,
        /// How often they come.
        interval: Interval,
    },
    /// It began later than now: the clock was put back.
    Ahead {
        /// When it began.
        last: Timestamp,
    },
}

/// How often cycles come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interval {
    /// `interval` in `checkpost.toml`.
    Configured(Duration),
    /// The median of the last gaps.
    Observed(Duration),
}

impl Interval {
    /// What is configured, or what the last cycles show; of them the newest comes first.
    pub fn of(configured: Option<Duration>, starts: &[Timestamp]) -> Option<Self> {
        if let Some(interval) = configured {
            return Some(Self::Configured(interval));
        }
        // A clock that was put back in between makes no gap.
        let gaps = starts.windows(2).filter_map(|pair| Duration::try_from(pair[0].duration_since(pair[1])).ok());
        let mut gaps: Vec<_> = gaps.collect();
        gaps.sort_unstable();
        let median = gaps.get(gaps.len() / 2).copied().filter(|_| gaps.len() >= LEAST_GAPS)?;
        Some(Self::Observed(median.max(LEAST_INTERVAL)))
    }

    fn length(self) -> Duration {
        match self {
            Self::Configured(length) | Self::Observed(length) => length,
        }
    }
}

impl LastCycle {
    /// What the times say at which the last [`CYCLES`] began, the newest first: it is late when it began more than two
    /// intervals and a minute ago.
    pub fn of(configured: Option<Duration>, starts: &[Timestamp], now: Timestamp) -> Self {
        let Some(&last) = starts.first() else { return Self::Missing };
        let interval = Interval::of(configured, starts);
        let Ok(age) = Duration::try_from(now.duration_since(last)) else {
            let ahead = last.duration_since(now).unsigned_abs();
            let age = Duration::ZERO;
            return if ahead > TOLERANCE { Self::Ahead { last } } else { Self::InTime { last, age, interval } };
        };
        match interval {
            Some(interval) if age > interval.length().saturating_mul(2).saturating_add(TOLERANCE) => {
                Self::Late { last, age, interval }
            }
            interval => Self::InTime { last, age, interval },
        }
    }

    /// Whether it is what it should be, as far as that is known.
    pub fn is_in_time(&self) -> bool {
        matches!(self, Self::InTime { .. })
    }

    /// What can be done about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::InTime { interval: None, .. } => "set interval to how often cron starts a run",
            Self::InTime { .. } => "",
            Self::Missing => "run `checkpost run`, and let cron start it",
            Self::Late { .. } => "see whether cron still starts it, and what the log says of the last runs",
            Self::Ahead { .. } => "see whether the clock is right",
        }
    }
}

/// One sentence without a full stop.
impl fmt::Display for LastCycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let began =
            |last: &Timestamp, age: &Duration| format!("the last cycle began at {}, {} ago", time(*last), span(*age));
        match self {
            Self::Missing => write!(f, "there was no cycle yet"),
            Self::InTime { last, age, interval: Some(interval) } => write!(f, "{}; {interval}", began(last, age)),
            Self::InTime { last, age, interval: None } => {
                write!(f, "{}; how often they come is not known yet", began(last, age))
            }
            Self::Late { last, age, interval } => write!(f, "{}, and that is too long: {interval}", began(last, age)),
            Self::Ahead { last } => write!(f, "the last cycle began at {}, which is yet to come", time(*last)),
        }
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configured(length) => write!(f, "one is due every {} (interval)", span(*length)),
            Self::Observed(length) => write!(f, "they came every {}", span(*length)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use jiff::SignedDuration;

    use super::*;

    /// Moments so many seconds after some time.
    fn at(seconds: i64) -> Timestamp {
        "2025-10-27T12:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
    }

    fn starts(seconds: &[i64]) -> Vec<Timestamp> {
        seconds.iter().rev().map(|seconds| at(*seconds)).collect()
    }

    fn observed(seconds: &[i64]) -> Option<u64> {
        Interval::of(None, &starts(seconds)).map(|interval| interval.length().as_secs())
    }

    #[test]
    fn the_interval_is_the_median_of_the_gaps() {
        assert_eq!(observed(&[0, 300, 600, 900]), Some(300));
        // One that was missed, and one that somebody started by hand.
        assert_eq!(observed(&[0, 300, 900, 910, 1200, 1500]), Some(300));
        // The clock was put back by a day.
        assert_eq!(observed(&[86_400, 86_700, 300, 600, 900]), Some(300));
    }

    #[test]
    fn few_cycles_tell_no_interval_and_none_is_below_a_minute() {
        assert_eq!(observed(&[]), None);
        assert_eq!(observed(&[0, 300, 600]), None);
        assert_eq!(observed(&[0, 1, 2, 3]), Some(60));
        assert_eq!(Interval::of(Some(Duration::from_secs(5)), &[]), Some(Interval::Configured(Duration::from_secs(5))));
    }

    #[test]
    fn a_cycle_is_late_after_two_intervals_and_a_minute() {
        let starts = starts(&[0, 300, 600, 900]);
        let last = |configured: Option<u64>, now| LastCycle::of(configured.map(Duration::from_secs), &starts, at(now));
        assert!(last(None, 900 + 660).is_in_time());
        assert_eq!(
            last(None, 900 + 661).to_string(),
            "the last cycle began at 2025-10-27 12:15:00 UTC, 11 min 1 s ago, and that is too long: they came every 5 min"
        );
        assert!(last(Some(600), 900 + 1260).is_in_time());
        assert!(last(Some(600), 900 + 1261).to_string().ends_with("too long: one is due every 10 min (interval)"));
        assert!(last(Some(u64::MAX), i64::from(u32::MAX)).is_in_time());
    }

    #[test]
    fn without_a_schedule_nothing_is_late() {
        let one = LastCycle::of(None, &[at(0)], at(1_000_000));
        assert!(one.is_in_time());
        assert_eq!(one.remedy(), "set interval to how often cron starts a run");
        assert_eq!(LastCycle::of(None, &[], at(0)), LastCycle::Missing);
    }

    #[test]
    fn a_cycle_of_the_future_is_told_but_not_one_of_the_next_minute() {
        let interval = Some(Duration::from_secs(300));
        assert!(LastCycle::of(interval, &[at(60)], at(0)).is_in_time());
        assert_eq!(LastCycle::of(interval, &[at(61)], at(0)), LastCycle::Ahead { last: at(61) });
    }
}
