//! Flapping: whether an alert changes too often to notify each change, by Icinga's measure. The history has one bit for
//! each judged run, which says whether the level changed. Newer runs weigh more.

use super::rule::Flapping;

/// The history after one more run. The newest bit is the lowest; only the last 64 runs are retained.
pub(super) fn push(history: u64, changed: bool) -> u64 {
    history << 1 | u64::from(changed)
}

impl Flapping {
    /// The length of the window in runs, limited to that of the history.
    fn runs(&self) -> u32 {
        u32::try_from(self.window.clamp(1, 64)).unwrap_or(64)
    }

    /// The part of a history that lies in the window.
    pub(super) fn within(&self, history: u64) -> u64 {
        history & (u64::MAX >> (64 - self.runs()))
    }

    /// The weighted share of runs with a change, 0 to 1. The oldest run in the window weighs 0.8, the newest almost 1.2.
    fn share(&self, history: u64) -> f64 {
        let runs = f64::from(self.runs());
        let weight = |age: u32| 0.8 + 0.4 * f64::from(self.runs() - 1 - age) / runs;
        (0..self.runs()).filter(|age| history >> age & 1 == 1).map(weight).sum::<f64>() / runs
    }

    /// Whether an alert flaps now, given whether it flapped before this run.
    pub(super) fn flaps(&self, history: u64, flapped: bool) -> bool {
        // With `low` above `high`, flapping would start and end in turns.
        let threshold = if flapped { self.low.min(self.high) } else { self.high };
        self.share(history) > threshold
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ICINGA: Flapping = Flapping { window: 20, high: 0.30, low: 0.25 };

    #[test]
    fn weights_equal_those_of_icinga() {
        for (age, weight) in [(0, 1.18), (1, 1.16), (19, 0.8)] {
            assert!((ICINGA.share(1 << age) - weight / 20.0).abs() < 1e-12, "{age}");
        }
        assert!((ICINGA.share(u64::MAX) - 0.99).abs() < 1e-12);
        assert!(ICINGA.share(0).abs() < 1e-12);
    }

    #[test]
    fn five_changes_in_a_row_do_not_flap() {
        assert!(!ICINGA.flaps(0b1_1111, false));
    }

    #[test]
    fn six_changes_in_a_row_flap() {
        assert!(ICINGA.flaps(0b11_1111, false));
    }

    #[test]
    fn flapping_goes_on_for_fourteen_steady_runs() {
        assert!(ICINGA.flaps(0b11_1111 << 14, true));
        assert!(!ICINGA.flaps(0b11_1111 << 14, false), "the same history starts no flapping");
    }

    #[test]
    fn flapping_ends_after_fifteen_steady_runs() {
        assert!(!ICINGA.flaps(0b11_1111 << 15, true));
    }

    #[test]
    fn runs_before_the_window_do_not_count() {
        assert_eq!(ICINGA.within(1 << 19), 1 << 19);
        assert_eq!(ICINGA.within(1 << 20), 0);
        assert!(ICINGA.share(1 << 20).abs() < 1e-12);
    }

    #[test]
    fn window_is_limited_to_the_history() {
        assert_eq!(Flapping { window: 0, ..ICINGA }.within(u64::MAX), 1);
        assert_eq!(Flapping { window: 64, ..ICINGA }.within(u64::MAX), u64::MAX);
        assert_eq!(Flapping { window: 65, ..ICINGA }.within(u64::MAX), u64::MAX);
    }

    #[test]
    fn low_above_high_does_not_start_and_end_flapping_in_turns() {
        let crossed = Flapping { low: 0.9, ..ICINGA };
        assert!(crossed.flaps(0b11_1111, false));
        assert!(crossed.flaps(0b11_1111, true));
    }

    #[test]
    fn history_has_64_runs() {
        assert_eq!(push(u64::MAX, false), u64::MAX - 1);
        assert_eq!(push(1 << 63, true), 1);
    }
}
