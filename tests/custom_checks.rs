//! Checks that are not built in: dropped into a directory, configured, or written outside the workspace.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::support::foreign::{FOREIGN_GUESTS, foreign_cache};
use crate::support::{Site, check, guest_file, root};

#[test]
fn dropped_in_module_runs_from_the_next_cycle_on() {
    let site = Site::new();
    let first = site.run_json();
    assert_eq!(first["checks"].as_array().unwrap().len(), 4);
    site.drop_guest("misbehave", "team-check");
    let second = site.run_json();
    let dropped = check(&second, "team-check");
    assert_eq!(dropped["status"], "ok", "{dropped:#}");
    assert_eq!(dropped["channel"], "system_monitoring");
    assert_eq!(site.count("modules"), 5);
}

#[test]
fn checks_directory_may_be_named_by_flag_variable_and_file() {
    let site = Site::new();
    site.write("mine/extra.wasm", fs::read(guest_file("misbehave")).unwrap());
    let names = |output: crate::support::Output| {
        let report: Value = serde_json::from_str(&output.stdout).unwrap();
        report["checks"].as_array().unwrap().iter().any(|check| check["name"] == "extra")
    };
    assert!(names(site.execute(&["run", "--format", "json", "--checks", "mine"], 0)));
    let mut command = site.checkpost(&["run", "--format", "json"]);
    assert!(names(crate::support::Output::of(command.env("CHECKPOST_CHECKS", "mine"), 0)));
    site.write("checkpost.toml", "checks_dir = \"mine\"\n");
    assert!(names(site.execute(&["run", "--format", "json"], 0)));
    site.write("checkpost.toml", "");
    assert!(!names(site.execute(&["run", "--format", "json"], 0)));
}

#[test]
fn module_has_many_instances_each_with_its_settings_and_channel() {
    let site = Site::with_config(
        "[[check]]\nname = \"memory-team-a\"\nmodule = \"memory\"\nchannel = \"security_check\"\n[check.settings]\nthreshold = 0.01\n\
         [[check]]\nname = \"memory-team-b\"\nmodule = \"memory\"\nchannel = \"log_analysis\"\n[check.settings]\nthreshold = 100\n",
    );
    let report = site.run_json();
    assert_eq!(check(&report, "memory-team-a")["status"], "warning");
    assert_eq!(check(&report, "memory-team-b")["status"], "ok");
    assert_eq!(site.count("notifications WHERE channel = 'security_check' AND check_name = 'memory-team-a'"), 1);
    assert_eq!(site.count("notifications WHERE channel = 'log_analysis'"), 0);
}

#[test]
fn disabled_check_does_not_run() {
    let site = Site::with_config("[[check]]\nname = \"network\"\nenabled = false\n");
    let report = site.run_json();
    assert!(report["checks"].as_array().unwrap().iter().all(|check| check["name"] != "network"));
}

#[test]
fn unreadable_checks_directory_is_not_silently_empty() {
    let site = Site::new();
    // Permissions do not bind root, but even root cannot list a regular file.
    site.write("checks.d", "");
    let report = site.run_json();
    assert_eq!(check(&report, "checks directory")["reason"], "unreadable", "{report:#}");
    assert_ne!(check(&report, "memory")["status"], "unknown");
    assert!(site.execute(&["check", "list", "--format", "json"], 0).stdout.contains("\"detail\": \"cannot read "));
}

#[test]
fn refused_settings_of_a_dropped_in_module_do_not_stop_the_others() {
    let site = Site::new();
    // Without its required setting this guest refuses its settings.
    site.drop_guest("refuse-settings", "picky");
    let report = site.run_json();
    assert_eq!(check(&report, "picky")["reason"], "settings_refused");
    assert_ne!(check(&report, "memory")["status"], "unknown");
}

#[test]
fn refused_settings_of_a_configured_module_make_its_instance_unknown() {
    let module = guest_file("refuse-settings");
    let site = Site::with_config(&format!("[[check]]\nname = \"picky\"\nmodule = {module:?}\n"));
    let refused = "checkpost.toml:2: check 'picky' refuses its settings: secret is not set";
    let report = site.run_json();
    let picky = check(&report, "picky");
    assert_eq!(picky["reason"], "settings_refused", "{picky:#}");
    assert!(picky["detail"].as_str().unwrap().contains(refused), "{picky:#}");
    assert_ne!(check(&report, "memory")["status"], "unknown");
    assert_eq!(site.count("notifications WHERE level = 'UNKNOWN' AND check_name = 'picky'"), 1);
    // To the operator who edits the file it is a mistake.
    let output = site.execute(&["config", "check"], 2);
    assert!(output.error().contains(refused), "{}", output.stderr);
}

#[test]
fn setting_that_a_configured_module_does_not_know_makes_its_instance_unknown() {
    let module = guest_file("misbehave");
    let site = Site::with_config(&format!(
        "[[check]]\nname = \"typo\"\nmodule = {module:?}\nsettings = {{ tresholds = 1 }}\n"
    ));
    let report = site.run_json();
    assert_eq!(check(&report, "typo")["reason"], "settings_refused", "{report:#}");
    site.execute(&["config", "check"], 2).error();
}

#[test]
fn core_module_and_its_component_judge_alike() {
    for guest in ["misbehave", "c", "c-stdio", "go"] {
        let site = Site::new();
        site.drop_guest(guest, "core");
        let core = site.path("checks.d/core.wasm");
        let component = site.path("checks.d/component.wasm");
        site.checkpost(&["check", "pack"]).arg(&core).arg("-o").arg(&component).assert().success();
        let report = site.run_json();
        let (core, component) = (check(&report, "core"), check(&report, "component"));
        assert_eq!(core["reason"], Value::Null, "{guest}: {core:#}");
        assert_eq!(core["verdicts"], component["verdicts"], "{guest}");
        assert_eq!(core["fuel"], component["fuel"], "{guest}");
        assert_ne!(core["module"]["digest"], component["module"]["digest"], "{guest}");
    }
}

#[test]
fn check_in_any_language_judges_like_the_others() {
    let site = Site::with_config(&format!("cache_dir = {:?}\n", foreign_cache()));
    for guest in FOREIGN_GUESTS {
        site.drop_guest(guest, guest);
    }
    let report = site.run_json();
    let expected = &check(&report, FOREIGN_GUESTS[0])["verdicts"];
    let message = expected[0]["message"].as_str().unwrap();
    assert!(message.starts_with("Disk usage of ") && message.ends_with("% (threshold: 90%)"), "{message}");
    for guest in FOREIGN_GUESTS {
        assert_eq!(&check(&report, guest)["verdicts"], expected, "{guest}");
    }
}

#[test]
fn check_in_any_language_refuses_settings_with_a_sentence() {
    for guest in FOREIGN_GUESTS {
        let module = guest_file(guest);
        let site = Site::with_config(&format!(
            "cache_dir = {:?}\n[[check]]\nname = \"full\"\nmodule = {module:?}\n[check.settings]\nthreshold = 101\n",
            foreign_cache()
        ));
        let output = site.execute(&["config", "check"], 2);
        let refusal = "refuses its settings: threshold is 101, allowed is a number from 0 to 100, in %";
        assert!(output.error().contains(refusal), "{guest}: {}", output.stderr);
    }
}

/// Follows the README's instructions for a team, in a crate of its own.
#[test]
fn check_written_with_the_sdk_outside_the_workspace_alerts() {
    let site = Site::new();
    let readme = fs::read_to_string(root().join("docs/tutorial/first-check.md")).unwrap();
    let block = |language: &str| {
        let (_, rest) = readme.split_once(&format!("<!-- first-check -->\n```{language}\n")).expect(language);
        rest.split_once("\n```").unwrap().0.to_owned()
    };
    let sdk = root().canonicalize().unwrap().join("checks/sdk");
    site.write("crate/Cargo.toml", block("toml").replace("/path/to/checkpost/checks/sdk", sdk.to_str().unwrap()));
    // Every machine is below this threshold, so the check alerts.
    site.write("crate/src/lib.rs", block("rust").replace("minimum: f64 = 1.0", "minimum: f64 = 100000.0"));
    let built = Command::new(root().join("checks/cargo.sh"))
        .args(["build", "--release", "--manifest-path"])
        .arg(site.path("crate/Cargo.toml"))
        .env("CARGO_TARGET_DIR", root().canonicalize().unwrap().join("target/scratch-check"))
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let wasm = root().join("target/scratch-check/wasm32-unknown-unknown/release/memory_reserve.wasm");
    site.write("checks.d/memory-reserve.wasm", fs::read(wasm).unwrap());
    let report = site.run_json();
    let evaluation = check(&report, "memory-reserve");
    assert_eq!(evaluation["status"], "warning", "{evaluation:#}");
    assert_eq!(site.count("notifications WHERE check_name = 'memory-reserve' AND level = 'WARNING'"), 1);
}
