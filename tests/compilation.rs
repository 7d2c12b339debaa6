//! Compilation of other people's modules: in a separate process, within limits, and once.

use crate::support::{Site, assert_built_in_judged, check};

/// Some 70 KB that cost a compiler a minute and gigabytes: every local may change in every one of the nested loops.
fn costly_to_compile() -> Vec<u8> {
    const LOCALS: usize = 2_000;
    const LOOPS: usize = 2_000;
    let mut body = String::new();
    for index in 0..LOOPS {
        body += &format!("(loop (local.set {0} (i64.add (local.get {0}) (i64.const 1))) ", index % LOCALS);
    }
    for index in 0..LOOPS {
        body += &format!("(br_if 0 (i64.eqz (local.get {}))))", index % LOCALS);
    }
    let locals = "i64 ".repeat(LOCALS);
    wat::parse_str(format!("(component (core module (func (local {locals}) {body})))")).unwrap()
}

#[test]
fn costly_module_is_put_into_quarantine() {
    // The wall time suffices on a slow machine, so that the CPU time is what ends the compilation.
    let site = Site::with_config("timeout_seconds = 600\n[compile]\ncpu_seconds = 1\nwall_seconds = 300\n");
    site.run_json();
    site.write("checks.d/costly.wasm", costly_to_compile());
    let first = site.run_json();
    let costly = check(&first, "costly");
    assert_eq!(costly["reason"], "compile_limit", "{costly:#}");
    assert_built_in_judged(&first);
    assert_eq!(site.count("runs"), 2);

    let second = site.run_json();
    let detail = check(&second, "costly")["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("in quarantine as "), "{detail}");
    assert!(site.execute(&["check", "list", "--format", "json"], 0).stdout.contains("in quarantine as "));

    let digest = detail.rsplit(' ').next().unwrap();
    assert_eq!(site.execute(&["check", "release", digest], 0).stdout, "released 1 module\n");
    site.execute(&["check", "release", digest], 1).error();
    site.execute(&["check", "release", "../../etc"], 2);
}

#[test]
fn module_within_the_limits_is_compiled_once() {
    let site = Site::new();
    site.drop_guest("misbehave", "fine");
    for _ in 0..2 {
        assert_eq!(check(&site.run_json(), "fine")["status"], "ok");
    }
    let compiled = std::fs::read_dir(site.path("data/cache")).unwrap().count();
    // Five modules, the description of each, and the key.
    assert_eq!(compiled, 11);
}

#[test]
fn compilation_without_time_left_is_tried_again_in_the_next_run() {
    let site = Site::with_config("[compile]\nwall_seconds = 1\n");
    site.run_json();
    site.write("checks.d/costly.wasm", costly_to_compile());
    for _ in 0..2 {
        let report = site.run_json();
        assert_eq!(check(&report, "costly")["reason"], "deadline", "{report:#}");
        // The built-in checks still have their time.
        assert_built_in_judged(&report);
    }
}
