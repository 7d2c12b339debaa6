//! Components that double: each level instantiates the one below twice.

use super::{Judged, Unknown, assert_outcomes};
use crate::support::check;
use crate::support::guest::Guest;

/// A check beside a component that has `2^levels` instances of a first one with these definitions.
fn doubled(levels: usize, first: &str) -> Vec<u8> {
    let mut components = format!("(component $level0 {first})");
    for level in 1..=levels {
        let twice = format!("(instance (instantiate $level{}))", level - 1).repeat(2);
        components += &format!("(component $level{level} {twice})");
    }
    Guest::with("")
        .outer(&format!("{components} (instance (instantiate $level{levels})) (core instance $outer)"))
        .wasm()
}

fn module_with(fields: &str) -> String {
    format!("(core module $module {fields}) (core instance (instantiate $module))")
}

#[test]
fn doubling_is_counted_before_it_is_compiled() {
    let globals = module_with(&"(global i32 (i32.const 0))".repeat(1_000));
    let refused = Unknown("compile_limit", "more than 1000 instances when it is instantiated");
    assert_outcomes([
        ("few-modules", doubled(7, &module_with("")), Judged),
        ("many-modules", doubled(18, &globals), refused),
        ("few-components", doubled(8, ""), Judged),
        ("many-components", doubled(18, ""), Unknown("compile_limit", "more than 1000 instances")),
        ("more-than-a-number-holds", doubled(200, ""), Unknown("compile_limit", "far more than 1000 instances")),
    ]);
}

#[test]
fn definitions_are_counted_in_every_instance() {
    let aliases = "(type (list u8))".repeat(1_000);
    assert_outcomes([
        ("few-definitions", doubled(6, &aliases), Judged),
        ("many-definitions", doubled(8, &aliases), Unknown("compile_limit", "more than 200000 definitions")),
    ]);
}

#[test]
fn segments_are_counted_in_every_instance() {
    let elements = |count: usize| {
        let list = "$function ".repeat(count);
        module_with(&format!("(table {count} funcref) (func $function) (elem (i32.const 0) {list})"))
    };
    // Copied in every call, without fuel.
    let data = module_with(&format!("(memory 16) (data (i32.const 0) \"{}\")", "x".repeat(1 << 20)));
    assert_outcomes([
        ("few-elements", doubled(2, &elements(10_000)), Judged),
        ("much-data", doubled(8, &data), Unknown("compile_limit", "bytes of segments")),
    ]);
}

#[test]
fn contexts_of_instances_count_as_memory() {
    let globals = |count: usize| module_with(&"(global v128 (v128.const i64x2 0 0))".repeat(count));
    assert_outcomes([
        // 128 instances of 1,000 globals of 16 bytes are 2 MiB; of 40,000 they are 80 MiB.
        ("few-globals", doubled(7, &globals(1_000)), Judged),
        ("many-globals", doubled(7, &globals(40_000)), Unknown("memory_limit", "67108864 bytes")),
    ]);
}

#[test]
fn instances_of_what_comes_from_outside_are_refused() {
    // A component that instantiates its argument twice, which another one may double again.
    let twice = r#"(component $twice
        (import "one" (component $one))
        (instance (instantiate $one)) (instance (instantiate $one)))
      (component $empty)
      (instance (instantiate $twice (with "one" (component $empty))))
      (core instance $outer)"#;
    let exported = r#"(component $maker (component $inner) (export "inner" (component $inner)))
      (instance $made (instantiate $maker))
      (alias export $made "inner" (component $inner))
      (instance (instantiate $inner))
      (core instance $outer)"#;
    let outside = || Unknown("compile_limit", "which cannot be counted");
    assert_outcomes([
        ("imported", Guest::with("").outer(twice).wasm(), outside()),
        ("exported", Guest::with("").outer(exported).wasm(), outside()),
    ]);
}

#[test]
fn small_module_has_no_large_image() {
    // Two bytes, almost 16 MiB apart, in each of thirty memories.
    let sparse = r#"(memory 256) (data (i32.const 0) "a") (data (i32.const 16777215) "b")"#;
    let modules = format!("(core module {sparse})").repeat(30);
    let image = Guest::with("").outer(&format!("{modules} (core instance $outer)")).wasm();
    let site = assert_outcomes([("image", image, Judged)]);
    let listed: serde_json::Value =
        serde_json::from_str(&site.execute(&["check", "list", "--format", "json"], 0).stdout).unwrap();
    let digest = check(&serde_json::json!({ "checks": listed }), "image")["digest"].as_str().unwrap().to_owned();
    let artifact = site.cache().join(digest).with_extension("cwasm");
    let artifact_bytes = std::fs::metadata(artifact).unwrap().len();
    assert!(artifact_bytes < 1 << 20, "{artifact_bytes}");
}

/// Tables take their elements from the compiler, as images take their data.
#[test]
fn machine_code_is_bounded_by_the_size_of_the_module() {
    // One element at the end of a table of a million: four bytes each, for a hundred bytes of WebAssembly.
    let table = "(table 1000000 funcref) (func $function) (elem (i32.const 999999) $function)";
    let modules = |count: usize| {
        let modules = format!("(core module {table})").repeat(count);
        Guest::with("").outer(&format!("{modules} (core instance $outer)")).wasm()
    };
    assert_outcomes([
        ("one-table", modules(1), Judged),
        ("many-tables", modules(40), Unknown("compile_limit", "for a module of its size")),
    ]);
}
