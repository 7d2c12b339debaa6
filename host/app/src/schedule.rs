//! The interval of cycles, and whether the last cycle is late. Stored times and `now` are arguments.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use checkpost_report::format::{span, time};

/// The number of latest cycles from which the interval is derived; one more than the gaps between them.
pub const CYCLES: usize = 21;

/// The fewest gaps that make an interval: a first try may be two runs in one minute.
const MIN_GAPS: usize = 3;
/// The shortest interval: that of cron.
const MIN_INTERVAL: Duration = Duration::from_secs(60);
/// The time that a cycle may take until it is stored.
const TOLERANCE: Duration = Duration::from_secs(60);

/// Whether the last cycle is recent enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// There is no cycle.
    Missing,
    /// The last cycle is recent enough, or the interval is not known.
    InTime {
        /// When the last cycle began.
        last: Timestamp,
        /// How long ago the last cycle began.
        age: Duration,
        /// The interval of cycles.
        interval: Option<Interval>,
    },
    /// At least one later cycle is missing.
    Late {
        /// When the last cycle began.
        last: Timestamp,
        /// How long ago the last cycle began.
        age: Duration,
        /// The interval of cycles.
        interval: Interval,
    },
    /// The last cycle began in the future: the clock was put back.
    Ahead {
        /// When the last cycle began.
        last: Timestamp,
    },
}

/// The interval of cycles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interval {
    /// `interval` in `checkpost.toml`.
    Configured(Duration),
    /// The median of the last gaps.
    Observed(Duration),
}

impl Interval {
    /// The configured interval, or else that of the last cycles, of which `starts` has the newest first.
    pub fn of(configured: Option<Duration>, starts: &[Timestamp]) -> Option<Self> {
        if let Some(interval) = configured {
            return Some(Self::Configured(interval));
        }
        // A negative gap, after the clock was put back, does not count.
        let gaps = starts.windows(2).filter_map(|pair| Duration::try_from(pair[0].duration_since(pair[1])).ok());
        let mut gaps: Vec<_> = gaps.collect();
        gaps.sort_unstable();
        let median = gaps.get(gaps.len() / 2).copied().filter(|_| gaps.len() >= MIN_GAPS)?;
        Some(Self::Observed(median.max(MIN_INTERVAL)))
    }

    fn duration(self) -> Duration {
        match self {
            Self::Configured(duration) | Self::Observed(duration) => duration,
        }
    }
}

impl Freshness {
    /// The freshness at `now`. `starts` has the times at which the last [`CYCLES`] began, the newest first. The last cycle is
    /// late if it began more than two intervals and a minute ago.
    pub fn of(configured: Option<Duration>, starts: &[Timestamp], now: Timestamp) -> Self {
        let Some(&last) = starts.first() else { return Self::Missing };
        let interval = Interval::of(configured, starts);
        let Ok(age) = Duration::try_from(now.duration_since(last)) else {
            let ahead = last.duration_since(now).unsigned_abs();
            let age = Duration::ZERO;
            return if ahead > TOLERANCE { Self::Ahead { last } } else { Self::InTime { last, age, interval } };
        };
        match interval {
            Some(interval) if age > interval.duration().saturating_mul(2).saturating_add(TOLERANCE) => {
                Self::Late { last, age, interval }
            }
            interval => Self::InTime { last, age, interval },
        }
    }

    /// Whether the last cycle is recent enough, as far as is known.
    pub fn is_in_time(&self) -> bool {
        matches!(self, Self::InTime { .. })
    }

    /// What the operator can do; empty if nothing.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::InTime { interval: None, .. } => "set interval to how often cron starts a run",
            Self::InTime { .. } => "",
            Self::Missing => "run `checkpost run`, and let cron start it regularly",
            Self::Late { .. } => "check that cron still starts runs, and look for errors in the log",
            Self::Ahead { .. } => "check that the clock is right",
        }
    }
}

/// One sentence without a full stop.
impl fmt::Display for Freshness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let began =
            |last: &Timestamp, age: &Duration| format!("the last cycle began at {}, {} ago", time(*last), span(*age));
        match self {
            Self::Missing => write!(f, "there has been no cycle yet"),
            Self::InTime { last, age, interval: Some(interval) } => write!(f, "{}; {interval}", began(last, age)),
            Self::InTime { last, age, interval: None } => {
                write!(f, "{}; the interval of cycles is not known yet", began(last, age))
            }
            Self::Late { last, age, interval } => write!(f, "{}, which is too long: {interval}", began(last, age)),
            Self::Ahead { last } => write!(f, "the last cycle began at {}, which is in the future", time(*last)),
        }
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configured(interval) => write!(f, "one is due every {} (interval)", span(*interval)),
            Self::Observed(interval) => write!(f, "cycles came every {}", span(*interval)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use jiff::SignedDuration;

    use super::*;

    /// A time, in seconds after a fixed one.
    fn at(seconds: i64) -> Timestamp {
        "2025-10-27T12:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
    }

    fn starts(seconds: &[i64]) -> Vec<Timestamp> {
        seconds.iter().rev().map(|seconds| at(*seconds)).collect()
    }

    fn observed(seconds: &[i64]) -> Option<u64> {
        Interval::of(None, &starts(seconds)).map(|interval| interval.duration().as_secs())
    }

    #[test]
    fn interval_is_the_median_of_the_gaps() {
        assert_eq!(observed(&[0, 300, 600, 900]), Some(300));
        // One cycle was missed, and one was started by hand.
        assert_eq!(observed(&[0, 300, 900, 910, 1200, 1500]), Some(300));
        // The clock was put back by a day.
        assert_eq!(observed(&[86_400, 86_700, 300, 600, 900]), Some(300));
    }

    #[test]
    fn interval_of_cycles_needs_four_and_is_at_least_a_minute() {
        assert_eq!(observed(&[]), None);
        assert_eq!(observed(&[0, 300, 600]), None);
        assert_eq!(observed(&[0, 1, 2, 3]), Some(60));
        assert_eq!(Interval::of(Some(Duration::from_secs(5)), &[]), Some(Interval::Configured(Duration::from_secs(5))));
    }

    #[test]
    fn cycle_is_late_after_two_intervals_and_a_minute() {
        let starts = starts(&[0, 300, 600, 900]);
        let last = |configured: Option<u64>, now| Freshness::of(configured.map(Duration::from_secs), &starts, at(now));
        assert!(last(None, 900 + 660).is_in_time());
        assert_eq!(
            last(None, 900 + 661).to_string(),
            "the last cycle began at 2025-10-27 12:15:00 UTC, 11 min 1 s ago, which is too long: cycles came every 5 min"
        );
        assert!(last(Some(600), 900 + 1260).is_in_time());
        assert!(last(Some(600), 900 + 1261).to_string().ends_with("too long: one is due every 10 min (interval)"));
        assert!(last(Some(u64::MAX), i64::from(u32::MAX)).is_in_time());
    }

    #[test]
    fn cycle_without_an_interval_is_never_late() {
        let one = Freshness::of(None, &[at(0)], at(1_000_000));
        assert!(one.is_in_time());
        assert_eq!(one.remedy(), "set interval to how often cron starts a run");
        assert_eq!(Freshness::of(None, &[], at(0)), Freshness::Missing);
    }

    #[test]
    fn cycle_in_the_future_is_reported_unless_it_is_within_a_minute() {
        let interval = Some(Duration::from_secs(300));
        assert!(Freshness::of(interval, &[at(60)], at(0)).is_in_time());
        assert_eq!(Freshness::of(interval, &[at(61)], at(0)), Freshness::Ahead { last: at(61) });
    }
}
