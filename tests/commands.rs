//! The commands besides `run`: they read, describe and maintain stored data.

use serde_json::Value;

use crate::support::{Output, Site, guest_file};

fn json(output: &Output) -> Value {
    serde_json::from_str(&output.stdout).unwrap()
}

#[test]
fn collect_measures_and_stores_nothing() {
    let site = Site::new();
    let snapshot = json(&site.execute(&["collect", "--format", "json"], 0));
    let names: Vec<_> = snapshot["samples"].as_array().unwrap().iter().map(|sample| sample["name"].as_str()).collect();
    for name in ["system.cpu.utilization", "system.memory.utilization", "system.filesystem.utilization"] {
        assert!(names.contains(&Some(name)), "{name}");
    }
    assert!(site.execute(&["collect"], 0).stdout.contains("system.memory.limit"));
    assert!(!site.path("data").exists());
}

#[test]
fn check_inspect_describes_a_module() {
    let site = Site::new();
    let text = site.execute(&["check", "inspect", "cpu"], 0).stdout;
    for part in ["cpu 0.1.0", "sha256 ", "threshold", "80", "(0 to", "system.cpu.utilization"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    let guest = guest_file("misbehave");
    let described = json(&site.execute(&["check", "inspect", guest.to_str().unwrap(), "--format", "json"], 0));
    assert_eq!(described["name"], "misbehave");
    assert!(described["settings"].as_array().unwrap().iter().any(|setting| setting["name"] == "mode"));
    site.write("broken.wasm", "no module");
    let output = site.execute(&["check", "inspect", "broken.wasm"], 1);
    assert!(output.error().starts_with("broken.wasm: invalid_module: "), "{}", output.stderr);
    let output = site.execute(&["check", "inspect", "nosuch.wasm"], 1);
    assert!(output.error().contains("nosuch.wasm: unreadable"), "{}", output.stderr);
}

#[test]
fn metrics_and_notifications_are_listed_by_age_and_number() {
    let site = Site::with_config("[alert]\nnotify = \"every-run\"\n");
    for _ in 0..3 {
        site.checkpost(&["run"]).env("MEMORY_THRESHOLD", "0.01").assert().success();
    }
    assert_eq!(json(&site.execute(&["metrics", "--format", "json"], 0)).as_array().unwrap().len(), 3);
    let two = json(&site.execute(&["metrics", "--format", "json", "--limit", "2"], 0));
    let times: Vec<_> = two.as_array().unwrap().iter().map(|row| row["timestamp"].as_str().unwrap()).collect();
    assert!(times.len() == 2 && times[0] > times[1], "newest first: {times:?}");
    assert_eq!(site.execute(&["metrics"], 0).stdout.lines().count(), 4);
    site.database()
        .execute_batch(
            "UPDATE notifications SET sent_at = '2001-01-01 00:00:00.000' WHERE id =
        (SELECT min(id) FROM notifications WHERE check_name = 'memory')",
        )
        .unwrap();
    let warnings = |more: &[&str]| {
        let arguments = [&["notifications", "--format", "json", "--level", "warning"], more].concat();
        let rows = json(&site.execute(&arguments, 0));
        rows.as_array().unwrap().iter().filter(|row| row["check_name"] == "memory").count()
    };
    assert_eq!(warnings(&[]), 3);
    assert_eq!(warnings(&["--since", "24h"]), 2);
    assert_eq!(warnings(&["--since", "5000000d"]), 3);
    assert_eq!(warnings(&["--channel", "security_check"]), 0);
    assert!(site.execute(&["notifications"], 0).stdout.contains("Memory usage is "));
    for wrong in [["--since", "yesterday"], ["--limit", "0"], ["--level", "bad"]] {
        site.execute(&[&["notifications"], &wrong[..]].concat(), 2);
    }
}

#[test]
fn db_migrate_creates_the_database_and_db_check_finds_damage() {
    let site = Site::new();
    assert!(site.execute(&["db", "check"], 1).error().contains("automation.db"));
    assert!(site.execute(&["db", "migrate"], 0).stdout.contains("schema 6"));
    site.execute(&["run"], 0);
    assert!(site.execute(&["db", "check"], 0).stdout.contains("ok"));
    // The check must find the overwritten page.
    site.database().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let mut bytes = std::fs::read(site.path("data/automation.db")).unwrap();
    let page = bytes.len() / 2 / 4096 * 4096;
    bytes[page..page + 4096].fill(0xAA);
    site.write("data/automation.db", bytes);
    site.execute(&["db", "check"], 1).error();
}

#[test]
fn completions_and_help_name_every_command() {
    let site = Site::new();
    let help = site.execute(&["--help"], 0).stdout;
    let script = site.execute(&["completions", "bash"], 0).stdout;
    for command in [
        "run",
        "collect",
        "check",
        "metrics",
        "alerts",
        "notifications",
        "deliveries",
        "notify",
        "silence",
        "ack",
        "doctor",
        "config",
        "db",
        "completions",
    ] {
        assert!(help.contains(&format!("\n  {command} ")), "{command} is not in {help}");
        assert!(script.contains(command));
    }
}
