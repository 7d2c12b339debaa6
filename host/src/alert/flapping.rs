//! Whether changes are too many to tell each, by Icinga's measure: a bit for each judged run, the newer weighing more.

use super::rule::Flapping;

/// The history after one more run. The newest bit is the lowest; what is older than 64 runs is forgotten.
pub(super) fn push(history: u64, changed: bool) -> u64 {
    history << 1 | u64::from(changed)
}

impl Flapping {
    /// As many runs as fit the history.
    fn runs(&self) -> u32 {
        u32::try_from(self.window.clamp(1, 64)).unwrap_or(64)
    }

    /// What of a history lies in the window.
    pub(super) fn within(&self, history: u64) -> u64 {
        history & (u64::MAX >> (64 - self.runs()))
    }

    /// The weighted share of the runs that changed something, 0 to 1: the oldest of the window weighs 0.8, the newest
    /// nearly 1.2.
    pub fn share(&self, history: u64) -> f64 {
        let runs = f64::from(self.runs());
        let weight = |age: u32| 0.8 + 0.4 * f64::from(self.runs() - 1 - age) / runs;
        (0..self.runs()).filter(|age| history >> age & 1 == 1).map(weight).sum::<f64>() / runs
    }

    /// Whether it flaps, given whether it did.
    pub(super) fn flaps(&self, history: u64, did: bool) -> bool {
        // A low line above the high one would begin and end in turns.
        let line = if did { self.low.min(self.high) } else { self.high };
        self.share(history) > line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ICINGA: Flapping = Flapping { window: 20, high: 0.30, low: 0.25 };

    #[test]
    fn the_weights_are_those_of_icinga() {
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
    fn fourteen_steady_runs_do_not_end_it() {
        assert!(ICINGA.flaps(0b11_1111 << 14, true));
        assert!(!ICINGA.flaps(0b11_1111 << 14, false), "nor would they begin it");
    }

    #[test]
    fn fifteen_steady_runs_end_it() {
        assert!(!ICINGA.flaps(0b11_1111 << 15, true));
    }

    #[test]
    fn what_is_older_than_the_window_does_not_count() {
        assert_eq!(ICINGA.within(1 << 19), 1 << 19);
        assert_eq!(ICINGA.within(1 << 20), 0);
        assert!(ICINGA.share(1 << 20).abs() < 1e-12);
    }

    #[test]
    fn a_window_beyond_the_limits_is_cut_to_them() {
        assert_eq!(Flapping { window: 0, ..ICINGA }.within(u64::MAX), 1);
        assert_eq!(Flapping { window: 64, ..ICINGA }.within(u64::MAX), u64::MAX);
        assert_eq!(Flapping { window: 65, ..ICINGA }.within(u64::MAX), u64::MAX);
    }

    #[test]
    fn a_low_line_above_the_high_one_does_not_begin_and_end_in_turns() {
        let crossed = Flapping { low: 0.9, ..ICINGA };
        assert!(crossed.flaps(0b11_1111, false));
        assert!(crossed.flaps(0b11_1111, true));
    }

    #[test]
    fn the_history_holds_64_runs() {
        assert_eq!(push(u64::MAX, false), u64::MAX - 1);
        assert_eq!(push(1 << 63, true), 1);
    }
}
