//! The exposition format, as Prometheus' own parser reads it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use checkpost_model::metric::Labels;
use serde_json::Value;

use super::Figures;
use crate::support::{Output, Site, python, root};

/// What may follow the name of the metric in the name of a series: its unit, if any, and `_total` for a counter.
const UNITS: [&str; 10] =
    ["", "_bytes", "_bytes_per_second", "_seconds", "_ratio", "_per_second", "_celsius", "_watts", "_rpm", "_total"];

/// Series by their Prometheus names.
type Series = BTreeMap<(String, Labels), f64>;

/// Asserts that every family is complete and that no series is repeated.
fn parsed(python: &Path, text: &str) -> Series {
    let mut parser = assert_cmd::Command::new(python);
    parser.arg(root().join("tests/compare/prometheus_parser.py")).write_stdin(text);
    let families: Value = serde_json::from_str(&Output::of(&mut parser, 0).stdout).unwrap();
    let mut series = Series::new();
    let mut names = BTreeSet::new();
    for family in families.as_array().unwrap() {
        let name = family["name"].as_str().unwrap();
        assert!(names.insert(name.to_owned()), "{name} is repeated");
        assert!(!family["help"].as_str().unwrap().is_empty(), "{name} has no help");
        let is_counter = match family["type"].as_str().unwrap() {
            "counter" => true,
            "gauge" => false,
            other => panic!("{name} is a {other}"),
        };
        let samples = Figures::of_samples(&family["samples"]);
        // No sample has replaced another one in the map.
        assert_eq!(samples.0.len(), family["samples"].as_array().unwrap().len(), "{name} has a repeated series");
        assert!(!samples.0.is_empty(), "{name} is empty");
        for ((sample, labels), value) in samples.0 {
            let expected = if is_counter { format!("{name}_total") } else { name.to_owned() };
            assert_eq!(sample, expected);
            assert_eq!(sample.ends_with("_total"), is_counter, "{sample}");
            series.insert((sample, labels), value);
        }
    }
    let lines = |start: &str| text.lines().filter(|line| line.starts_with(start)).count();
    assert_eq!((lines("# HELP "), lines("# TYPE ")), (names.len(), names.len()));
    assert_eq!(lines("") - lines("#"), series.len());
    series
}

/// Whether a series has the Prometheus name of a metric.
fn is_called(series: &str, metric: &str) -> bool {
    let Some(rest) = series.strip_prefix(&metric.replace('.', "_")) else { return false };
    UNITS.contains(&rest) || rest.strip_suffix("_total").is_some_and(|unit| UNITS.contains(&unit))
}

/// The stored samples of the only cycle, by the names of their metrics.
fn stored(site: &Site) -> Figures {
    let database = site.database();
    let mut rows = database
        .prepare(
            "SELECT json_group_array(json_object('name', name, 'labels', json(labels), 'value', value))
             FROM samples JOIN series ON series.id = series_id",
        )
        .unwrap();
    let text: String = rows.query_row([], |row| row.get(0)).unwrap();
    Figures::of_samples(&serde_json::from_str(&text).unwrap())
}

#[test]
fn run_exposes_what_it_stores() {
    let Some(python) = python("prometheus_client") else { return };
    let site =
        Site::with_config("[collect]\nstore = [\"*\"]\nprocesses = [\"*\"]\n[export]\ntextfile = \"checkpost.prom\"\n");
    let output = site.execute(&["run", "--format", "prometheus"], 0);
    let written = fs::read_to_string(site.path("checkpost.prom")).unwrap();
    assert_eq!(output.stdout, written, "standard output and the textfile of a cycle are equal");
    let mut exposed = parsed(&python, &written);
    let stored = stored(&site);
    assert!(stored.0.len() > 50);
    for ((metric, labels), value) in &stored.0 {
        let labels: Labels = labels.iter().map(|(key, value)| (key.replace('.', "_"), value)).collect();
        let key = exposed.keys().find(|(series, of)| is_called(series, metric) && *of == labels).cloned();
        let key = key.unwrap_or_else(|| panic!("{metric} {labels:?} is not exposed"));
        assert_eq!(exposed.remove(&key), Some(*value), "{metric} {labels:?}");
    }
    let rest: BTreeSet<_> = exposed.keys().map(|(name, _)| name.as_str()).collect();
    // These describe the cycle and are no readings.
    let of_cycle = ["checkpost_check_status", "checkpost_run_diagnostics", "checkpost_run_time_seconds"];
    assert_eq!(rest, BTreeSet::from(of_cycle));
}

#[test]
fn collection_is_a_valid_exposition() {
    let Some(python) = python("prometheus_client") else { return };
    let site = Site::new();
    // Rates need an earlier cycle to be compared with.
    site.run_json();
    std::thread::sleep(std::time::Duration::from_millis(1_200));
    let series = parsed(&python, &site.execute(&["collect", "--format", "prometheus"], 0).stdout);
    for name in ["system_cpu_utilization_ratio", "system_cpu_time_seconds_total", "process_memory_usage_bytes"] {
        assert!(series.keys().any(|(series, _)| series == name), "{name}");
    }
    assert!(series.keys().any(|(name, _)| name.ends_with("_rate_per_second")), "rates");
}
