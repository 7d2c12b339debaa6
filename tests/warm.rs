//! The cache of compiled modules as `check warm` fills it, and what `check list` says of modules, pins and cache.

use std::fs;

use serde_json::Value;

use crate::lock::{cached, changed_guest, listed, strict_site};
use crate::support::{BUILT_IN, Said, Site, check};

#[test]
fn a_warm_cache_is_what_the_next_run_loads_from() {
    let site = strict_site();
    site.says(&["check", "lock"], 0);
    let said = site.says(&["check", "warm"], 0).stdout;
    assert!(said.starts_with("built-in cpu: compiled\n") && said.ends_with("team.wasm: compiled\n"), "{said}");
    let warm = cached(&site);
    assert_eq!(warm.len(), 5);
    let again = site.says(&["check", "warm"], 0).stdout;
    assert_eq!(again, said.replace(": compiled", ": already there"));
    assert_eq!(check(&site.run_json(), "team")["status"], "ok");
    assert_eq!(cached(&site), warm, "the run wrote nothing there");
    for name in BUILT_IN.into_iter().chain(["team"]) {
        assert_eq!(listed(&site, name)["code"], "cached", "{name}");
    }
}

#[test]
fn warming_goes_on_after_a_module_that_fails() {
    let site = Site::new();
    site.write("checks.d/broken.wasm", "no module");
    site.drop_guest("misbehave", "team");
    let said = site.says(&["check", "warm"], 1).stdout;
    assert!(said.contains("checks.d/broken.wasm: invalid_module: "), "{said}");
    assert!(said.ends_with("checks.d/team.wasm: compiled\n"), "{said}");
    assert_eq!(cached(&site).len(), 5);
}

#[test]
fn warming_honours_the_lock_and_the_quarantine() {
    let site = strict_site();
    let said = site.says(&["check", "warm"], 1).stdout;
    assert!(said.contains("checks.d/team.wasm: not_locked: "), "{said}");
    assert_eq!(cached(&site).len(), 4);
    site.says(&["check", "lock"], 0);
    let digest = listed(&site, "team")["digest"].as_str().unwrap().to_owned();
    fs::remove_file(site.path("data/cache").join(&digest).with_extension("cwasm")).unwrap();
    site.write(&format!("data/cache/{digest}.quarantined"), "compiling it took too much");
    let said = site.says(&["check", "warm"], 1).stdout;
    assert!(
        said.contains("checks.d/team.wasm: compile_limit: compiling it took too much; in quarantine as "),
        "{said}"
    );
    assert_eq!(cached(&site).len(), 4);
}

#[test]
fn a_cache_that_keeps_nothing_is_not_called_warm() {
    let site = Site::with_config("cache_dir = \"cache\"\n");
    site.write("cache", "no directory");
    let said = site.says(&["check", "warm"], 1);
    assert!(said.stdout.starts_with("built-in cpu: compiled, but the cache does not keep it\n"), "{}", said.stdout);
    assert!(said.stderr.contains("every check is compiled again in every run"), "{}", said.stderr);
    assert_eq!(listed(&site, "cpu")["code"], "not_kept");
}

#[test]
fn check_list_shows_the_pin_the_digest_and_the_cache() {
    let site = Site::new();
    site.drop_guest("misbehave", "team");
    let row = listed(&site, "team");
    assert_eq!((&row["code"], &row["pin"]), (&"compiled".into(), &Value::Null));
    assert_eq!(listed(&site, "team")["code"], "cached");
    site.says(&["check", "lock"], 0);
    assert_eq!(listed(&site, "team")["pin"], "pinned");
    assert_eq!(listed(&site, "cpu")["pin"], Value::Null);
    site.write("checks.d/team.wasm", changed_guest());
    site.drop_guest("trap-describe", "broken");
    assert_eq!(listed(&site, "team")["pin"], "changed");
    let broken = listed(&site, "broken");
    assert_eq!((&broken["reason"], &broken["pin"]), (&"trap".into(), &"not_pinned".into()));
    assert_eq!(broken["digest"].as_str().unwrap().len(), 64);

    let said = site.says(&["check", "list"], 0);
    let digits = &listed(&site, "team")["digest"].as_str().unwrap()[..8].to_owned();
    let line = |start: &str| said.stdout.lines().find(|line| line.starts_with(start)).unwrap_or_default().to_owned();
    assert!(line("team ").contains(digits) && line("team ").contains("ready (cached,"), "{}", said.stdout);
    assert!(line("broken ").contains("trap (not pinned):"), "{}", said.stdout);
    assert_eq!(said.stderr.matches("team.wasm has SHA-256 ").count(), 1, "{}", said.stderr);
    site.write("checkpost.toml", "require_lock = true\n");
    let refused = listed(&site, "team");
    assert_eq!((&refused["reason"], &refused["pin"]), (&"not_locked".into(), &"changed".into()));
}

#[test]
fn a_very_long_file_name_does_not_make_the_list_wide() {
    let site = Site::new();
    let name = format!("{}-end", "long".repeat(60));
    site.drop_guest("misbehave", &name);
    site.drop_guest("misbehave", "short");
    let mut command = site.checkpost(&["check", "list"]);
    let text = Said::of(command.env("COLUMNS", "100"), 0).stdout;
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    assert!(text.contains("longlon") && text.contains("end.wasm  "), "{text}");
    assert_eq!(text.lines().count(), 7, "every check is one line: {text}");
    assert_eq!(listed(&site, &name)["reason"], Value::Null, "JSON has all of it");
}
