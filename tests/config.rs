//! `checkpost config`: what holds, and whether a run would take it.

use crate::support::{Site, guest_file};

#[test]
fn what_is_shown_is_a_configuration_that_says_where_it_comes_from() {
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
    assert!(other.says(&["config", "show"], 0).stdout.contains("level = \"ERROR\"  # checkpost.toml:"));
    assert!(!site.path("data").exists());
}

#[test]
fn a_configuration_that_a_run_takes_is_ok_and_nothing_is_stored() {
    let site = Site::with_config("[[check]]\nname = \"archive\"\nmodule = \"disk\"\n");
    let said = site.says(&["config", "check"], 0);
    let file = site.path("checkpost.toml").canonicalize().unwrap();
    assert_eq!(said.stdout, format!("{}: ok: 5 checks of 4 modules, 0 routes\n", file.display()));
    assert!(!site.path("data/automation.db").exists() && !site.path("logs").exists());
    assert_eq!(Site::new().says(&["config", "check"], 0).stdout, "no file: ok: 4 checks of 4 modules, 0 routes\n");
}

#[test]
fn a_setting_that_a_check_refuses_is_found() {
    let site = Site::with_config("[[check]]\nname = \"cpu\"\n[check.settings]\nthreshold = 50\nclear = 60\n");
    let said = site.says(&["config", "check"], 2);
    assert!(said.error().contains("checkpost.toml:5: check 'cpu' refuses its settings: "), "{}", said.stderr);
    assert!(said.stdout.is_empty());
    let site = Site::with_config("[[check]]\nname = \"cpu\"\n[check.settings]\nthreshhold = 50\n");
    let said = site.says(&["config", "check"], 2);
    assert!(said.error().contains("checkpost.toml:4: setting 'threshhold' of check 'cpu' is 50: "), "{}", said.stderr);
}

#[test]
fn a_mistake_in_the_file_is_the_same_line_as_in_a_run() {
    let site = Site::with_config("timeout_seconds = 0\n");
    let of_run = site.says(&["run"], 2);
    for command in ["check", "show"] {
        assert_eq!(site.says(&["config", command], 2).stderr, of_run.stderr, "{command}");
    }
}

#[test]
fn a_module_that_cannot_judge_is_named_and_is_no_mistake() {
    let site = Site::with_config("[[check]]\nname = \"mine\"\nmodule = \"nowhere.wasm\"\n");
    site.write("checks.d/broken.wasm", "no module");
    site.write("checks.d/fine.wasm", std::fs::read(guest_file("misbehave")).unwrap());
    let said = site.says(&["config", "check"], 0);
    let expected = "ok: 7 checks of 7 modules, 0 routes; cannot judge: mine, broken (see `checkpost check list`)\n";
    assert!(said.stdout.ends_with(expected), "{}", said.stdout);
}

#[test]
fn a_template_that_fails_is_found() {
    let route = |body: &str| format!("[[route]]\nname = \"try\"\nstdout = {{}}\n[route.template]\nbody = \"{body}\"\n");
    let site = Site::with_config(&route("{{ title.nowhere.at_all }}"));
    let said = site.says(&["config", "check"], 2);
    assert!(said.error().starts_with("route 'try': ") && said.error().contains("template"), "{}", said.stderr);
    let said = Site::with_config(&route("{{ title }}")).says(&["config", "check"], 0);
    assert!(said.stdout.ends_with("ok: 4 checks of 4 modules, 1 route\n"), "{}", said.stdout);
}
