//! Limits and grants of single instances: of two instances of one module, one keeps within its limit and the other does
//! not.

use serde_json::Value;

use crate::support::guest::Guest;
use crate::support::{Site, assert_built_in_judged, check, guest_file};

/// An entry for an instance of a module in the site, with these limits or grants and, unless empty, this mode.
fn instance(name: &str, module: &str, own: &str, mode: &str) -> String {
    let settings = if mode.is_empty() { String::new() } else { format!("[check.settings]\nmode = \"{mode}\"\n") };
    format!("[[check]]\nname = \"{name}\"\nmodule = \"./{module}.wasm\"\n{own}\n{settings}")
}

/// A site with the module `guest` and these instances. Its deadline is so long that other limits end everything.
fn site(module: &[u8], instances: &str) -> Site {
    let site = Site::with_config(&format!("timeout_seconds = 3600\n{instances}"));
    site.write("guest.wasm", module);
    site
}

fn misbehave() -> Vec<u8> {
    std::fs::read(guest_file("misbehave")).unwrap()
}

/// Runs one instance with each limit: the instance with `kept` must be judged, the one with `broken` unknown for this
/// reason.
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
fn fuel_limit_applies_per_instance() {
    let counting = Guest::with_work(
        "(local $left i32) (local.set $left (i32.const 100000))
         (loop $next (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))",
    );
    assert_pair(&counting.wasm(), "", "fuel = 2000000", "fuel = 100000", "out_of_fuel", "used up its 100000 units");
}

#[test]
fn evaluation_time_limit_applies_per_instance() {
    // Two guests instead of one: the first never ends, the second ends at once.
    let endless = Guest::with_work("(loop $again (br $again))").wasm();
    let slow = instance("broken", "guest", "[check.limits]\nfuel = 100000000000\nevaluation_ms = 100", "");
    let report = site(&endless, &slow).run_json();
    let failed = check(&report, "broken");
    assert_eq!(failed["reason"], "deadline", "{failed:#}");
    assert_eq!(failed["detail"], "did not end within 100 ms");
    assert!(failed["duration_us"].as_u64().unwrap() >= 100_000);
    let quick = instance("kept", "guest", "[check.limits]\nevaluation_ms = 60000", "");
    let report = site(&Guest::with_work("").wasm(), &quick).run_json();
    assert_eq!(check(&report, "kept")["reason"], Value::Null);
}

#[test]
fn memory_limit_applies_per_instance() {
    let grown = Guest::with_work("(drop (memory.grow (i32.const 14)))").wasm();
    // A guest starts with two pages, and its instances need some memory of the host besides.
    let (kept, broken) = ("memory_bytes = 1114112", "memory_bytes = 1048576");
    assert_pair(&grown, "", kept, broken, "memory_limit", "needs more than 1048576 bytes");
}

#[test]
fn memory_grows_limit_applies_per_instance() {
    let grown = Guest::with_work("(drop (memory.grow (i32.const 1)))".repeat(10).as_str()).wasm();
    let (kept, broken) = ("memory_grows = 20", "memory_grows = 9");
    assert_pair(&grown, "", kept, broken, "memory_limit", "grew its memory more than 9 times");
}

#[test]
fn stack_limit_applies_per_instance() {
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
fn verdicts_limit_applies_per_instance() {
    assert_pair(&misbehave(), "ten-verdicts", "verdicts = 10", "verdicts = 9", "output_limit", "the limit is 9");
}

#[test]
fn text_limit_applies_per_instance() {
    let (kept, broken) = ("text_bytes = 1000", "text_bytes = 999");
    assert_pair(&misbehave(), "long-text", kept, broken, "output_limit", "a text of 1000 bytes, the limit is 999");
}

#[test]
fn output_limit_applies_per_instance() {
    let (kept, broken) = ("output_bytes = 100000", "output_bytes = 500");
    assert_pair(&misbehave(), "ten-verdicts", kept, broken, "output_limit", "returned more data than the limit allows");
}

#[test]
fn module_size_limit_applies_per_instance() {
    let module = misbehave();
    let limit = |bytes: usize| format!("module_bytes = {bytes}");
    let (kept, broken) = (limit(module.len()), limit(module.len() - 1));
    assert_pair(&module, "ok", &kept, &broken, "module_too_large", "larger than the limit of");
}

#[test]
fn history_limit_applies_per_instance() {
    let limits = |points| format!("grants = [\"system.*\"]\n[check.limits]\nhistory_points = {points}");
    let instances =
        instance("kept", "guest", &limits(2), "report") + &instance("broken", "guest", &limits(1), "report");
    let site = site(&misbehave(), &instances);
    let message_of =
        |report: &Value| check(report, "kept")["verdicts"][0]["message"].as_str().unwrap_or_default().to_owned();
    assert!(message_of(&site.run_json()).ends_with("; past "), "there are no past readings yet");
    let second = site.run_json();
    assert!(message_of(&second).ends_with("; past system.memory.utilization: 1"), "{}", message_of(&second));
    assert_eq!(check(&second, "broken")["reason"], Value::Null);
    let third = site.run_json();
    assert!(message_of(&third).ends_with("; past system.memory.utilization: 2"), "{}", message_of(&third));
    let failed = check(&third, "broken");
    assert_eq!(failed["reason"], "history_limit", "{failed:#}");
    assert_eq!(failed["detail"], "asked for more than 1 past readings");
    assert_eq!(site.count("notifications WHERE check_name = 'broken' AND message LIKE '%limits.history_points%'"), 1);
}

#[test]
fn ungranted_readings_never_arrive() {
    let grants = |list: &str| format!("grants = {list}");
    let instances = instance("default", "guest", "", "report")
        + &instance("narrow", "guest", &grants("[\"system.memory.*\"]"), "report")
        + &instance("wide", "guest", &grants("[\"*\"]"), "report")
        + &instance("none", "guest", &grants("[]"), "report");
    let site = site(&misbehave(), &instances);
    site.run_json();
    let report = site.run_json();
    let message_of = |name: &str| check(&report, name)["verdicts"][0]["message"].as_str().unwrap().to_owned();
    let default = message_of("default");
    assert!(default.contains("system.cpu.utilization") && default.contains("checkpost.cpu.interval"), "{default}");
    let narrow = message_of("narrow");
    assert!(
        narrow.contains("now system.memory.limit ") && narrow.ends_with("past system.memory.utilization: 1"),
        "{narrow}"
    );
    assert!(!narrow.contains("system.cpu") && !narrow.contains("checkpost."), "{narrow}");
    let wide = message_of("wide");
    assert!(wide.contains("checkpost.cpu.interval") && wide.contains("past checkpost.network.total: 1"), "{wide}");
    assert_eq!(message_of("none"), "now ; past ");
    let list = site.execute(&["check", "list", "--format", "json"], 0).stdout;
    let list: Vec<Value> = serde_json::from_str(&list).unwrap();
    let missing = |name: &str| list.iter().find(|row| row["name"] == name).unwrap()["not_granted"].clone();
    assert_eq!(missing("default"), serde_json::json!(["*"]));
    assert_eq!(missing("narrow"), serde_json::json!(["*", "checkpost.network.total"]));
    for name in ["wide", "cpu", "memory", "disk", "network"] {
        assert_eq!(missing(name), serde_json::json!([]), "{name}");
    }
}
