//! The textfile, as node_exporter reads it.

use std::collections::BTreeMap;
use std::fs;

use checkpost_model::metric::Labels;

use super::exposition::Exposition;
use super::mounts;
use super::node_exporter::NodeExporter;
use crate::support::guest::{Guest, data, words};
use crate::support::{Output, Site};

const CONFIG: &str = "[collect]\nstore = [\"*\"]\n[export]\ntextfile = \"textfiles/checkpost.prom\"\n";
/// A possible name of a subject or mount point.
const HOSTILE: &str = "a\"b\\c\nd{e=\"f\"} 1\u{b}한글";
/// The same name as it is exposed: control characters are escaped, and characters that are special to the format
/// survive.
const SHOWN: &str = "a\"b\\c\\u{a}d{e=\"f\"} 1\\u{b}한글";

/// A site whose cycles write into the directory that node_exporter reads, with a check that returns hostile text.
fn site() -> Site {
    let site = Site::with_config(CONFIG);
    fs::create_dir(site.path("textfiles")).unwrap();
    let subject = words(3140, &[4096, HOSTILE.len() as u32]) + &data(4096, HOSTILE);
    site.write("checks.d/hostile.wasm", Guest::with(&subject).wasm());
    site
}

/// The textfile as written, and as node_exporter exposes it.
fn read_back(site: &Site, node_exporter: &NodeExporter) -> (Exposition, Exposition) {
    let written = Exposition::parse(&fs::read_to_string(site.path("textfiles/checkpost.prom")).unwrap());
    (written, node_exporter.scrape())
}

/// Asserts that node_exporter exposes the whole textfile with its types, and no other series under its names.
fn assert_exposed(written: &Exposition, exposed: &Exposition) {
    assert_eq!(exposed.value("node_textfile_scrape_error"), Some(0.0));
    let is_own = |name: &str| !name.starts_with("node_") && name != "promhttp_metric_handler_errors_total";
    let own: BTreeMap<_, _> = exposed.samples.iter().filter(|((name, _), _)| is_own(name)).collect();
    assert_eq!(own, written.samples.iter().collect());
    for (name, kind) in &written.types {
        assert_eq!(exposed.types.get(name), Some(kind), "{name}");
    }
}

fn node_exporter_of(site: &Site) -> Option<NodeExporter> {
    let directory = format!("--collector.textfile.directory={}", site.path("textfiles").display());
    NodeExporter::start(&["--collector.textfile", &directory])
}

#[test]
fn textfile_is_exposed_unchanged_by_node_exporter() {
    let site = site();
    let Some(node_exporter) = node_exporter_of(&site) else { return };
    site.execute(&["run"], 0);
    let (written, exposed) = read_back(&site, &node_exporter);
    assert_exposed(&written, &exposed);
    assert_eq!(exposed.types["system_cpu_time_seconds_total"], "counter");
    assert_eq!(exposed.types["system_memory_usage_bytes"], "gauge");
    let stored: f64 =
        site.value("SELECT value FROM samples JOIN series ON series.id = series_id WHERE name = 'system.memory.limit'");
    assert_eq!(exposed.value("system_memory_limit_bytes"), Some(stored));
    let status =
        exposed.of("checkpost_check_status").find(|(labels, _)| labels.get("check") == Some("hostile")).unwrap();
    assert_eq!(status, (&Labels::from([("check", "hostile"), ("subject", SHOWN)]), 0.0));
    // The next cycle replaces the first.
    site.execute(&["run"], 0);
    let (written, exposed) = read_back(&site, &node_exporter);
    assert!(written.samples.keys().any(|(name, _)| name == "checkpost_run_duration_seconds"));
    assert_exposed(&written, &exposed);
}

#[test]
fn hostile_mount_point_is_a_label() {
    let site = site();
    let Some(node_exporter) = node_exporter_of(&site) else { return };
    let mount_point = site.path(HOSTILE);
    fs::create_dir(&mount_point).unwrap();
    let checkpost = site.checkpost(&["run"]);
    let mut run = std::process::Command::new(checkpost.get_program());
    run.args(checkpost.get_args()).current_dir(site.directory.path());
    let Some(run) = mounts::with_mount("mount -t tmpfs hostile \"$1\"", &mount_point, &run) else { return };
    Output::of(&mut assert_cmd::Command::from_std(run), 0);
    let (written, exposed) = read_back(&site, &node_exporter);
    assert_exposed(&written, &exposed);
    let device = Labels::from([("system_device", "hostile")]);
    let (labels, bytes) =
        exposed.of("system_filesystem_limit_bytes").find(|(labels, _)| labels.contains(&device)).unwrap();
    assert_eq!(labels.get("system_filesystem_mountpoint"), site.path(SHOWN).to_str());
    assert!(bytes > 0.0);
}
