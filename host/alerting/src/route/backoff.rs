//! Back-off: the growing pause between attempts at a delivery.

use std::time::Duration;

/// The pause after the first failure.
const FIRST_PAUSE: Duration = Duration::from_secs(5);

/// The longest pause, whatever a server demands: a message must not expire meanwhile.
pub const LONGEST_WAIT: Duration = Duration::from_secs(30 * 60);

/// The pause after a number of failures in a row, at least as long as the server demands. The pause doubles with each
/// failure; `random`, 0 to 1, shortens it by up to half, so that many hosts do not retry at the same time.
pub fn backoff(failures: u32, retry_after: Option<Duration>, random: f64) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST_WAIT);
    let jittered = doubled.mul_f64(1.0 - random.clamp(0.0, 1.0) / 2.0);
    jittered.max(retry_after.unwrap_or_default()).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(failures: u32, retry_after: Option<u64>, random: f64) -> f64 {
        backoff(failures, retry_after.map(Duration::from_secs), random).as_secs_f64()
    }

    #[test]
    fn pause_doubles_up_to_a_limit() {
        let pauses = [0, 1, 2, 3, 4, 9, 10, 11, u32::MAX].map(|failures| seconds(failures, None, 0.0));
        assert_eq!(pauses, [5.0, 5.0, 10.0, 20.0, 40.0, 1_280.0, 1_800.0, 1_800.0, 1_800.0]);
    }

    #[test]
    fn randomness_shortens_the_pause_by_half_at_most() {
        assert_eq!(seconds(2, None, 0.5), 7.5);
        assert_eq!(seconds(2, None, 1.0), 5.0);
        assert_eq!(seconds(2, None, 7.0), 5.0);
    }

    #[test]
    fn server_can_lengthen_the_pause_up_to_the_limit() {
        assert_eq!(seconds(1, Some(120), 0.5), 120.0);
        assert_eq!(seconds(4, Some(1), 0.0), 40.0);
        assert_eq!(seconds(1, Some(u64::MAX), 0.0), 1_800.0);
    }
}
