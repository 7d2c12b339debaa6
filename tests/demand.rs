//! What a cycle measures and stores: the metrics that `[collect]` names, and those that checks need.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::guest::{Guest, data, words};
use crate::support::{Site, without_built_in_checks};

/// The readings of one source.
fn readings(site: &Site, source: &str) -> Vec<Value> {
    let output = site.execute(&["collect", "--source", source, "--format", "json"], 0);
    let snapshot: Value = serde_json::from_str(&output.stdout).unwrap();
    snapshot["samples"].as_array().unwrap().clone()
}

/// A check that needs these metrics and, if given, the processes of a name.
fn check_needing(metrics: &[&str], watched: Option<&str>) -> Vec<u8> {
    const NEEDS: u32 = 4096;
    const LABELS: u32 = 8192;
    let (mut records, mut texts, mut at) = (Vec::new(), String::new(), 8448);
    let mut text = |text: &str, texts: &mut String| {
        *texts += &data(at, text);
        at += text.len() as u32;
        [at - text.len() as u32, text.len() as u32]
    };
    for metric in metrics {
        records.extend(text(metric, &mut texts));
        records.extend([0, 0, 0]);
    }
    if let Some(name) = watched {
        records.extend(text("process.watched.count", &mut texts));
        records.extend([LABELS, 1, 0]);
        let label = [text("process.watched.pattern", &mut texts), text(name, &mut texts)].concat();
        texts += &words(LABELS, &label);
    }
    let needs = words(2048, &[0, NEEDS, records.len() as u32 / 5]);
    Guest::with(&(needs + &words(NEEDS, &records) + &texts)).wasm()
}

/// The metrics that the last cycle of a site stored.
fn stored(site: &Site) -> BTreeSet<String> {
    let names: String = site.value(
        "SELECT json_group_array(DISTINCT name) FROM samples JOIN series ON series.id = series_id
         WHERE run_id = (SELECT max(id) FROM runs)",
    );
    serde_json::from_str(&names).unwrap()
}

/// The metrics that one cycle with this configuration stores, with these checks and no built-in ones.
fn stored_with(collect: &str, checks: &[(&str, Vec<u8>)]) -> BTreeSet<String> {
    let site = Site::with_config(&format!("{collect}\n{}", without_built_in_checks()));
    for (name, wasm) in checks {
        site.write(&format!("checks.d/{name}.wasm"), wasm);
    }
    site.execute(&["run"], 0);
    stored(&site)
}

#[test]
fn stored_metrics_are_those_the_host_needs_and_store_names() {
    let least = stored_with("[collect]\nstore = []", &[]);
    for name in ["system.cpu.utilization", "system.memory.utilization", "system.filesystem.limit", "system.uptime"] {
        assert!(least.contains(name), "{name} is not in {least:?}");
    }
    let more = stored_with("[collect]\nstore = [\"checkpost.load_1m\", \"system.paging.f*\"]", &[]);
    let added: BTreeSet<_> = more.difference(&least).map(String::as_str).collect();
    let expected: &[&str] = match cfg!(target_os = "linux") {
        true => &["checkpost.load_1m", "system.paging.faults"],
        false => &["checkpost.load_1m"],
    };
    assert_eq!(added, expected.iter().copied().collect());
    assert!(more.is_superset(&least));
    let default = stored_with("", &[]);
    assert!(default.contains("system.network.io") && !default.contains("system.process.count"), "{default:?}");
    assert!(stored_with("[collect]\nstore = [\"*\"]", &[]).contains("system.process.count"));
}

#[test]
fn granted_needs_of_a_check_are_stored_too() {
    let least = stored_with("[collect]\nstore = []", &[]);
    let check = check_needing(&["checkpost.load_5m", "system.process.*"], None);
    let more = stored_with("[collect]\nstore = []", &[("curious", check.clone())]);
    let added = |more: &BTreeSet<String>| more.difference(&least).cloned().collect::<Vec<_>>();
    assert_eq!(added(&more), ["checkpost.load_5m", "system.process.count"]);
    // A metric that is not granted is not measured for the check.
    let granted = stored_with("grants = [\"checkpost.*\"]\n[collect]\nstore = []", &[("curious", check)]);
    assert_eq!(added(&granted), ["checkpost.load_5m"]);
}

#[test]
fn process_that_a_check_needs_is_watched() {
    let config = format!("grants = [\"process.*\"]\n[collect]\nstore = []\n{}", without_built_in_checks());
    let site = Site::with_config(&config);
    site.write("checks.d/watcher.wasm", check_needing(&[], Some("nosuch*")));
    site.execute(&["run"], 0);
    let labels: String = site.value("SELECT labels FROM series WHERE name = 'process.watched.count'");
    assert_eq!(labels, r#"{"process.watched.pattern":"nosuch*"}"#);
    assert_eq!(
        site.value::<f64>(
            "SELECT value FROM samples JOIN series ON series.id = series_id WHERE name = 'process.watched.count'"
        ),
        0.0
    );
}

#[test]
fn listed_disks_and_processes_are_the_only_ones_measured() {
    let config = "[collect]\ndisks = [\"nosuch\"]\nprocesses = [\"nosuch\", \"also*\"]\ninterfaces = [\"nosuch\"]\n";
    let site = Site::with_config(&(config.to_owned() + &without_built_in_checks()));
    site.execute(&["run"], 0);
    let count =
        |condition: &str| site.count(&format!("samples JOIN series ON series.id = series_id WHERE {condition}"));
    assert_eq!(count("name LIKE 'system.disk.%' OR name = 'system.network.io'"), 0);
    assert_eq!(count("name = 'process.watched.count' AND value = 0"), 2);
    assert_eq!(count("name LIKE 'process.cpu.%' OR name LIKE 'process.memory.%'"), 0);
    for message in ["no disk matches 'nosuch'", "no interface matches 'nosuch'"] {
        assert_eq!(site.count(&format!("diagnostics WHERE message = \"{message}\"")), 1, "{message}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn listed_disk_is_measured_whatever_its_kind() {
    let diskstats = std::fs::read_to_string("/proc/diskstats").unwrap_or_default();
    // Preferably a loop device, which would otherwise be left out.
    let devices: Vec<_> = diskstats.lines().filter_map(|line| line.split_whitespace().nth(2)).collect();
    let device = devices.iter().find(|device| device.starts_with("loop")).or(devices.first());
    let Some(device) = device else {
        crate::support::skip("this machine has no disks");
        return;
    };
    let site = Site::with_config(&format!("[collect]\ndisks = [\"{device}\"]\n"));
    let samples = readings(&site, "disk");
    assert!(!samples.is_empty());
    for sample in samples {
        assert_eq!(sample["labels"]["system.device"], *device);
    }
}

#[test]
fn top_processes_sets_how_many_are_listed() {
    for top in [0, 1, 3] {
        let site = Site::with_config(&format!("[collect]\ntop_processes = {top}\n"));
        let samples = readings(&site, "process");
        let listed = samples.iter().filter(|sample| sample["name"] == "process.memory.usage").count();
        assert_eq!(listed, top);
    }
}

#[test]
fn invalid_value_is_refused_with_its_line() {
    for (line, part) in [
        ("store = \"system.*\"", "collect.store"),
        ("store = [\"sys*tem\"]", "collect.store"),
        ("disks = [1]", "collect.disks"),
        ("processes = [\"\"]", "collect.processes"),
        ("top_processes = 101", "collect.top_processes"),
        ("shop = []", "unknown key 'collect.shop'"),
    ] {
        let site = Site::with_config(&format!("# first\n\n[collect]\n{line}\n"));
        for command in ["run", "collect"] {
            let output = site.execute(&[command], 2);
            let error = output.error();
            assert!(error.contains("checkpost.toml:4") && error.contains(part), "{command}: {error}");
        }
        assert!(site.is_empty());
    }
}
