//! The present readings that each check declared and was granted, and no others. Instances with the same needs and grants
//! share one selection, and a need finds its readings by search: a thousand checks may declare a thousand needs each.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use checkpost_model::check::Grants;
use checkpost_model::metric::Sample;
use checkpost_sandbox::Need;

/// A selection, shared by all instances with these needs and grants.
type Selected<'a> = HashMap<(&'a [Need], &'a Grants), Arc<Vec<&'a Sample>>>;

/// The readings of a cycle, ready to be searched.
pub(super) struct Selection<'a> {
    samples: &'a [Sample],
    /// Positions of the samples, sorted by name.
    by_name: Vec<usize>,
    /// Positions of the samples with a label, by its key and value; made for the first need with labels.
    by_label: OnceLock<HashMap<(&'a str, &'a str), Vec<usize>>>,
    selected: Mutex<Selected<'a>>,
}

impl<'a> Selection<'a> {
    pub(super) fn new(samples: &'a [Sample]) -> Self {
        let mut by_name: Vec<_> = (0..samples.len()).collect();
        by_name.sort_by_key(|position| &samples[*position].name);
        Self { samples, by_name, by_label: OnceLock::new(), selected: Mutex::default() }
    }

    fn by_label(&self) -> &HashMap<(&'a str, &'a str), Vec<usize>> {
        self.by_label.get_or_init(|| {
            let mut by_label: HashMap<_, Vec<_>> = HashMap::new();
            for (position, sample) in self.samples.iter().enumerate() {
                for label in sample.labels.iter() {
                    by_label.entry(label).or_default().push(position);
                }
            }
            by_label
        })
    }

    /// The readings for these needs, in the order of the cycle.
    pub(super) fn of(&self, needs: &'a [Need], grants: &'a Grants) -> Arc<Vec<&'a Sample>> {
        let known = self.selected.lock().unwrap_or_else(PoisonError::into_inner).get(&(needs, grants)).cloned();
        // Not under the lock: other checks select at the same time.
        known.unwrap_or_else(|| {
            let selected = Arc::new(self.select(needs, grants));
            let mut known = self.selected.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(known.entry((needs, grants)).or_insert(selected))
        })
    }

    fn select(&self, needs: &[Need], grants: &Grants) -> Vec<&'a Sample> {
        let mut is_declared = vec![false; self.samples.len()];
        for range in united(needs.iter().filter(|need| need.labels.is_empty()).map(|need| self.named(&need.metric))) {
            self.by_name[range].iter().for_each(|position| is_declared[*position] = true);
        }
        for need in needs.iter().filter(|need| !need.labels.is_empty()) {
            let matching =
                self.with_rarest_label(need).iter().filter(|position| need.matches(&self.samples[**position]));
            matching.for_each(|position| is_declared[*position] = true);
        }
        let declared = self.samples.iter().zip(is_declared).filter(|(_, is_declared)| *is_declared);
        declared.map(|(sample, _)| sample).filter(|sample| grants.allow(&sample.name)).collect()
    }

    /// Where the samples of a metric, or of metrics with a prefix, are in `by_name`.
    fn named(&self, pattern: &str) -> std::ops::Range<usize> {
        let name = |position: &usize| self.samples[*position].name.as_ref();
        let prefix = pattern.strip_suffix('*');
        let first = self.by_name.partition_point(|position| name(position) < prefix.unwrap_or(pattern));
        let is_match = |position: &usize| match prefix {
            Some(prefix) => name(position).starts_with(prefix),
            None => name(position) == pattern,
        };
        first..first + self.by_name[first..].partition_point(is_match)
    }

    /// The samples with that label of a need which the fewest have.
    fn with_rarest_label<'s>(&'s self, need: &'s Need) -> &'s [usize] {
        let with_label =
            need.labels.iter().map(|label| self.by_label().get(&label).map_or([].as_slice(), Vec::as_slice));
        with_label.min_by_key(|positions| positions.len()).unwrap_or_default()
    }
}

/// Ranges without those parts that another one covers.
fn united(ranges: impl Iterator<Item = std::ops::Range<usize>>) -> Vec<std::ops::Range<usize>> {
    let mut ranges: Vec<_> = ranges.collect();
    ranges.sort_by_key(|range| range.start);
    let mut end = 0;
    for range in &mut ranges {
        range.start = range.start.max(end);
        range.end = range.end.max(range.start);
        end = range.end;
    }
    ranges
}

#[cfg(test)]
mod tests {
    use checkpost_model::metric::Labels;
    use proptest::prelude::*;

    use super::*;

    fn samples() -> Vec<Sample> {
        let sample = |name: &'static str, labels: &[(&'static str, &str)]| Sample {
            name: name.into(),
            labels: labels.iter().map(|(key, value)| (*key, *value)).collect(),
            value: 1.0,
        };
        vec![
            sample("system.cpu.time", &[("cpu", "0"), ("mode", "idle")]),
            sample("system.cpu.time", &[("cpu", "1"), ("mode", "idle")]),
            sample("hw.temperature", &[]),
            sample("system.cpu", &[("mode", "idle")]),
            sample("process.count", &[]),
        ]
    }

    fn need(metric: &str, labels: Labels) -> Need {
        Need { metric: metric.to_owned(), labels, window_seconds: 0 }
    }

    #[test]
    fn instances_with_the_same_needs_share_a_selection() {
        let samples = samples();
        let (needs, same) = (vec![need("system.*", Labels::none())], vec![need("system.*", Labels::none())]);
        let grants = Grants::default();
        let selection = Selection::new(&samples);
        let first = selection.of(&needs, &grants);
        assert!(Arc::ptr_eq(&first, &selection.of(&same, &grants)));
        assert_eq!(first.len(), 3);
        assert_eq!(selection.of(&needs, &Grants(Vec::new())).len(), 0);
    }

    proptest! {
        #[test]
        fn selection_is_what_each_need_matches(
            needs in proptest::collection::vec(
                (
                    prop_oneof![
                        Just("*"), Just("system.*"), Just("system.cpu"), Just("system.cpu*"), Just("hw.temperature"),
                        Just("none"), Just("z*"), Just("process.*"), Just("")
                    ],
                    prop_oneof![
                        3 => Just(Labels::none()),
                        1 => Just(Labels::from([("mode", "idle")])),
                        1 => Just(Labels::from([("cpu", "1"), ("mode", "idle")])),
                        1 => Just(Labels::from([("cpu", "7")])),
                    ],
                ),
                0..6,
            ),
        ) {
            let samples = samples();
            let needs: Vec<_> = needs.into_iter().map(|(metric, labels)| need(metric, labels)).collect();
            let grants = Grants::default();
            let declared = |sample: &&Sample| needs.iter().any(|need| need.matches(sample)) && grants.allow(&sample.name);
            let expected: Vec<_> = samples.iter().filter(declared).collect();
            prop_assert_eq!(&*Selection::new(&samples).of(&needs, &grants), &expected);
        }
    }
}
