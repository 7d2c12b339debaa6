//! The textfile, as node_exporter reads it.

use std::collections::BTreeMap;
use std::fs;

use checkpost::metric::Labels;

use super::exposition::Exposition;
use super::node_exporter::NodeExporter;
use super::private;
use crate::support::guest::{Guest, data, words};
use crate::support::{Said, Site};

const CONFIG: &str = "[collect]\nstore = [\"*\"]\n[export]\ntextfile = \"textfiles/checkpost.prom\"\n";
/// What a subject and a mount point may be called.
const HOSTILE: &str = "a\"b\\c\nd{e=\"f\"} 1\u{b}한글";
/// The same as it is shown: no control character gets through, and what is special to the format does.
const SHOWN: &str = "a\"b\\c\\u{a}d{e=\"f\"} 1\\u{b}한글";

/// A site whose cycles write into the directory that node_exporter reads, with a check that says hostile things.
fn site() -> Site {
    let site = Site::with_config(CONFIG);
    fs::create_dir(site.path("textfiles")).unwrap();
    let subject = words(3140, &[4096, HOSTILE.len() as u32]) + &data(4096, HOSTILE);
    site.write("checks.d/hostile.wasm", Guest::with(&subject).wasm());
    site
}

/// The file, and what node_exporter makes of it.
fn read_back(site: &Site, node_exporter: &NodeExporter) -> (Exposition, Exposition) {
    let written = Exposition::parse(&fs::read_to_string(site.path("textfiles/checkpost.prom")).unwrap());
    (written, node_exporter.scrape())
}

/// node_exporter tells all of the file, with its types, and nothing else that looks like it.
fn assert_is_told(written: &Exposition, told: &Exposition) {
    assert_eq!(told.value("node_textfile_scrape_error"), Some(0.0));
    let is_own = |name: &str| !name.starts_with("node_") && name != "promhttp_metric_handler_errors_total";
    let own: BTreeMap<_, _> = told.samples.iter().filter(|((name, _), _)| is_own(name)).collect();
    assert_eq!(own, written.samples.iter().collect());
    for (name, kind) in &written.types {
        assert_eq!(told.types.get(name), Some(kind), "{name}");
    }
}

fn node_exporter_of(site: &Site) -> Option<NodeExporter> {
    let directory = format!("--collector.textfile.directory={}", site.path("textfiles").display());
    NodeExporter::start(&["--collector.textfile", &directory])
}

#[test]
fn node_exporter_tells_what_a_run_wrote() {
    let site = site();
    let Some(node_exporter) = node_exporter_of(&site) else { return };
    site.says(&["run"], 0);
    let (written, told) = read_back(&site, &node_exporter);
    assert_is_told(&written, &told);
    assert_eq!(told.types["system_cpu_time_seconds_total"], "counter");
    assert_eq!(told.types["system_memory_usage_bytes"], "gauge");
    let stored: f64 =
        site.value("SELECT value FROM samples JOIN series ON series.id = series_id WHERE name = 'system.memory.limit'");
    assert_eq!(told.value("system_memory_limit_bytes"), Some(stored));
    let status = told.of("checkpost_check_status").find(|(labels, _)| labels.get("check") == Some("hostile")).unwrap();
    assert_eq!(status, (&Labels::from([("check", "hostile"), ("subject", SHOWN)]), 0.0));
    // The next cycle takes the place of the first.
    site.says(&["run"], 0);
    let (written, told) = read_back(&site, &node_exporter);
    assert!(written.samples.keys().any(|(name, _)| name == "checkpost_run_duration_seconds"));
    assert_is_told(&written, &told);
}

#[test]
fn a_hostile_mount_point_is_a_label() {
    let site = site();
    let Some(node_exporter) = node_exporter_of(&site) else { return };
    let mount_point = site.path(HOSTILE);
    fs::create_dir(&mount_point).unwrap();
    let checkpost = site.checkpost(&["run"]);
    let mut run = std::process::Command::new(checkpost.get_program());
    run.args(checkpost.get_args()).current_dir(site.directory.path());
    let Some(run) = private::with_mount("mount -t tmpfs hostile \"$1\"", &mount_point, &run) else { return };
    Said::of(&mut assert_cmd::Command::from_std(run), 0);
    let (written, told) = read_back(&site, &node_exporter);
    assert_is_told(&written, &told);
    let device = Labels::from([("system_device", "hostile")]);
    let (labels, bytes) =
        told.of("system_filesystem_limit_bytes").find(|(labels, _)| labels.contains(&device)).unwrap();
    assert_eq!(labels.get("system_filesystem_mountpoint"), site.path(SHOWN).to_str());
    assert!(bytes > 0.0);
}
