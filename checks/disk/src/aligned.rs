//! Readings of the same filesystems, side by side.

use std::cmp::Ordering;

use checkpost_sdk::Sample;

use crate::USED;

/// Goes through the readings of one metric while another one is gone through, so that some hundred filesystems cost no
/// search each. Readings are sorted by labels, and those of filesystems have the same keys, apart from the state.
pub struct Aligned<'a> {
    rest: &'a [Sample],
}

impl<'a> Aligned<'a> {
    pub fn new(samples: &'a [Sample]) -> Self {
        Self { rest: samples }
    }

    /// The reading of this filesystem. Those that are asked for must come in the order of their labels.
    pub fn of(&mut self, filesystem: &Sample) -> Option<f64> {
        while let [first, rest @ ..] = self.rest {
            match place(first).cmp(place(filesystem)) {
                Ordering::Equal if is_in_other_state(first) => self.rest = rest,
                Ordering::Less => self.rest = rest,
                Ordering::Equal => return Some(first.value),
                Ordering::Greater => return None,
            }
        }
        None
    }
}

/// Which filesystem it is. Values only: keys have long beginnings in common, which makes comparing them dear.
fn place(sample: &Sample) -> impl Iterator<Item = &str> {
    sample.labels.iter().filter(|(key, _)| key != USED.0).map(|(_, value)| value.as_str())
}

fn is_in_other_state(sample: &Sample) -> bool {
    sample.label(USED.0).is_some_and(|state| state != USED.1)
}

#[cfg(test)]
mod tests {
    use checkpost_sdk::Input;

    use super::*;

    fn input(metric: &str, places: &[(&str, &str, f64)]) -> Input {
        places.iter().fold(Input::default(), |input, (device, mountpoint, value)| {
            let labels = [("system.device", *device), ("system.filesystem.mountpoint", *mountpoint)];
            input.with_sample(metric, &labels, *value)
        })
    }

    #[test]
    fn each_filesystem_gets_its_own_reading_and_none_that_is_another_ones() {
        let all = input("all", &[("a", "/z", 0.0), ("b", "/y", 0.0), ("b", "/y/x", 0.0), ("d", "/", 0.0)]);
        // One that only this metric has, at the front, between, and at the end.
        let places =
            [("a", "/", 1.0), ("a", "/z", 2.0), ("b", "/y/x", 3.0), ("c", "/", 4.0), ("d", "/", 5.0), ("e", "/", 6.0)];
        let some = input("some", &places);
        let mut aligned = Aligned::new(some.samples.named("some"));
        let found: Vec<_> = all.samples.named("all").iter().map(|filesystem| aligned.of(filesystem)).collect();
        assert_eq!(found, [Some(2.0), None, Some(3.0), Some(5.0)]);
    }

    #[test]
    fn a_filesystem_may_be_asked_for_twice_or_not_at_all() {
        let input = input("m", &[("a", "/", 1.0), ("b", "/b", 2.0)]);
        let samples = input.samples.named("m");
        let mut aligned = Aligned::new(samples);
        assert_eq!(aligned.of(&samples[1]), Some(2.0));
        assert_eq!(aligned.of(&samples[1]), Some(2.0));
        assert_eq!(Aligned::new(&[]).of(&samples[0]), None);
    }
}
