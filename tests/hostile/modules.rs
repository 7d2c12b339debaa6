//! Broken and hostile module files, and the guest `misbehave` in each of its modes: each is `unknown` with its reason,
//! and everything else is unharmed.

use std::fs;

use serde_json::Value;

use super::hostile_site;
use crate::support::{Site, assert_whole, check, guest_file};

/// Runs with one module dropped in, asserts that the other checks and the readings are unharmed, and returns its
/// evaluation.
fn evaluation(site: &Site, name: &str) -> Value {
    let report = site.run_json();
    assert_whole(site, &report);
    let evaluation = check(&report, name).clone();
    if evaluation["status"] == "unknown" {
        let sql = format!("notifications WHERE level = 'UNKNOWN' AND check_name = '{name}'");
        assert_eq!(site.count(&sql), 1, "{evaluation:#}");
    }
    evaluation
}

/// Reason and detail for a file with these bytes in the checks directory.
fn reason_of(bytes: impl AsRef<[u8]>) -> (String, String) {
    let site = hostile_site("");
    site.write("checks.d/bad.wasm", bytes);
    let evaluation = evaluation(&site, "bad");
    (evaluation["reason"].as_str().unwrap().to_owned(), evaluation["detail"].as_str().unwrap().to_owned())
}

#[test]
fn non_module_files_are_invalid() {
    let module = fs::read(guest_file("misbehave")).unwrap();
    let (reason, detail) = reason_of(&module[..module.len() / 2]);
    assert_eq!(reason, "invalid_module", "truncated: {detail}");
    assert_eq!(reason_of(""), ("invalid_module".to_owned(), "the file is empty".to_owned()));
    assert_eq!(reason_of("#!/bin/sh\n").0, "invalid_module");
    assert_eq!(reason_of(b"\0asm\x09\0\0\0").0, "invalid_module");
}

#[test]
fn modules_that_are_no_check_do_not_match_the_contract() {
    let (reason, detail) = reason_of(wat::parse_str("(module (func (export \"evaluate\")))").unwrap());
    assert_eq!(reason, "contract_mismatch");
    assert!(detail.contains("SDK"), "{detail}");
    let (reason, detail) = reason_of(wat::parse_str("(component)").unwrap());
    assert_eq!(reason, "contract_mismatch", "{detail}");
    // The right names with other types.
    let other = "(component (core module $m (func (export \"f\"))) (core instance $i (instantiate $m))
        (func (export \"describe\") (canon lift (core func $i \"f\")))
        (func (export \"needs\") (canon lift (core func $i \"f\")))
        (func (export \"evaluate\") (canon lift (core func $i \"f\"))))";
    let (reason, detail) = reason_of(wat::parse_str(other).unwrap());
    assert_eq!(reason, "contract_mismatch", "{detail}");
}

#[test]
fn import_of_a_component_is_denied_by_name() {
    let wants = "(component (import \"wasi:filesystem/types@0.2.0\" (instance (export \"open\" (func)))) )";
    let (reason, detail) = reason_of(wat::parse_str(wants).unwrap());
    assert_eq!(reason, "denied_import");
    assert!(detail.contains("wasi:filesystem/types@0.2.0"), "{detail}");
}

/// The evaluation of the guest `misbehave` in this mode.
fn misbehaving(mode: &str, limits: &str) -> Value {
    let module = guest_file("misbehave");
    let site = hostile_site(&format!(
        "{limits}\n[[check]]\nname = \"bad\"\nmodule = {module:?}\n[check.settings]\nmode = \"{mode}\"\n"
    ));
    evaluation(&site, "bad")
}

#[test]
fn well_behaved_guest_is_judged() {
    let evaluation = misbehaving("ok", "");
    assert_eq!(evaluation["status"], "ok", "{evaluation:#}");
    assert_eq!(evaluation["reason"], Value::Null);
    assert!(evaluation["fuel"].as_u64().unwrap() > 0);
}

#[test]
fn error_without_a_text_is_reported() {
    let evaluation = misbehaving("silent-error", "");
    assert_eq!(evaluation["reason"], "guest_error", "{evaluation:#}");
    assert_eq!(evaluation["detail"], "no reason given");
}

#[test]
fn truncated_module_is_invalid_wherever_it_ends() {
    let module = fs::read(guest_file("misbehave")).unwrap();
    let site = hostile_site("");
    for part in 1..12 {
        site.write(&format!("checks.d/part-{part:02}.wasm"), &module[..module.len() * part / 12]);
    }
    let report = site.run_json();
    for part in 1..12 {
        let evaluation = check(&report, &format!("part-{part:02}"));
        assert_eq!(evaluation["reason"], "invalid_module", "{evaluation:#}");
    }
}

#[test]
fn misbehaving_guest_has_the_reason_of_its_mode() {
    // Keeps the shared cache from one mode to the next.
    let _cache = hostile_site("");
    for (mode, reason) in [
        ("trap", "trap"),
        ("error", "guest_error"),
        ("nan", "invalid_output"),
        ("huge-text", "output_limit"),
        ("many-verdicts", "output_limit"),
        ("flood", "output_limit"),
        ("duplicate-measure", "invalid_output"),
        ("duplicate-subject", "invalid_output"),
        ("loop", "out_of_fuel"),
        ("recurse", "stack_overflow"),
        ("memory", "memory_limit"),
        ("needs-trap", "trap"),
        ("many-needs", "output_limit"),
    ] {
        let evaluation = misbehaving(mode, "");
        assert_eq!(evaluation["reason"], reason, "{mode}: {evaluation:#}");
        assert_eq!(evaluation["status"], "unknown", "{mode}");
    }
}

#[test]
fn endless_loop_with_fuel_to_spare_ends_at_its_deadline() {
    let evaluation = misbehaving("loop", "[limits]\nfuel = 100000000000\nevaluation_ms = 100\n");
    assert_eq!(evaluation["reason"], "deadline", "{evaluation:#}");
}

#[test]
fn trap_in_describe_is_reported_as_a_trap() {
    let site = hostile_site("");
    site.drop_guest("trap-describe", "bad");
    assert_eq!(evaluation(&site, "bad")["reason"], "trap");
}

#[test]
fn control_characters_never_reach_the_report_the_log_or_the_database() {
    let module = guest_file("misbehave");
    let site = hostile_site(&format!(
        "[[check]]\nname = \"bad\"\nmodule = {module:?}\n[check.settings]\nmode = \"control-text\"\n"
    ));
    let output = site.execute(&["run"], 0);
    let stored: String = site.value("SELECT title || message FROM notifications WHERE check_name = 'bad'");
    for text in [&output.stdout, &stored, &site.log()] {
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
        assert!(!text.contains('\u{202e}'), "{text:?}");
    }
    assert!(output.stdout.contains("\\u{1b}[31m"), "escapes are shown, not obeyed: {}", output.stdout);
}
