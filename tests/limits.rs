//! Limits and grants of single instances: of two instances of one module one keeps within its limit, the other does not.

use serde_json::Value;

use crate::support::guest::Guest;
use crate::support::{Site, assert_built_in_judged, check, guest_file};

/// An instance of a module in the site, with these limits or grants and this mode, if any.
fn instance(name: &str, module: &str, own: &str, mode: &str) -> String {
    let settings = if mode.is_empty() { String::new() } else { format!("[check.settings]\nmode = \"{mode}\"\n") };
    format!("[[check]]\nname = \"{name}\"\nmodule = \"./{module}.wasm\"\n{own}\n{settings}")
}

/// A site with the module `guest` and the instances of these tables; limits that end everything by fuel.
fn site(module: &[u8], instances: &str) -> Site {
    let site = Site::with_config(&format!("timeout_seconds = 3600\n{instances}"));
    site.write("guest.wasm", module);
    site
}

fn misbehave() -> Vec<u8> {
    std::fs::read(guest_file("misbehave")).unwrap()
}

/// Judges with `kept` and with `broken`; the first must be judged, the second be unknown for this reason.
fn assert_pair(module: &[u8], mode: &str, kept: &str, broken: &str, reason: &str, detail: &str) {
    let limits = |limit: &str| format!("[check.limits]\n{limit}");
    let instances =
        instance("kept", "guest", &limits(kept), mode) + &instance("broken", "guest", &limits(broken), mode);
    let report = site(module, &instances).run_json();
    assert_eq!(check(&report, "kept")["reason"], Value::Null, "{kept}: {:#}", check(&report, "kept"));
    let failed = check(&report, "broken");
    assert_eq!(failed["reason"], reason, "{broken}: {failed:#}");
    assert!(failed["detail"].as_str().unwrap().contains(detail), "{failed:#}");
    assert_built_in_judged(&report);
}

#[test]
fn fuel() {
    let counting = Guest::doing(
        "(local $left i32) (local.set $left (i32.const 100000))
         (loop $next (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))",
    );
    assert_pair(&counting.wasm(), "", "fuel = 2000000", "fuel = 100000", "out_of_fuel", "used up its 100000 units");
}

#[test]
fn evaluation_time() {
    // What one is done with at once takes the other hours.
    let endless = Guest::doing("(loop $again (br $again))").wasm();
    let slow = instance("broken", "guest", "[check.limits]\nfuel = 100000000000\nevaluation_ms = 100", "");
    let report = site(&endless, &slow).run_json();
    let failed = check(&report, "broken");
    assert_eq!(failed["reason"], "deadline", "{failed:#}");
    assert_eq!(failed["detail"], "did not end within 100 ms");
    assert!(failed["duration_us"].as_u64().unwrap() >= 100_000);
    let quick = instance("kept", "guest", "[check.limits]\nevaluation_ms = 60000", "");
    let report = site(&Guest::doing("").wasm(), &quick).run_json();
    assert_eq!(check(&report, "kept")["reason"], Value::Null);
}

#[test]
fn memory() {
    let grown = Guest::doing("(drop (memory.grow (i32.const 14)))").wasm();
    // Two pages to begin with.
    let (kept, broken) = ("memory_bytes = 1048576", "memory_bytes = 1048575");
    assert_pair(&grown, "", kept, broken, "memory_limit", "wanted more than 1048575 bytes");
}

#[test]
fn number_of_grows() {
    let grown = Guest::doing("(drop (memory.grow (i32.const 1)))".repeat(10).as_str()).wasm();
    let (kept, broken) = ("memory_grows = 20", "memory_grows = 9");
    assert_pair(&grown, "", kept, broken, "memory_limit", "grew more than 9 times");
}

#[test]
fn stack() {
    let deep = Guest::with(
        "(func $down (param i32) (result i32)
           (if (result i32) (local.get 0)
             (then (i32.add (call $down (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))
             (else (i32.const 0))))
         (func $work (export \"work\") (drop (call $down (i32.const 5000))))",
    );
    let (kept, broken) = ("stack_bytes = 2097152", "stack_bytes = 32768");
    assert_pair(&deep.wasm(), "", kept, broken, "stack_overflow", "needs more than 32768 bytes of stack");
}

#[test]
fn verdicts() {
    assert_pair(&misbehave(), "ten-verdicts", "verdicts = 10", "verdicts = 9", "output_limit", "the limit is 9");
}

#[test]
fn text() {
    let (kept, broken) = ("text_bytes = 1000", "text_bytes = 999");
    assert_pair(&misbehave(), "long-text", kept, broken, "output_limit", "a text of 1000 bytes, the limit is 999");
}

#[test]
fn output() {
    let (kept, broken) = ("output_bytes = 100000", "output_bytes = 500");
    assert_pair(&misbehave(), "ten-verdicts", kept, broken, "output_limit", "returned more data than the limit allows");
}

#[test]
fn module_size() {
    let module = misbehave();
    let limit = |bytes: usize| format!("module_bytes = {bytes}");
    let (kept, broken) = (limit(module.len()), limit(module.len() - 1));
    assert_pair(&module, "ok", &kept, &broken, "module_too_large", "larger than the limit of");
}

#[test]
fn history() {
    let limits = |points| format!("grants = [\"system.*\"]\n[check.limits]\nhistory_points = {points}");
    let instances =
        instance("kept", "guest", &limits(2), "report") + &instance("broken", "guest", &limits(1), "report");
    let site = site(&misbehave(), &instances);
    let said = |report: &Value| check(report, "kept")["verdicts"][0]["message"].as_str().unwrap_or_default().to_owned();
    assert!(said(&site.run_json()).ends_with("; past "), "there is no past yet");
    let second = site.run_json();
    assert!(said(&second).ends_with("; past system.memory.utilization: 1"), "{}", said(&second));
    assert_eq!(check(&second, "broken")["reason"], Value::Null);
    let third = site.run_json();
    assert!(said(&third).ends_with("; past system.memory.utilization: 2"), "{}", said(&third));
    let failed = check(&third, "broken");
    assert_eq!(failed["reason"], "history_limit", "{failed:#}");
    assert_eq!(failed["detail"], "asked for more than 1 past readings");
    assert_eq!(site.count("notifications WHERE check_name = 'broken' AND message LIKE '%limits.history_points%'"), 1);
}

#[test]
fn what_is_not_granted_never_arrives() {
    let grants = |list: &str| format!("grants = {list}");
    let instances = instance("default", "guest", "", "report")
        + &instance("narrow", "guest", &grants("[\"system.memory.*\"]"), "report")
        + &instance("wide", "guest", &grants("[\"*\"]"), "report")
        + &instance("none", "guest", &grants("[]"), "report");
    let site = site(&misbehave(), &instances);
    site.run_json();
    let report = site.run_json();
    let said = |name: &str| check(&report, name)["verdicts"][0]["message"].as_str().unwrap().to_owned();
    let default = said("default");
    assert!(default.contains("system.cpu.utilization") && default.contains("checkpost.cpu.interval"), "{default}");
    let narrow = said("narrow");
    assert!(
        narrow.contains("now system.memory.limit ") && narrow.ends_with("past system.memory.utilization: 1"),
        "{narrow}"
    );
    assert!(!narrow.contains("system.cpu") && !narrow.contains("checkpost."), "{narrow}");
    let wide = said("wide");
    assert!(wide.contains("checkpost.cpu.interval") && wide.contains("past checkpost.network.total: 1"), "{wide}");
    assert_eq!(said("none"), "now ; past ");
    let list = site.says(&["check", "list", "--format", "json"], 0).stdout;
    let list: Vec<Value> = serde_json::from_str(&list).unwrap();
    let missing = |name: &str| list.iter().find(|row| row["name"] == name).unwrap()["not_granted"].clone();
    assert_eq!(missing("default"), serde_json::json!(["*"]));
    assert_eq!(missing("narrow"), serde_json::json!(["*", "checkpost.network.total"]));
    for name in ["wide", "cpu", "memory", "disk", "network"] {
        assert_eq!(missing(name), serde_json::json!([]), "{name}");
    }
}
