//! One metric of the catalog.

use super::source::Source;
use super::unit::Unit;

/// How readings of a metric relate to earlier readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The value now, or over the time since the last cycle.
    Gauge,
    /// Only grows, from the boot on or from the start of the thing that it counts.
    Counter,
    /// Only grows; the metric of this name is its rate per second.
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
    /// The source that it is read from.
    pub source: Source,
    /// The keys that its labels may have, sorted.
    pub labels: &'static [&'static str],
    /// Whether the metric exists on Linux only.
    pub linux_only: bool,
    /// One line for people, without a full stop.
    pub help: &'static str,
}

/// The start of every row of the catalog.
pub(super) const fn gauge(
    source: Source,
    name: &'static str,
    unit: Unit,
    labels: &'static [&'static str],
    help: &'static str,
) -> Metric {
    Metric { name, unit, kind: Kind::Gauge, source, labels, linux_only: false, help }
}

impl Metric {
    pub(super) const fn counter(self) -> Self {
        Self { kind: Kind::Counter, ..self }
    }

    pub(super) const fn rate(self, rate: &'static str) -> Self {
        Self { kind: Kind::CounterWithRate(rate), ..self }
    }

    pub(super) const fn linux(self) -> Self {
        Self { linux_only: true, ..self }
    }

    /// Whether the metric is a counter, with or without a rate.
    pub fn is_counter(&self) -> bool {
        !matches!(self.kind, Kind::Gauge)
    }
}
