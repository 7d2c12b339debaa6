//! Turns: the time that is left until a deadline, shared fairly among the calls that wait for it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Time for a number of calls, on a number of threads.
///
/// Each call may take its share of the time that is left when it begins, so that no set of calls can take the time of
/// another one, and what a short call leaves goes to the later ones. Calls end late: the clock has ticks, and some work of
/// the host cannot be interrupted. Therefore one share is left over, and even after the deadline a call may take a little.
#[derive(Debug)]
pub struct Turns {
    until: Instant,
    threads: u32,
    /// Time that every call may take.
    least: Duration,
    /// Calls that have not begun.
    waiting: AtomicUsize,
}

/// Most time that a call may take after the deadline: a check takes less than a thousandth of a second.
const MOST_AFTERWARDS: Duration = Duration::from_millis(50);

impl Turns {
    /// Turns for `calls` calls on `threads` threads from `now` until a deadline, which all of them together may exceed by a
    /// tenth of that time.
    pub(crate) fn new(now: Instant, until: Instant, threads: usize, calls: usize) -> Self {
        let threads = number(threads);
        let afterwards = until.saturating_duration_since(now) / 10 * threads / number(calls).max(1);
        Self { until, threads, least: afterwards.min(MOST_AFTERWARDS), waiting: AtomicUsize::new(calls) }
    }

    /// Begins a call, which may take this long.
    pub(crate) fn next(&self) -> Duration {
        self.next_at(Instant::now())
    }

    fn next_at(&self, now: Instant) -> Duration {
        let left = self.until.saturating_duration_since(now);
        // A call more than announced gets what the last one gets.
        let begin = |waiting: usize| Some(waiting.saturating_sub(1));
        let waiting = self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, begin).unwrap_or_default();
        let shares = number(waiting).max(1).saturating_add(1);
        (left * self.threads / shares).min(left).max(self.least)
    }
}

fn number(count: usize) -> u32 {
    count.try_into().unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn greedy_calls_leave_the_last_one_its_share() {
        let mut now = Instant::now();
        let turns = Turns::new(now, now + 80 * SECOND, 1, 7);
        for _ in 0..7 {
            let share = turns.next_at(now);
            assert_eq!(share, 10 * SECOND);
            now += share;
        }
        // The share that is left over for calls that end late.
        assert_eq!(turns.next_at(now), 5 * SECOND);
        assert_eq!(turns.next_at(now + 10 * SECOND), MOST_AFTERWARDS);
    }

    #[test]
    fn calls_after_the_deadline_are_short() {
        let now = Instant::now();
        let afterwards = |calls| Turns::new(now, now + 10 * SECOND, 2, calls).next_at(now + 20 * SECOND);
        assert_eq!(afterwards(7), MOST_AFTERWARDS);
        // A tenth of the time, on two threads, for all of them.
        assert_eq!(afterwards(1_000), Duration::from_millis(2));
        assert_eq!(Turns::new(now, now, 2, 7).next_at(now), Duration::ZERO);
    }

    #[test]
    fn time_that_is_not_used_goes_to_later_calls() {
        let now = Instant::now();
        let turns = Turns::new(now, now + 60 * SECOND, 1, 3);
        assert_eq!(turns.next_at(now), 15 * SECOND);
        assert_eq!(turns.next_at(now), 20 * SECOND);
        assert_eq!(turns.next_at(now), 30 * SECOND);
    }

    #[test]
    fn calls_on_several_threads_share_the_time_of_all() {
        let now = Instant::now();
        let turns = Turns::new(now, now + 12 * SECOND, 2, 3);
        assert_eq!(turns.next_at(now), 6 * SECOND);
        assert_eq!(turns.next_at(now), 8 * SECOND);
        // One call cannot take more than the time that is left.
        assert_eq!(turns.next_at(now), 12 * SECOND);
    }
}
