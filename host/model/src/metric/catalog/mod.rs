//! Every metric that checkpost measures, as data: its name, unit, labels and source.
//!
//! The catalog alone decides which sources a cycle reads, which counters have a rate, and the names of the Prometheus
//! exposition. A test compares `docs/reference/metrics.md` with it.

mod metric;
mod source;
mod table;
mod unit;

pub use metric::{Kind, Metric};
pub use source::Source;
pub use table::CATALOG;
pub use unit::Unit;

/// The metric with this name.
pub fn metric(name: &str) -> Option<&'static Metric> {
    CATALOG.iter().find(|metric| metric.name == name)
}

/// Whether the next cycle needs the readings of this metric for comparison.
pub fn is_compared(name: &str) -> bool {
    matches!(name, "system.uptime" | "process.watched.count") || metric(name).is_some_and(Metric::is_counter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metric_names_are_unique_and_rates_are_metrics() {
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
    fn sources_have_a_metric_and_a_unique_name() {
        for source in Source::ALL {
            assert!(CATALOG.iter().any(|metric| metric.source == source), "{source:?}");
            assert_eq!(Source::parse(source.name()), Some(source));
        }
        assert_eq!(Source::parse("nosuch"), None);
    }

    #[test]
    fn documentation_lists_every_metric_and_no_other() {
        let document = include_str!("../../../../../docs/reference/metrics.md");
        let rows: Vec<_> = document.lines().filter(|line| line.starts_with("| `")).collect();
        for metric in CATALOG {
            let unit = if metric.unit.ucum().is_empty() { "—" } else { metric.unit.ucum() };
            let mark = if metric.linux_only { " ¹" } else { "" };
            let labels: Vec<_> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
            let (name, labels) = (metric.name, labels.join(", "));
            let is_row = |row: &&&str| {
                row.starts_with(&format!("| `{name}`{mark} | {unit} |"))
                    && row.contains(&format!(" | {labels} | {} |", metric.help))
            };
            assert_eq!(rows.iter().filter(is_row).count(), 1, "{name}");
        }
        assert_eq!(rows.len(), CATALOG.len());
    }
}
