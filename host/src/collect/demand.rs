//! Which metrics a cycle must measure: what some check asks for, what is to be stored, and what the host itself needs.
//! Only sources of such metrics are read.

use std::collections::HashSet;

use crate::metric::catalog::{CATALOG, Kind, Metric, Source};
use crate::metric::name_matches;

/// What is stored, and so measured, in every cycle unless the operator says otherwise: what costs next to nothing. Not
/// single CPUs, of which there may be hundreds, nor sensors, GPUs and processes, which are slow to ask. And few rates: a
/// query makes one of two counters.
pub const DEFAULT_STORE: [&str; 19] = [
    "system.cpu.*",
    "system.memory.*",
    "system.linux.*",
    "system.paging.*",
    "system.filesystem.*",
    "system.disk.*",
    "system.network.*",
    "system.uptime",
    "checkpost.cpu.interval",
    "checkpost.load*",
    "checkpost.memory.oom_kill.count",
    "checkpost.pressure.time",
    "checkpost.filesystem.inodes.utilization",
    "checkpost.disk.utilization",
    "checkpost.disk.operation.duration",
    "checkpost.network.physical*",
    "checkpost.cgroup.*",
    "checkpost.clock.synchronized",
    "checkpost.run.duration",
];

/// What the host needs whatever is asked for: the headline figures, and what the next cycle is compared by.
const ALWAYS: [&str; 9] = [
    "system.cpu.utilization",
    "system.cpu.time",
    "system.cpu.logical.count",
    "checkpost.cpu.interval",
    "system.memory.*",
    "system.filesystem.*",
    "system.network.io",
    "checkpost.network.total",
    "system.uptime",
];

/// Metrics that are made from others, beside the rates of counters, which the catalog has.
const MADE_FROM: [(&str, &[&str]); 5] = [
    ("checkpost.cpu.core.time", &["system.cpu.time"]),
    ("checkpost.cpu.core.utilization", &["checkpost.cpu.core.time"]),
    ("checkpost.disk.operation.duration", &["system.disk.operations", "system.disk.operation_time"]),
    ("checkpost.network.physical.rate", &["checkpost.network.physical", "system.network.io"]),
    // How many there were says how many of them ended.
    ("process.watched.restarts", &["process.watched.count"]),
];

/// A set of metrics of the catalog, complete: with what they are made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    metrics: HashSet<&'static str>,
    sources: Vec<Source>,
    watched: Vec<String>,
}

impl Demand {
    /// What the host itself needs.
    pub fn least() -> Self {
        let mut demand = Self { metrics: HashSet::new(), sources: Vec::new(), watched: Vec::new() };
        demand.want_all(&ALWAYS);
        demand
    }

    /// Every metric of these sources.
    pub fn of_sources(sources: &[Source]) -> Self {
        let mut demand = Self { metrics: HashSet::new(), sources: Vec::new(), watched: Vec::new() };
        let of_sources = CATALOG.iter().filter(|metric| sources.contains(&metric.source));
        of_sources.for_each(|metric| demand.add(metric));
        demand
    }

    /// Adds the metrics whose names pass.
    pub fn want(&mut self, passes: impl Fn(&str) -> bool) {
        CATALOG.iter().filter(|metric| passes(metric.name)).for_each(|metric| self.add(metric));
    }

    /// Adds the metrics of these names, or beginnings of names and a `*`.
    pub fn want_all(&mut self, patterns: &[impl AsRef<str>]) {
        self.want(|name| patterns.iter().any(|pattern| name_matches(pattern.as_ref(), name)));
    }

    /// Adds a name of processes to watch; `*` in it stands for any text.
    pub fn watch(&mut self, pattern: &str) {
        if !self.watched.iter().any(|watched| watched == pattern) {
            self.watched.push(pattern.to_owned());
        }
    }

    fn add(&mut self, wanted: &Metric) {
        if !self.metrics.insert(wanted.name) {
            return;
        }
        if !self.sources.contains(&wanted.source) {
            self.sources.push(wanted.source);
        }
        let parts = MADE_FROM.iter().find(|(whole, _)| *whole == wanted.name).map_or([].as_slice(), |(_, parts)| parts);
        let is_part = |of: &&Metric| of.kind == Kind::CounterWithRate(wanted.name) || parts.contains(&of.name);
        CATALOG.iter().filter(is_part).for_each(|part| self.add(part));
    }

    /// Whether a metric is wanted.
    pub fn wants(&self, metric: &str) -> bool {
        self.metrics.contains(metric)
    }

    /// Whether any metric of a source is wanted.
    pub fn needs(&self, source: Source) -> bool {
        self.sources.contains(&source)
    }

    /// Names of processes to watch, each once.
    pub fn watched(&self) -> &[String] {
        &self.watched
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(demand: &Demand) -> Vec<&'static str> {
        Source::ALL.into_iter().filter(|source| demand.needs(*source)).map(Source::name).collect()
    }

    #[test]
    fn every_pattern_is_of_a_metric() {
        let parts = MADE_FROM.iter().flat_map(|(whole, parts)| [*whole].into_iter().chain(parts.iter().copied()));
        for pattern in DEFAULT_STORE.into_iter().chain(ALWAYS).chain(parts) {
            assert!(CATALOG.iter().any(|metric| name_matches(pattern, metric.name)), "{pattern}");
        }
    }

    #[test]
    fn the_host_needs_its_headline_and_nothing_slow() {
        assert_eq!(sources(&Demand::least()), ["cpu", "system", "memory", "filesystem", "network"]);
    }

    #[test]
    fn what_is_stored_by_default_is_cheap() {
        let mut demand = Demand::least();
        demand.want_all(&DEFAULT_STORE);
        for slow in [Source::Core, Source::Sensor, Source::Gpu, Source::Process] {
            assert!(!demand.needs(slow), "{slow:?}");
        }
        assert!(demand.needs(Source::Disk) && demand.needs(Source::Paging) && demand.needs(Source::Pressure));
    }

    #[test]
    fn a_rate_brings_its_counter() {
        let mut demand = Demand::least();
        demand.want_all(&["checkpost.disk.operation.duration", "checkpost.paging.faults.rate"]);
        for counter in ["system.disk.operations", "system.disk.operation_time", "system.paging.faults"] {
            assert!(demand.wants(counter), "{counter}");
        }
        assert!(!demand.wants("system.disk.io"));
    }

    #[test]
    fn a_source_is_read_only_when_a_metric_of_it_is_wanted() {
        let mut demand = Demand::least();
        assert!(!demand.needs(Source::Process));
        demand.want_all(&["system.process.*"]);
        assert!(demand.needs(Source::Process));
        assert!(!demand.wants("process.cpu.utilization"));
    }

    #[test]
    fn a_process_is_watched_once() {
        let mut demand = Demand::least();
        ["sshd", "nginx*", "sshd"].into_iter().for_each(|pattern| demand.watch(pattern));
        assert_eq!(demand.watched(), ["sshd", "nginx*"]);
    }
}
