//! Pairs the readings of two metrics by filesystem.

use std::cmp::Ordering;

use checkpost_sdk::Sample;

use crate::USED;

/// Walks through the readings of one metric in step with a loop over another metric, so that hundreds of filesystems need no
/// search each. This works because readings are sorted by labels, and all filesystem metrics have the same label keys apart
/// from the state.
pub struct Aligned<'a> {
    rest: &'a [Sample],
}

impl<'a> Aligned<'a> {
    pub fn new(samples: &'a [Sample]) -> Self {
        Self { rest: samples }
    }

    /// The reading of a filesystem. Filesystems must be passed in the order of their labels.
    pub fn of(&mut self, filesystem: &Sample) -> Option<f64> {
        while let [first, rest @ ..] = self.rest {
            match identity(first).cmp(identity(filesystem)) {
                Ordering::Equal if has_other_state(first) => self.rest = rest,
                Ordering::Less => self.rest = rest,
                Ordering::Equal => return Some(first.value),
                Ordering::Greater => return None,
            }
        }
        None
    }
}

/// Identifies the filesystem of a reading by its label values. Keys share long prefixes, so comparing them would cost more.
fn identity(sample: &Sample) -> impl Iterator<Item = &str> {
    sample.labels.iter().filter(|(key, _)| key != USED.0).map(|(_, value)| value.as_str())
}

fn has_other_state(sample: &Sample) -> bool {
    sample.label(USED.0).is_some_and(|state| state != USED.1)
}

#[cfg(test)]
mod tests {
    use checkpost_sdk::Input;

    use super::*;

    fn input(metric: &str, filesystems: &[(&str, &str, f64)]) -> Input {
        filesystems.iter().fold(Input::default(), |input, (device, mountpoint, value)| {
            let labels = [("system.device", *device), ("system.filesystem.mountpoint", *mountpoint)];
            input.with_sample(metric, &labels, *value)
        })
    }

    #[test]
    fn reading_is_never_that_of_another_filesystem() {
        let all = input("all", &[("a", "/z", 0.0), ("b", "/y", 0.0), ("b", "/y/x", 0.0), ("d", "/", 0.0)]);
        // This metric also has filesystems of its own: at the front, in between and at the end.
        let filesystems =
            [("a", "/", 1.0), ("a", "/z", 2.0), ("b", "/y/x", 3.0), ("c", "/", 4.0), ("d", "/", 5.0), ("e", "/", 6.0)];
        let some = input("some", &filesystems);
        let mut aligned = Aligned::new(some.samples.named("some"));
        let found: Vec<_> = all.samples.named("all").iter().map(|filesystem| aligned.of(filesystem)).collect();
        assert_eq!(found, [Some(2.0), None, Some(3.0), Some(5.0)]);
    }

    #[test]
    fn filesystem_may_be_looked_up_twice_or_not_at_all() {
        let input = input("m", &[("a", "/", 1.0), ("b", "/b", 2.0)]);
        let samples = input.samples.named("m");
        let mut aligned = Aligned::new(samples);
        assert_eq!(aligned.of(&samples[1]), Some(2.0));
        assert_eq!(aligned.of(&samples[1]), Some(2.0));
        assert_eq!(Aligned::new(&[]).of(&samples[0]), None);
    }
}
