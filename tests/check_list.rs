//! `checkpost check list`: instances, their reasons, pins and the state of the cache.

use serde_json::Value;

use crate::support::{Output, Site, changed_guest, listed};

#[test]
fn check_list_shows_every_instance_and_why_one_cannot_judge() {
    let site = Site::new();
    site.drop_guest("trap-describe", "broken");
    site.drop_guest("misbehave", "fine");
    let list: Value = serde_json::from_str(&site.execute(&["check", "list", "--format", "json"], 0).stdout).unwrap();
    let row = |name: &str| list.as_array().unwrap().iter().find(|row| row["name"] == name).unwrap().clone();
    for name in ["cpu", "memory", "disk", "network", "fine"] {
        assert_eq!(row(name)["reason"], Value::Null, "{name}");
        assert_eq!(row(name)["digest"].as_str().unwrap().len(), 64, "{name}");
    }
    assert_eq!(row("broken")["reason"], "trap");
    let text = site.execute(&["check", "list"], 0).stdout;
    assert!(text.lines().next().unwrap().starts_with("CHECK"), "{text}");
    assert!(text.contains("broken") && text.contains("trap:"), "{text}");
}

#[test]
fn check_list_shows_the_pin_the_digest_and_the_cache() {
    let site = Site::new();
    site.drop_guest("misbehave", "team");
    let row = listed(&site, "team");
    assert_eq!((&row["code"], &row["pin"]), (&"compiled".into(), &Value::Null));
    assert_eq!(listed(&site, "team")["code"], "cached");
    site.execute(&["check", "lock"], 0);
    assert_eq!(listed(&site, "team")["pin"], "pinned");
    assert_eq!(listed(&site, "cpu")["pin"], Value::Null);
    site.write("checks.d/team.wasm", changed_guest());
    site.drop_guest("trap-describe", "broken");
    assert_eq!(listed(&site, "team")["pin"], "changed");
    let broken = listed(&site, "broken");
    assert_eq!((&broken["reason"], &broken["pin"]), (&"trap".into(), &"not_pinned".into()));
    assert_eq!(broken["digest"].as_str().unwrap().len(), 64);

    let output = site.execute(&["check", "list"], 0);
    let digits = &listed(&site, "team")["digest"].as_str().unwrap()[..8].to_owned();
    let line = |start: &str| output.stdout.lines().find(|line| line.starts_with(start)).unwrap_or_default().to_owned();
    assert!(line("team ").contains(digits) && line("team ").contains("ready (cached,"), "{}", output.stdout);
    assert!(line("broken ").contains("trap (not pinned):"), "{}", output.stdout);
    assert_eq!(output.stderr.matches("team.wasm has SHA-256 ").count(), 1, "{}", output.stderr);
    site.write("checkpost.toml", "require_lock = true\n");
    let refused = listed(&site, "team");
    assert_eq!((&refused["reason"], &refused["pin"]), (&"not_locked".into(), &"changed".into()));
}

#[test]
fn check_list_with_a_long_file_name_fits_the_terminal() {
    let site = Site::new();
    let name = format!("{}-end", "long".repeat(60));
    site.drop_guest("misbehave", &name);
    site.drop_guest("misbehave", "short");
    let mut command = site.checkpost(&["check", "list"]);
    let text = Output::of(command.env("COLUMNS", "100"), 0).stdout;
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    assert!(text.contains("longlon") && text.contains("end.wasm  "), "{text}");
    assert_eq!(text.lines().count(), 7, "each check takes one line: {text}");
    assert_eq!(listed(&site, &name)["reason"], Value::Null, "JSON has the whole name");
}
