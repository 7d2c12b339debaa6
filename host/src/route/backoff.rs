//! How long to wait after a failure.

use std::time::Duration;

/// The wait after the first failure.
const FIRST_WAIT: Duration = Duration::from_secs(5);

/// No wait is longer, whatever a server asks for: a message would expire in it.
pub const LONGEST_WAIT: Duration = Duration::from_secs(30 * 60);

/// The wait after so many failures in a row, at least as long as the other side asks for. It doubles with each;
/// `random`, from 0 to 1, takes away up to half of it, so that many hosts do not come back at once.
pub fn backoff(failures: u32, asked_for: Option<Duration>, random: f64) -> Duration {
    let doubled = FIRST_WAIT.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST_WAIT);
    let jittered = doubled.mul_f64(1.0 - random.clamp(0.0, 1.0) / 2.0);
    jittered.max(asked_for.unwrap_or_default()).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(failures: u32, asked_for: Option<u64>, random: f64) -> f64 {
        backoff(failures, asked_for.map(Duration::from_secs), random).as_secs_f64()
    }

    #[test]
    fn a_wait_doubles_until_it_is_long_enough() {
        let waits = [0, 1, 2, 3, 4, 9, 10, 11, u32::MAX].map(|failures| seconds(failures, None, 0.0));
        assert_eq!(waits, [5.0, 5.0, 10.0, 20.0, 40.0, 1_280.0, 1_800.0, 1_800.0, 1_800.0]);
    }

    #[test]
    fn chance_takes_away_half_of_it_at_most() {
        assert_eq!(seconds(2, None, 0.5), 7.5);
        assert_eq!(seconds(2, None, 1.0), 5.0);
        assert_eq!(seconds(2, None, 7.0), 5.0);
    }

    #[test]
    fn the_other_side_may_ask_for_more_but_not_for_ever() {
        assert_eq!(seconds(1, Some(120), 0.5), 120.0);
        assert_eq!(seconds(4, Some(1), 0.0), 40.0);
        assert_eq!(seconds(1, Some(u64::MAX), 0.0), 1_800.0);
    }
}
