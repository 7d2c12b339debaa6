//! The metrics that a cycle has to measure: those that checks need, those to be stored, and those that the host needs.
//! Only their sources are read.

use std::collections::HashSet;

use checkpost_model::metric::catalog::{CATALOG, Kind, Metric, Source};
use checkpost_model::metric::name_matches;

/// The metrics that every cycle stores by default: those that cost next to nothing. Single CPUs are excluded because there
/// may be hundreds, sensors, GPUs and processes because they are slow to read, and most rates because a query can derive
/// them from counters.
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

/// The metrics that the host needs in every cycle: the headline figures, and those that the next cycle is compared with.
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

/// Metrics that are derived from others. The rates of counters are in the catalog.
const DERIVED_FROM: [(&str, &[&str]); 5] = [
    ("checkpost.cpu.core.time", &["system.cpu.time"]),
    ("checkpost.cpu.core.utilization", &["checkpost.cpu.core.time"]),
    ("checkpost.disk.operation.duration", &["system.disk.operations", "system.disk.operation_time"]),
    ("checkpost.network.physical.rate", &["checkpost.network.physical", "system.network.io"]),
    // The previous count shows how many processes ended.
    ("process.watched.restarts", &["process.watched.count"]),
];

/// A set of metrics of the catalog, including those that they are derived from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    metrics: HashSet<&'static str>,
    sources: Vec<Source>,
    watched: Vec<String>,
}

impl Demand {
    /// The metrics that the host itself needs.
    pub fn minimum() -> Self {
        let mut demand = Self::default();
        demand.want_all(&ALWAYS);
        demand
    }

    /// Every metric of these sources.
    pub fn of_sources(sources: &[Source]) -> Self {
        let mut demand = Self::default();
        let of_sources = CATALOG.iter().filter(|metric| sources.contains(&metric.source));
        of_sources.for_each(|metric| demand.add(metric));
        demand
    }

    /// Adds the metrics whose names match.
    pub fn want(&mut self, is_match: impl Fn(&str) -> bool) {
        CATALOG.iter().filter(|metric| is_match(metric.name)).for_each(|metric| self.add(metric));
    }

    /// Adds the metrics with these names; a name may end in `*`, which stands for any text.
    pub fn want_all(&mut self, patterns: &[impl AsRef<str>]) {
        self.want(|name| patterns.iter().any(|pattern| name_matches(pattern.as_ref(), name)));
    }

    /// Adds a pattern of process names to watch; `*` stands for any text.
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
        let parts =
            DERIVED_FROM.iter().find(|(whole, _)| *whole == wanted.name).map_or([].as_slice(), |(_, parts)| parts);
        let is_part =
            |metric: &&Metric| metric.kind == Kind::CounterWithRate(wanted.name) || parts.contains(&metric.name);
        CATALOG.iter().filter(is_part).for_each(|part| self.add(part));
    }

    /// Whether a metric is in demand.
    pub fn wants(&self, metric: &str) -> bool {
        self.metrics.contains(metric)
    }

    /// Whether any metric of a source is in demand.
    pub fn needs(&self, source: Source) -> bool {
        self.sources.contains(&source)
    }

    /// Patterns of process names to watch, each once.
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
    fn patterns_match_metrics_of_the_catalog() {
        let parts = DERIVED_FROM.iter().flat_map(|(whole, parts)| [*whole].into_iter().chain(parts.iter().copied()));
        for pattern in DEFAULT_STORE.into_iter().chain(ALWAYS).chain(parts) {
            assert!(CATALOG.iter().any(|metric| name_matches(pattern, metric.name)), "{pattern}");
        }
    }

    #[test]
    fn minimum_demand_has_no_slow_source() {
        assert_eq!(sources(&Demand::minimum()), ["cpu", "system", "memory", "filesystem", "network"]);
    }

    #[test]
    fn default_store_has_no_slow_source() {
        let mut demand = Demand::minimum();
        demand.want_all(&DEFAULT_STORE);
        for slow in [Source::Core, Source::Sensor, Source::Gpu, Source::Process] {
            assert!(!demand.needs(slow), "{slow:?}");
        }
        assert!(demand.needs(Source::Disk) && demand.needs(Source::Paging) && demand.needs(Source::Pressure));
    }

    #[test]
    fn rate_brings_its_counter() {
        let mut demand = Demand::minimum();
        demand.want_all(&["checkpost.disk.operation.duration", "checkpost.paging.faults.rate"]);
        for counter in ["system.disk.operations", "system.disk.operation_time", "system.paging.faults"] {
            assert!(demand.wants(counter), "{counter}");
        }
        assert!(!demand.wants("system.disk.io"));
    }

    #[test]
    fn source_is_read_only_when_a_metric_of_it_is_in_demand() {
        let mut demand = Demand::minimum();
        assert!(!demand.needs(Source::Process));
        demand.want_all(&["system.process.*"]);
        assert!(demand.needs(Source::Process));
        assert!(!demand.wants("process.cpu.utilization"));
    }

    #[test]
    fn process_pattern_is_watched_once() {
        let mut demand = Demand::minimum();
        ["sshd", "nginx*", "sshd"].into_iter().for_each(|pattern| demand.watch(pattern));
        assert_eq!(demand.watched(), ["sshd", "nginx*"]);
    }
}
