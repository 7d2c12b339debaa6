//! A checks directory with more files than anybody means to run: what is left out is named, the cycle is stored, and commands
//! answer.

use std::fs::{self, File};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{HostileSite, hostile_site};
use crate::support::guest::Guest;
use crate::support::{assert_whole, check, listed};

/// More than a command takes here on a loaded machine, and far less than 5,000 compilations.
const SECONDS: Duration = Duration::from_secs(30);

/// Fills the checks directory with so many links to one file.
fn crowd(site: &HostileSite, file: &str, links: usize) {
    fs::create_dir_all(site.path("checks.d")).unwrap();
    for number in 0..links {
        fs::hard_link(site.path(file), site.path(&format!("checks.d/m{number:04}.wasm"))).unwrap();
    }
}

fn count_of(report: &Value, reason: &str) -> usize {
    report["checks"].as_array().unwrap().iter().filter(|check| check["reason"] == reason).count()
}

#[test]
fn five_thousand_modules_leave_the_cycle_whole_and_those_left_out_are_named() {
    let site = hostile_site("");
    site.write("fine.wasm", Guest::with("").wasm());
    crowd(&site, "fine.wasm", 5_000);
    let started = Instant::now();
    let report = site.run_json();
    assert!(started.elapsed() < SECONDS, "{:?}", started.elapsed());
    assert_whole(&site, &report);
    assert_eq!(report["checks"].as_array().unwrap().len(), 4 + 1_000 + 1);
    let directory = check(&report, "checks directory");
    assert_eq!((&directory["status"], &directory["reason"]), (&"unknown".into(), &"too_many_modules".into()));
    let detail = directory["detail"].as_str().unwrap();
    let expected =
        "has 5000 module files, more than 1000: left out are m1000.wasm, m1001.wasm, m1002.wasm and 3997 more";
    assert!(detail.ends_with(expected), "{detail}");
    let notified = "notifications WHERE check_name = 'checks directory' AND message LIKE '%raise max_modules%'";
    assert_eq!(site.count(notified), 1);

    let started = Instant::now();
    let directory = listed(&site, "checks directory");
    assert!(started.elapsed() < SECONDS, "{:?}", started.elapsed());
    assert_eq!(directory["reason"], "too_many_modules");
}

#[test]
fn modules_at_the_limit_all_run() {
    let site = hostile_site("max_modules = 3\n");
    site.write("fine.wasm", Guest::with("").wasm());
    crowd(&site, "fine.wasm", 3);
    assert_eq!(count_of(&site.run_json(), "too_many_modules"), 0);
    fs::hard_link(site.path("fine.wasm"), site.path("checks.d/n.wasm")).unwrap();
    assert_eq!(count_of(&site.run_json(), "too_many_modules"), 1);
}

#[test]
fn pinned_and_configured_modules_run_however_many_others_there_are() {
    let site = hostile_site("max_modules = 2\n[[check]]\nname = \"mine\"\nmodule = \"checks.d/zz.wasm\"\n");
    site.write("fine.wasm", Guest::with("").wasm());
    crowd(&site, "fine.wasm", 0);
    for name in ["z", "zz"] {
        fs::hard_link(site.path("fine.wasm"), site.path(&format!("checks.d/{name}.wasm"))).unwrap();
    }
    site.execute(&["check", "lock"], 0);
    crowd(&site, "fine.wasm", 10);
    let report = site.run_json();
    for name in ["mine", "z", "m0000"] {
        assert_eq!(check(&report, name)["status"], "ok", "{report:#}");
    }
    assert!(check(&report, "checks directory")["detail"].as_str().unwrap().contains("left out are m0001.wasm"));
    // The command says that it did not see everything, and keeps the pins that it has.
    let output = site.execute(&["check", "lock"], 1).stdout;
    assert!(output.contains("left out 9 module files, more than 2: remove files, or raise max_modules"), "{output}");
    assert!(fs::read_to_string(site.path("checkpost.lock")).unwrap().contains("checks.d/z.wasm"));
}

/// An alert of a check that is crowded out must not end as if the check had been removed.
#[test]
fn alert_of_a_module_that_is_left_out_stands() {
    let site = hostile_site("max_modules = 1\n");
    site.write("checks.d/raid.wasm", Guest::with_work("unreachable").wasm());
    assert_eq!(check(&site.run_json(), "raid")["reason"], "trap");
    site.write("checks.d/a.wasm", Guest::with("").wasm());
    assert_eq!(check(&site.run_json(), "checks directory")["reason"], "too_many_modules");
    assert_eq!(site.count("notifications WHERE check_name = 'raid'"), 1, "raised, and nothing since");
    assert!(site.execute(&["alerts"], 0).stdout.contains("raid"));
    fs::remove_file(site.path("checks.d/a.wasm")).unwrap();
    assert_eq!(check(&site.run_json(), "raid")["reason"], "trap");
    assert_eq!(site.count("notifications WHERE check_name = 'raid'"), 1);
}

#[cfg(target_os = "linux")]
#[test]
fn thousand_links_to_a_large_sparse_file_leave_the_cycle_whole() {
    let site = hostile_site("");
    site.write("sparse", b"\0asm\x0d\0\x01\0");
    File::options().write(true).open(site.path("sparse")).unwrap().set_len(64 << 20).unwrap();
    crowd(&site, "sparse", 1_000);
    let started = Instant::now();
    let report = site.run_json();
    assert!(started.elapsed() < SECONDS, "{:?}", started.elapsed());
    assert_whole(&site, &report);
    assert_eq!(count_of(&report, "invalid_module"), 1_000);
    assert_eq!(listed(&site, "m0999")["reason"], "invalid_module");
    assert!(started.elapsed() < SECONDS, "{:?}", started.elapsed());
}

/// A real file of the largest size that is no check: it is read once, not once for each link and each report.
#[test]
fn thousand_links_to_a_large_file_leave_the_cycle_whole() {
    let site = hostile_site("");
    let mut large = b"\0asm\x0d\0\x01\0".to_vec();
    large.resize(64 << 20, 1);
    site.write("large", large);
    crowd(&site, "large", 1_000);
    let started = Instant::now();
    let report = site.run_json();
    assert_whole(&site, &report);
    assert_eq!(count_of(&report, "invalid_module"), 1_000);
    site.execute(&["check", "list"], 0);
    assert!(started.elapsed() < SECONDS, "{:?}", started.elapsed());
}
