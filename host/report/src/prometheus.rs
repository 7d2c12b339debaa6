//! A cycle as Prometheus metrics, in the text exposition format, version 0.0.4:
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>.
//!
//! Names follow the rules of OpenTelemetry for Prometheus: `_` for `.`, the unit at the end, `_total` for counters.

use std::fmt::Write;

use checkpost_model::check::{Evaluation, Status};
use checkpost_model::metric::Sample;
use checkpost_model::metric::catalog::{self, Metric};
use checkpost_record::CycleRecord;

use crate::format::exact;

/// The samples of a cycle, its start, and the status of each subject. Ends with a newline.
pub fn render(record: &CycleRecord) -> String {
    let mut text = samples(&record.snapshot.samples);
    head(&mut text, "checkpost_run_time_seconds", "gauge", "Start of the cycle, in seconds since 1970-01-01 UTC");
    line(&mut text, "checkpost_run_time_seconds", &[], record.snapshot.time.as_millisecond() as f64 / 1e3);
    head(&mut text, "checkpost_run_diagnostics", "gauge", "Diagnostics of the cycle: readings that could not be taken");
    line(&mut text, "checkpost_run_diagnostics", &[], record.snapshot.diagnostics.len() as f64);
    let help = "Status of a subject: 0 ok, 1 warning, 2 critical, 3 unknown; subject is empty for the host";
    head(&mut text, "checkpost_check_status", "gauge", help);
    for (check, subject, status) in record.evaluations.iter().flat_map(statuses) {
        let labels = [("check", check), ("subject", subject)];
        line(&mut text, "checkpost_check_status", &labels, f64::from(status.exit_code()));
    }
    text
}

/// Instance, subject and status of each verdict. A check that could not judge is unknown, with an empty subject.
fn statuses(evaluation: &Evaluation) -> Vec<(&str, &str, Status)> {
    let check = evaluation.instance.as_str();
    match &evaluation.outcome {
        Ok(verdicts) => verdicts.iter().map(|v| (check, v.subject.as_str(), v.status)).collect(),
        Err(_) => vec![(check, "", Status::Unknown)],
    }
}

/// Samples, which are sorted by name. A sample without a metric in the catalog has no kind and no unit, and is left out.
pub fn samples(samples: &[Sample]) -> String {
    let mut text = String::new();
    for family in samples.chunk_by(|a, b| a.name == b.name) {
        let Some(metric) = family.first().and_then(|sample| catalog::metric(&sample.name)) else { continue };
        let name = name(metric);
        head(&mut text, &name, if metric.is_counter() { "counter" } else { "gauge" }, metric.help);
        for sample in family {
            let labels: Vec<_> = sample.labels.iter().collect();
            line(&mut text, &name, &labels, sample.value);
        }
    }
    text
}

/// The Prometheus name of a metric: `system_cpu_time_seconds_total`.
fn name(metric: &Metric) -> String {
    let mut name = metric.name.replace('.', "_");
    let unit = metric.unit.prometheus_suffix();
    if !name.ends_with(unit) {
        name.push_str(unit);
    }
    if metric.is_counter() {
        name.push_str("_total");
    }
    name
}

// Writing to a string cannot fail.

fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    let help = help.replace('\\', "\\\\").replace('\n', "\\n");
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn line(text: &mut String, name: &str, labels: &[(&str, &str)], value: f64) {
    text.push_str(name);
    for (index, (key, label)) in labels.iter().enumerate() {
        let before = if index == 0 { '{' } else { ',' };
        let _ = write!(text, "{before}{}=\"", key.replace('.', "_"));
        for character in label.chars() {
            match character {
                '\\' => text.push_str("\\\\"),
                '"' => text.push_str("\\\""),
                '\n' => text.push_str("\\n"),
                other => text.push(other),
            }
        }
        text.push('"');
    }
    text.push_str(if labels.is_empty() { " " } else { "} " });
    let _ = writeln!(text, "{}", exact(value));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::HashSet;

    use checkpost_model::metric::Labels;
    use checkpost_model::metric::catalog::CATALOG;

    use super::*;
    use crate::fixture;

    fn named(metric: &str) -> String {
        name(catalog::metric(metric).unwrap())
    }

    #[test]
    fn names_end_with_their_unit_and_counters_with_total() {
        for (metric, expected) in [
            ("system.cpu.time", "system_cpu_time_seconds_total"),
            ("system.cpu.utilization", "system_cpu_utilization_ratio"),
            ("system.network.io", "system_network_io_bytes_total"),
            ("checkpost.network.io.rate", "checkpost_network_io_rate_bytes_per_second"),
            ("checkpost.pressure.ratio", "checkpost_pressure_ratio"),
            ("checkpost.load_1m", "checkpost_load_1m"),
            ("hw.temperature", "hw_temperature_celsius"),
            ("hw.errors", "hw_errors_total"),
        ] {
            assert_eq!(named(metric), expected);
        }
    }

    #[test]
    fn names_are_valid_and_unique() {
        let mut seen = HashSet::new();
        for metric in CATALOG {
            let name = name(metric);
            assert!(
                name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'),
                "{name}"
            );
            assert!(seen.insert(name), "{}", metric.name);
        }
    }

    #[test]
    fn hostile_labels_are_escaped() {
        let labels = Labels::from([("system.filesystem.mountpoint", "/a\\b\"c\nd{}")]);
        let sample = Sample { name: "system.filesystem.limit".into(), labels, value: 1e15 };
        let text = samples(&[sample]);
        let expected = "# HELP system_filesystem_limit_bytes Size of a filesystem\n\
                        # TYPE system_filesystem_limit_bytes gauge\n\
                        system_filesystem_limit_bytes{system_filesystem_mountpoint=\"/a\\\\b\\\"c\\nd{}\"} 1000000000000000\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn exposition_has_samples_and_statuses() {
        let mut record = fixture::mixed();
        let gauge = |name: &'static str, labels, value| Sample { name: name.into(), labels, value };
        record.snapshot.samples = vec![
            gauge("checkpost.load_1m", Labels::none(), 0.5),
            gauge("system.cpu.time", Labels::from([("cpu.mode", "idle")]), 12.25),
            gauge("system.cpu.time", Labels::from([("cpu.mode", "user")]), 3.0),
        ];
        insta::assert_snapshot!("prometheus_mixed", render(&record));
    }
}
