//! Turns: the time that is left until a deadline, shared fairly among the calls that wait for it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Time for a number of calls, on a number of threads.
///
/// Each call may take its share of the time that is left when it begins, so that no set of calls can take the time of
/// another one, and what a short call leaves goes to the later ones.
#[derive(Debug)]
pub struct Turns {
    until: Instant,
    threads: u32,
    /// Calls that have not begun.
    waiting: AtomicUsize,
}

impl Turns {
    /// Turns for `calls` calls on `threads` threads until a deadline.
    pub(crate) fn new(until: Instant, threads: usize, calls: usize) -> Self {
        Self { until, threads: threads.try_into().unwrap_or(u32::MAX), waiting: AtomicUsize::new(calls) }
    }

    /// Begins a call, which may take this long; zero when the time is over.
    pub(crate) fn next(&self) -> Duration {
        self.next_at(Instant::now())
    }

    fn next_at(&self, now: Instant) -> Duration {
        let left = self.until.saturating_duration_since(now);
        // A call more than announced gets what the last one gets.
        let begin = |waiting: usize| Some(waiting.saturating_sub(1));
        let waiting = self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, begin).unwrap_or_default();
        let share = left * self.threads / u32::try_from(waiting.max(1)).unwrap_or(u32::MAX);
        share.min(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn greedy_calls_leave_the_last_one_its_share() {
        let mut now = Instant::now();
        let turns = Turns::new(now + 70 * SECOND, 1, 7);
        for _ in 0..7 {
            let share = turns.next_at(now);
            assert_eq!(share, 10 * SECOND);
            now += share;
        }
        assert_eq!(turns.next_at(now), Duration::ZERO);
    }

    #[test]
    fn time_that_is_not_used_goes_to_later_calls() {
        let now = Instant::now();
        let turns = Turns::new(now + 60 * SECOND, 1, 3);
        assert_eq!(turns.next_at(now), 20 * SECOND);
        assert_eq!(turns.next_at(now), 30 * SECOND);
        assert_eq!(turns.next_at(now), 60 * SECOND);
    }

    #[test]
    fn calls_on_several_threads_share_the_time_of_all() {
        let now = Instant::now();
        let turns = Turns::new(now + 10 * SECOND, 2, 4);
        assert_eq!(turns.next_at(now), 5 * SECOND);
        assert_eq!(turns.next_at(now), Duration::from_secs_f64(20.0 / 3.0));
        // One call cannot take more than the time that is left.
        assert_eq!(turns.next_at(now), 10 * SECOND);
    }
}
