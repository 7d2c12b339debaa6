//! `checkpost config`: the effective configuration, and whether a run would accept it.

use crate::support::{Site, guest_file};

#[test]
fn config_show_prints_a_valid_configuration_with_its_sources() {
    let site = Site::with_config("timeout_seconds = 7\n[[check]]\nname = \"load\"\n");
    let mut command = site.checkpost(&["config", "show"]);
    let output = command.env("LOG_LEVEL", "ERROR").output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    for line in [
        "timeout_seconds = 7  # checkpost.toml:1",
        "level = \"ERROR\"  # environment variable LOG_LEVEL",
        "name = \"load\"  # checkpost.toml:3",
        "name = \"cpu\"  # built-in default",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line} is not in {shown}");
    }
    let other = Site::with_config(&shown);
    assert!(other.execute(&["config", "show"], 0).stdout.contains("level = \"ERROR\"  # checkpost.toml:"));
    assert!(!site.path("data").exists());
}

#[test]
fn config_check_accepts_what_a_run_accepts_and_stores_nothing() {
    let site = Site::with_config("[[check]]\nname = \"archive\"\nmodule = \"disk\"\n");
    let output = site.execute(&["config", "check"], 0);
    let file = site.path("checkpost.toml").canonicalize().unwrap();
    assert_eq!(output.stdout, format!("{}: ok: 5 checks of 4 modules, 0 routes\n", file.display()));
    assert!(!site.path("data/automation.db").exists() && !site.path("logs").exists());
    assert_eq!(
        Site::new().execute(&["config", "check"], 0).stdout,
        "no configuration file: ok: 4 checks of 4 modules, 0 routes\n"
    );
}

#[test]
fn config_check_finds_a_setting_that_a_check_refuses() {
    let site = Site::with_config("[[check]]\nname = \"cpu\"\n[check.settings]\nthreshold = 50\nclear = 60\n");
    let output = site.execute(&["config", "check"], 2);
    assert!(output.error().contains("checkpost.toml:5: check 'cpu' refuses its settings: "), "{}", output.stderr);
    assert!(output.stdout.is_empty());
    let site = Site::with_config("[[check]]\nname = \"cpu\"\n[check.settings]\nthreshhold = 50\n");
    let output = site.execute(&["config", "check"], 2);
    assert!(
        output.error().contains("checkpost.toml:4: setting 'threshhold' of check 'cpu' is 50: "),
        "{}",
        output.stderr
    );
}

#[test]
fn configuration_mistake_is_reported_as_in_a_run() {
    let site = Site::with_config("timeout_seconds = 0\n");
    let of_run = site.execute(&["run"], 2);
    for command in ["check", "show"] {
        assert_eq!(site.execute(&["config", command], 2).stderr, of_run.stderr, "{command}");
    }
}

#[test]
fn config_check_names_a_module_that_cannot_judge_and_succeeds() {
    let site = Site::with_config("[[check]]\nname = \"mine\"\nmodule = \"nowhere.wasm\"\n");
    site.write("checks.d/broken.wasm", "no module");
    site.write("checks.d/fine.wasm", std::fs::read(guest_file("misbehave")).unwrap());
    let output = site.execute(&["config", "check"], 0);
    let expected = "ok: 7 checks of 7 modules, 0 routes; cannot judge: mine, broken (see `checkpost check list`)\n";
    assert!(output.stdout.ends_with(expected), "{}", output.stdout);
}

#[test]
fn config_check_finds_a_template_that_fails() {
    let route = |body: &str| format!("[[route]]\nname = \"try\"\nstdout = {{}}\n[route.template]\nbody = \"{body}\"\n");
    let site = Site::with_config(&route("{{ title.nowhere.at_all }}"));
    let output = site.execute(&["config", "check"], 2);
    assert!(output.error().starts_with("route 'try': ") && output.error().contains("template"), "{}", output.stderr);
    let output = Site::with_config(&route("{{ title }}")).execute(&["config", "check"], 0);
    assert!(output.stdout.ends_with("ok: 4 checks of 4 modules, 1 route\n"), "{}", output.stdout);
}
