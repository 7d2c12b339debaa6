//! A snapshot as tables for people, one for each source.

use checkpost_model::metric::catalog::{Metric, Source, Unit, metric};
use checkpost_model::metric::{Labels, Sample, Snapshot};

use crate::format;
use crate::style::Style;
use crate::table::{self, Column};

/// All samples, grouped by source, and then the diagnostics. Ends with one newline.
pub fn render(snapshot: &Snapshot, style: &Style) -> String {
    let mut blocks = Vec::new();
    for source in Source::ALL {
        let rows: Vec<_> = snapshot.samples.iter().filter_map(|sample| row(source, sample)).collect();
        if !rows.is_empty() {
            let columns = [Column::Text("METRIC"), Column::Number("VALUE"), Column::Text("LABELS")];
            blocks.push(heading(source, snapshot, style) + &table::render(&columns, rows, style));
        }
    }
    if !snapshot.diagnostics.is_empty() {
        let lines = snapshot.diagnostics.iter().map(|d| format!("{}: {}\n", d.source, style.text(&d.message)));
        blocks.push(style.bold("not measured") + "\n" + &lines.collect::<String>());
    }
    if blocks.is_empty() { "nothing was measured\n".to_owned() } else { blocks.join("\n") }
}

/// The name of a source, and the time of its collector.
fn heading(source: Source, snapshot: &Snapshot, style: &Style) -> String {
    let labels = Labels::from([("checkpost.collector", source.name())]);
    let duration = snapshot.value("checkpost.collector.duration", &labels);
    let duration = duration.map_or_else(String::new, |seconds| format!("  {:.1} ms", seconds * 1e3));
    style.bold(source.name()) + &duration + "\n"
}

fn row(source: Source, sample: &Sample) -> Option<Vec<String>> {
    let metric = metric(&sample.name).filter(|metric| metric.source == source)?;
    Some(vec![metric.name.to_owned(), value(sample.value, metric), labels(&sample.labels)])
}

/// Labels with the last part of each key, if it is unambiguous: `mountpoint=/var state=used`.
fn labels(labels: &Labels) -> String {
    let short = |key: &'_ str| key.rsplit('.').next().unwrap_or_default().to_owned();
    let is_unique = |part: &str| labels.iter().filter(|(key, _)| short(key) == part).count() == 1;
    let text = |(key, value): (&str, &str)| match short(key) {
        part if is_unique(&part) => format!("{part}={value}"),
        _ => format!("{key}={value}"),
    };
    labels.iter().map(text).collect::<Vec<_>>().join(" ")
}

/// A rounded value in a unit for people. Scripts read JSON, which has all digits and the base unit.
fn value(value: f64, metric: &Metric) -> String {
    match metric.unit {
        Unit::Ratio => format!("{:.1} %", value * 100.0),
        Unit::Bytes => format::bytes(value),
        Unit::BytesPerSecond => format!("{}/s", format::bytes(value)),
        Unit::Seconds if value < 1.0 => format!("{:.3} ms", value * 1e3),
        Unit::Seconds => format!("{value:.2} s"),
        Unit::PerSecond => format!("{value:.2} /s"),
        Unit::Celsius => format!("{value:.1} °C"),
        Unit::Watts => format!("{value:.1} W"),
        Unit::RevolutionsPerMinute => format!("{value:.0} rpm"),
        Unit::Count => format!("{}", (value * 100.0).round() / 100.0),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use checkpost_model::metric::Host;

    use super::*;

    #[test]
    fn readings_are_grouped_by_source() {
        let mut snapshot = Snapshot::new(jiff::Timestamp::UNIX_EPOCH, Host::example("boot-1"));
        for source in ["memory", "network"] {
            snapshot.push("checkpost.collector.duration", [("checkpost.collector", source)], 0.00123);
        }
        let eth0 = || Labels::from([("network.interface.name", "eth0"), ("network.io.direction", "receive")]);
        snapshot.push("checkpost.network.io.rate", eth0(), 1536.0);
        snapshot.push("checkpost.network.errors.rate", eth0(), 0.25);
        snapshot.push("system.memory.limit", Labels::none(), 8.0 * 1024.0 * 1024.0 * 1024.0);
        snapshot.push("system.memory.utilization", Labels::none(), 0.4567);
        snapshot.push("system.uptime", Labels::none(), 3600.5);
        snapshot.push("checkpost.load_1m", Labels::none(), 0.07);
        snapshot.push("hw.temperature", [("hw.id", "a"), ("hw.name", "evil\u{1b}[31m")], 41.0);
        let errors = [("error.type", "corrected"), ("hw.id", "gpu0"), ("hw.name", "GPU"), ("hw.type", "gpu")];
        snapshot.push("hw.errors", errors, 3.0);
        snapshot.push("hw.fan.speed", [("hw.id", "b"), ("hw.name", "fan")], 0.0);
        snapshot.push("hw.gpu.power", [("hw.id", "gpu0"), ("hw.name", "GPU")], 68.4);
        snapshot.diagnose("filesystem", "no answer from /mnt/x within 2 s (stuck)");
        insta::assert_snapshot!("readings", render(&snapshot, &Style { width: 100, color: false, ascii: false }));
    }

    #[test]
    fn snapshot_without_samples_is_named() {
        let snapshot = Snapshot::new(jiff::Timestamp::UNIX_EPOCH, Host::example("boot-1"));
        assert_eq!(render(&snapshot, &Style { width: 80, color: false, ascii: false }), "nothing was measured\n");
    }
}
