//! Every metric that checkpost measures, as data: what it is called, its unit, its labels, and which source has it.
//!
//! Three things follow from it and are decided nowhere else: which sources a cycle must read, which counters have a
//! rate, and how a metric is called in the Prometheus exposition. `docs/metrics.md` is held against it by a test.

mod source;
mod table;

pub use source::Source;
pub use table::CATALOG;

/// The base unit of a metric, UCUM as OpenTelemetry writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// `By`.
    Bytes,
    /// `By/s`.
    BytesPerSecond,
    /// `s`.
    Seconds,
    /// `1`: a share, 0..1 as a rule.
    Ratio,
    /// A number of things, `{thing}`.
    Count,
    /// `1/s`.
    PerSecond,
    /// `Cel`.
    Celsius,
    /// `W`.
    Watts,
    /// `rpm`.
    RevolutionsPerMinute,
}

impl Unit {
    /// As it is written in UCUM; counts have none.
    pub fn ucum(self) -> &'static str {
        match self {
            Self::Bytes => "By",
            Self::BytesPerSecond => "By/s",
            Self::Seconds => "s",
            Self::Ratio => "1",
            Self::Count => "",
            Self::PerSecond => "1/s",
            Self::Celsius => "Cel",
            Self::Watts => "W",
            Self::RevolutionsPerMinute => "rpm",
        }
    }

    /// As the end of a Prometheus name.
    pub fn prometheus_suffix(self) -> &'static str {
        match self {
            Self::Bytes => "_bytes",
            Self::BytesPerSecond => "_bytes_per_second",
            Self::Seconds => "_seconds",
            Self::Ratio => "_ratio",
            Self::Count => "",
            Self::PerSecond => "_per_second",
            Self::Celsius => "_celsius",
            Self::Watts => "_watts",
            Self::RevolutionsPerMinute => "_rpm",
        }
    }
}

/// How readings of a metric relate to earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What is, at this moment or since the last cycle.
    Gauge,
    /// Only rises, from the boot on or from the start of what it counts.
    Counter,
    /// Only rises; the metric of this name is what it does in a second.
    CounterWithRate(&'static str),
}

/// One metric.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// OpenTelemetry's name, or one that begins with `checkpost.`.
    pub name: &'static str,
    /// The unit of its values.
    pub unit: Unit,
    /// Gauge or counter.
    pub kind: Kind,
    /// Who measures it.
    pub source: Source,
    /// The keys that its labels may have, sorted.
    pub labels: &'static [&'static str],
    /// Whether only Linux tells it.
    pub linux_only: bool,
    /// One line for people, without a full stop.
    pub help: &'static str,
}

/// The metric of a name.
pub fn metric(name: &str) -> Option<&'static Metric> {
    CATALOG.iter().find(|metric| metric.name == name)
}

/// Whether the next cycle is compared with a reading of this metric.
pub fn is_compared(name: &str) -> bool {
    matches!(name, "system.uptime" | "process.watched.count") || metric(name).is_some_and(Metric::is_counter)
}

/// The beginning of every row.
const fn gauge(
    source: Source,
    name: &'static str,
    unit: Unit,
    labels: &'static [&'static str],
    help: &'static str,
) -> Metric {
    Metric { name, unit, kind: Kind::Gauge, source, labels, linux_only: false, help }
}

impl Metric {
    const fn counter(self) -> Self {
        Self { kind: Kind::Counter, ..self }
    }

    const fn rate(self, rate: &'static str) -> Self {
        Self { kind: Kind::CounterWithRate(rate), ..self }
    }

    const fn linux(self) -> Self {
        Self { linux_only: true, ..self }
    }

    /// Whether it only rises.
    pub fn is_counter(&self) -> bool {
        !matches!(self.kind, Kind::Gauge)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_rates_are_metrics() {
        for (index, of) in CATALOG.iter().enumerate() {
            assert!(CATALOG[..index].iter().all(|other| other.name != of.name), "{}", of.name);
            assert!(of.labels.is_sorted(), "{}", of.name);
            if let Kind::CounterWithRate(rate) = of.kind {
                let rate = metric(rate).unwrap_or_else(|| panic!("{rate} is no metric"));
                assert_eq!((rate.labels, rate.source, rate.kind), (of.labels, of.source, Kind::Gauge), "{}", of.name);
            }
        }
    }

    #[test]
    fn every_source_has_a_metric_and_a_name_of_its_own() {
        for source in Source::ALL {
            assert!(CATALOG.iter().any(|metric| metric.source == source), "{source:?}");
            assert_eq!(Source::parse(source.name()), Some(source));
        }
        assert_eq!(Source::parse("nosuch"), None);
    }

    #[test]
    fn the_documentation_has_every_metric_and_no_other() {
        let document = include_str!("../../../../docs/metrics.md");
        let rows: Vec<_> = document.lines().filter(|line| line.starts_with("| `")).collect();
        for metric in CATALOG {
            let unit = if metric.unit.ucum().is_empty() { "—" } else { metric.unit.ucum() };
            let mark = if metric.linux_only { " ¹" } else { "" };
            let labels: Vec<_> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
            let (name, labels) = (metric.name, labels.join(", "));
            let is_it = |row: &&&str| {
                row.starts_with(&format!("| `{name}`{mark} | {unit} |"))
                    && row.contains(&format!(" | {labels} | {} |", metric.help))
            };
            assert_eq!(rows.iter().filter(is_it).count(), 1, "{name}");
        }
        assert_eq!(rows.len(), CATALOG.len());
    }
}
