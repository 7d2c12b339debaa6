//! The commands around `run`: they read, describe and look after what is stored.

use serde_json::Value;

use crate::support::{Said, Site, guest_file};

fn json(said: &Said) -> Value {
    serde_json::from_str(&said.stdout).unwrap()
}

#[test]
fn collect_measures_and_stores_nothing() {
    let site = Site::new();
    let snapshot = json(&site.says(&["collect", "--format", "json"], 0));
    let names: Vec<_> = snapshot["samples"].as_array().unwrap().iter().map(|sample| sample["name"].as_str()).collect();
    for name in ["system.cpu.utilization", "system.memory.utilization", "system.filesystem.utilization"] {
        assert!(names.contains(&Some(name)), "{name}");
    }
    assert!(site.says(&["collect"], 0).stdout.contains("system.memory.limit"));
    assert!(!site.path("data").exists());
}

#[test]
fn check_list_shows_every_instance_and_why_one_cannot_judge() {
    let site = Site::new();
    site.drop_guest("trap-describe", "broken");
    site.drop_guest("misbehave", "fine");
    let list = json(&site.says(&["check", "list", "--format", "json"], 0));
    let row = |name: &str| list.as_array().unwrap().iter().find(|row| row["name"] == name).unwrap().clone();
    for name in ["cpu", "memory", "disk", "network", "fine"] {
        assert_eq!(row(name)["reason"], Value::Null, "{name}");
        assert_eq!(row(name)["digest"].as_str().unwrap().len(), 64, "{name}");
    }
    assert_eq!(row("broken")["reason"], "trap");
    let text = site.says(&["check", "list"], 0).stdout;
    assert!(text.lines().next().unwrap().starts_with("CHECK"), "{text}");
    assert!(text.contains("broken") && text.contains("trap:"), "{text}");
}

#[test]
fn a_module_describes_itself() {
    let site = Site::new();
    let text = site.says(&["check", "inspect", "cpu"], 0).stdout;
    for part in ["cpu 0.1.0", "sha256 ", "threshold", "80", "(0 to", "system.cpu.utilization"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    let guest = guest_file("misbehave");
    let described = json(&site.says(&["check", "inspect", guest.to_str().unwrap(), "--format", "json"], 0));
    assert_eq!(described["name"], "misbehave");
    assert!(described["settings"].as_array().unwrap().iter().any(|setting| setting["name"] == "mode"));
    site.write("broken.wasm", "no module");
    let said = site.says(&["check", "inspect", "broken.wasm"], 1);
    assert!(said.error().starts_with("broken.wasm: invalid_module: "), "{}", said.stderr);
    let said = site.says(&["check", "inspect", "nosuch.wasm"], 1);
    assert!(said.error().contains("nosuch.wasm: unreadable"), "{}", said.stderr);
}

#[test]
fn what_is_stored_can_be_listed_by_age_and_number() {
    let site = Site::with_config("[alert]\nnotify = \"every-run\"\n");
    for _ in 0..3 {
        site.checkpost(&["run"]).env("MEMORY_THRESHOLD", "0.01").assert().success();
    }
    assert_eq!(json(&site.says(&["metrics", "--format", "json"], 0)).as_array().unwrap().len(), 3);
    let two = json(&site.says(&["metrics", "--format", "json", "--limit", "2"], 0));
    let times: Vec<_> = two.as_array().unwrap().iter().map(|row| row["timestamp"].as_str().unwrap()).collect();
    assert!(times.len() == 2 && times[0] > times[1], "newest first: {times:?}");
    assert_eq!(site.says(&["metrics"], 0).stdout.lines().count(), 4);
    site.database()
        .execute_batch(
            "UPDATE notifications SET sent_at = '2001-01-01 00:00:00.000' WHERE id =
        (SELECT min(id) FROM notifications WHERE check_name = 'memory')",
        )
        .unwrap();
    let warnings = |more: &[&str]| {
        let arguments = [&["notifications", "--format", "json", "--level", "warning"], more].concat();
        let rows = json(&site.says(&arguments, 0));
        rows.as_array().unwrap().iter().filter(|row| row["check_name"] == "memory").count()
    };
    assert_eq!(warnings(&[]), 3);
    assert_eq!(warnings(&["--since", "24h"]), 2);
    assert_eq!(warnings(&["--since", "5000000d"]), 3);
    assert_eq!(warnings(&["--channel", "security_check"]), 0);
    assert!(site.says(&["notifications"], 0).stdout.contains("Memory usage is "));
    for wrong in [["--since", "yesterday"], ["--limit", "0"], ["--level", "bad"]] {
        site.says(&[&["notifications"], &wrong[..]].concat(), 2);
    }
}

#[test]
fn the_database_can_be_made_and_checked() {
    let site = Site::new();
    assert!(site.says(&["db", "check"], 1).error().contains("automation.db"));
    assert!(site.says(&["db", "migrate"], 0).stdout.contains("schema 5"));
    site.says(&["run"], 0);
    assert!(site.says(&["db", "check"], 0).stdout.contains("ok"));
    // A page of the file is overwritten: the check must say so.
    site.database().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let mut bytes = std::fs::read(site.path("data/automation.db")).unwrap();
    let page = bytes.len() / 2 / 4096 * 4096;
    bytes[page..page + 4096].fill(0xAA);
    site.write("data/automation.db", bytes);
    site.says(&["db", "check"], 1).error();
}

#[test]
fn completions_and_help_name_every_command() {
    let site = Site::new();
    let help = site.says(&["--help"], 0).stdout;
    let script = site.says(&["completions", "bash"], 0).stdout;
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
