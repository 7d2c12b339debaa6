//! Inhibition: while one alert is bad, alerts that follow from it are suppressed.

use std::collections::BTreeMap;

use checkpost_model::check::Status;

use super::labels::{AlertLabels, Field};
use super::matcher::Matchers;
use super::scc::components;
use crate::alert::{AlertKey, AlertUpdate};

/// An inhibition rule: while an alert of `when` is bad, the alerts of `hide` are suppressed.
#[derive(Clone, Debug)]
pub struct Inhibition {
    /// Alerts that inhibit.
    pub when: Matchers,
    /// Alerts that are inhibited.
    pub hide: Matchers,
    /// Fields in which the two alerts must be equal.
    pub equal: Vec<Field>,
}

/// The inhibitions that are in force in one run.
#[derive(Debug)]
pub(super) struct Inhibitions<'a> {
    rules: Vec<(&'a Inhibition, BTreeMap<Vec<&'a str>, Inhibitors<'a>>)>,
    /// The strongly connected component of each alert that inhibits others. Two alerts of one component would inhibit
    /// each other.
    components: BTreeMap<&'a AlertKey, usize>,
}

/// An alert that inhibits others by a rule.
#[derive(Clone, Copy, Debug)]
struct Source<'a> {
    key: &'a AlertKey,
    /// The labels of the alert as an inhibitor, at the level that it inhibits with.
    labels: AlertLabels<'a>,
    /// The level of the alert as one that may be inhibited itself.
    level: Status,
}

impl<'a> Inhibitions<'a> {
    pub(super) fn in_run(rules: &'a [Inhibition], updates: &'a [AlertUpdate], host: &'a str) -> Self {
        let sources = |rule: &'a Inhibition| {
            let source = |update: &'a AlertUpdate| Source::of(rule, update, host);
            (rule, updates.iter().filter_map(source).collect())
        };
        let rules: Vec<(_, Vec<_>)> = rules.iter().map(sources).collect();
        let components = components_of(&rules);
        let by_equal = |(rule, sources): (&'a Inhibition, Vec<Source<'a>>)| {
            let mut by_equal = BTreeMap::<_, Inhibitors<'_>>::new();
            for source in sources {
                by_equal.entry(rule.equal_values(&source.labels)).or_default().add(source.key, &components);
            }
            (rule, by_equal)
        };
        Self { rules: rules.into_iter().map(by_equal).collect(), components }
    }

    /// The alert that inhibits this one, if any. Alerts that would inhibit each other, by one rule or by several, do
    /// not: otherwise nobody would hear of any of them.
    pub(super) fn inhibitor(&self, key: &AlertKey, labels: &AlertLabels<'_>) -> Option<&'a AlertKey> {
        let component = self.components.get(key);
        let mut inhibiting = self.rules.iter().filter(|(rule, _)| rule.hide.match_all(labels));
        inhibiting.find_map(|(rule, by_equal)| by_equal.get(&rule.equal_values(labels))?.for_component(component))
    }
}

/// The alerts that inhibit by one rule, with one combination of equal values. Two are enough: an alert of any component,
/// itself included, finds one of another component, if there is one.
#[derive(Debug, Default)]
struct Inhibitors<'a> {
    first: Option<(&'a AlertKey, usize)>,
    /// The first one of another component than that of `first`.
    other: Option<(&'a AlertKey, usize)>,
}

impl<'a> Inhibitors<'a> {
    fn add(&mut self, key: &'a AlertKey, components: &BTreeMap<&'a AlertKey, usize>) {
        let Some(component) = components.get(key).copied() else { return };
        match self.first {
            None => self.first = Some((key, component)),
            Some((_, first)) if first != component => _ = self.other.get_or_insert((key, component)),
            Some(_) => {}
        }
    }

    /// The first one that is not of this component. `None` is an alert that inhibits nothing.
    fn for_component(&self, component: Option<&usize>) -> Option<&'a AlertKey> {
        let is_mutual = |(_, other): &(&AlertKey, usize)| component == Some(other);
        self.first
            .filter(|first| !is_mutual(first))
            .or(self.other.filter(|other| !is_mutual(other)))
            .map(|(key, _)| key)
    }
}

impl Inhibition {
    /// The values that must be equal, of an alert with these labels.
    fn equal_values<'l>(&self, labels: &AlertLabels<'l>) -> Vec<&'l str> {
        self.equal.iter().map(|field| field.of(labels)).collect()
    }
}

impl<'a> Source<'a> {
    fn of(rule: &Inhibition, update: &'a AlertUpdate, host: &'a str) -> Option<Self> {
        let labels = AlertLabels { level: update.inhibiting_level(), ..AlertLabels::of_update(update, host) };
        let inhibits = labels.level != Status::Ok && rule.when.match_all(&labels);
        inhibits.then_some(Self { key: &update.key, labels, level: update.level })
    }
}

/// The components of alerts that would inhibit each other. For each rule and each combination of equal values, one
/// extra node stands between the inhibiting and the inhibited alerts, so that edges grow with the number of alerts and
/// not with its square.
fn components_of<'a>(rules: &[(&'a Inhibition, Vec<Source<'a>>)]) -> BTreeMap<&'a AlertKey, usize> {
    let all = rules.iter().flat_map(|(_, sources)| sources);
    let alerts: BTreeMap<_, _> = all.map(|source| (source.key, source)).collect();
    let numbers: BTreeMap<_, _> = alerts.keys().enumerate().map(|(number, key)| (*key, number)).collect();
    let mut edges = vec![Vec::new(); alerts.len()];
    for (rule, sources) in rules {
        let mut extra_nodes = BTreeMap::new();
        for source in sources {
            let node = *extra_nodes.entry(rule.equal_values(&source.labels)).or_insert(edges.len());
            edges.resize(edges.len().max(node + 1), Vec::new());
            edges[numbers[source.key]].push(node);
        }
        for (key, source) in &alerts {
            let labels = AlertLabels { level: source.level, ..source.labels };
            if let Some(node) = extra_nodes.get(&rule.equal_values(&labels)).filter(|_| rule.hide.match_all(&labels)) {
                edges[*node].push(numbers[key]);
            }
        }
    }
    let components = components(&edges);
    numbers.into_iter().map(|(key, number)| (key, components[number])).collect()
}
