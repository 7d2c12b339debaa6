//! Modules of an odd shape: too much of something, too deep, too wide, or not the shape of a check at all.

use super::{Either, Judged, Unknown, assert_outcomes, assert_outcomes_of_fields};
use crate::support::guest::{Guest, section};

const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

/// Components within components. Built by hand: a parser of text would be the first to run out of stack.
fn nested_components(depth: usize) -> Vec<u8> {
    let mut component = COMPONENT.to_vec();
    for _ in 0..depth {
        component = [COMPONENT, &section(4, &component)].concat();
    }
    component
}

/// Component types within component types.
fn nested_types(depth: usize) -> Vec<u8> {
    // A component type with one declaration, which is a type.
    let mut component_type = vec![0x41, 0];
    for _ in 0..depth {
        component_type = [&[0x41, 1, 1], &component_type[..]].concat();
    }
    component_type.insert(0, 1);
    [COMPONENT, &section(7, &component_type)].concat()
}

/// An import of an instance with an instance with an instance in it.
fn nested_import(depth: usize) -> Vec<u8> {
    // An empty instance type; then types with two declarations, the previous type and its export as `x`.
    let mut instance_type = vec![0x42, 0];
    for _ in 0..depth {
        instance_type = [&[0x42, 2, 1], &instance_type[..], b"\x04\0\x01x\x05\0"].concat();
    }
    instance_type.insert(0, 1);
    let import = b"\x01\0\x01i\x05\0";
    [COMPONENT, &section(7, &instance_type), &section(10, import)].concat()
}

#[test]
fn endless_nesting_is_refused() {
    assert_outcomes([
        ("components-few", nested_components(10), Unknown("contract_mismatch", "describe")),
        ("components", nested_components(10_000), Either(&["contract_mismatch", "invalid_module", "compile_limit"])),
        ("import-few", nested_import(10), Unknown("denied_import", "import i")),
        // Deeper than wasmtime's validator expects: the process that compiles it panics.
        ("import", nested_import(200), Either(&["invalid_module", "compile_limit"])),
        // So deep that the compiler runs out of stack.
        ("types", nested_types(20_000), Either(&["invalid_module", "compile_limit"])),
    ]);
}

#[test]
fn deeply_nested_blocks_are_compiled_or_refused() {
    let nested = |block: &str, depth: usize| {
        format!("(func (param i32) {} {})", format!("{block} ").repeat(depth), "end ".repeat(depth))
    };
    let either = || Either(&["invalid_module", "compile_limit"]);
    assert_outcomes_of_fields([
        ("blocks", nested("block", 10_000), either()),
        ("loops", nested("loop", 2_000), either()),
        ("ifs", nested("local.get 0 if", 2_000), either()),
        ("operands", format!("(func {} {})", "i32.const 1 ".repeat(20_000), "drop ".repeat(20_000)), either()),
    ]);
}

#[test]
fn many_functions_and_long_ones_are_compiled() {
    let many = "(func (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))".repeat(3_000);
    // Some 200 KB in binary.
    let step = "(local.set 0 (i32.add (i32.mul (local.get 0) (i32.const 3)) (i32.const 1)))";
    let long = format!("(func (param i32) (result i32) {} (local.get 0))", step.repeat(18_000));
    let targets = format!("(func (param i32) (block (br_table {} (local.get 0))))", "0 ".repeat(50_000));
    let judged = || Either(&["compile_limit"]);
    assert_outcomes_of_fields([("many", many, judged()), ("long", long, judged()), ("targets", targets, judged())]);
}

#[test]
fn excess_of_any_item_is_refused() {
    let refused = || Either(&["invalid_module", "compile_limit", "contract_mismatch"]);
    let locals = format!("(func (local {}))", "i64 ".repeat(50_001));
    let exports: String = (0..50_000).map(|number| format!("(export \"e{number}\" (func $work))")).collect();
    let types: String = (0..50_000)
        .map(|number| format!("(type (func (param i32) (result {})))", ["i32", "i64"][number % 2]))
        .collect();
    let parameters = format!("(func (param {}))", "i32 ".repeat(1_001));
    let name = format!("(export \"{}\" (func $work))", "x".repeat(100_001));
    let cases = [
        ("locals", locals, Unknown("invalid_module", "")),
        ("parameters", parameters, Unknown("invalid_module", "")),
        ("name", name, Unknown("invalid_module", "")),
        ("exports", exports, refused()),
        ("types", types, refused()),
    ];
    assert_outcomes_of_fields(cases);
    let outer = |definitions: String| Guest::with("").outer(&format!("{definitions} (core instance $outer)")).wasm();
    assert_outcomes([
        ("component-types", outer("(type (list u8))".repeat(20_000)), refused()),
        ("record", outer(record(5_000)), refused()),
        ("modules", outer("(core module)".repeat(1_001)), Unknown("invalid_module", "")),
    ]);
}

fn record(fields: usize) -> String {
    let fields: String = (0..fields).map(|number| format!("(field \"f{number}\" u64)")).collect();
    format!("(type (record {fields}))")
}

/// Types that are short to write and vast to lay out: each is twice the one before.
#[test]
fn doubling_types_are_refused() {
    let mut definitions = "(type $t0 (tuple u8 u8))".to_owned();
    for level in 1..40 {
        definitions += &format!("(type $t{level} (tuple $t{0} $t{0}))", level - 1);
    }
    let outer = format!("{definitions} (core instance $outer)");
    assert_outcomes([("doubling", Guest::with("").outer(&outer).wasm(), Unknown("invalid_module", ""))]);
}

#[test]
fn right_names_with_other_shapes_do_not_match_the_contract() {
    let mismatch = || Unknown("contract_mismatch", "");
    let with = |original: &str, other: &str| Guest::with("").component_with(original, other);
    let lifted = "(core module $m (func (export \"f\"))) (core instance $i (instantiate $m))
        (func $f (canon lift (core func $i \"f\")))";
    let component = |exports: &str| wat::parse_str(format!("(component {lifted} {exports})")).unwrap();
    let all = ["describe", "needs", "evaluate"];
    let exported: Vec<String> = all.iter().map(|name| format!("(export \"{name}\" (func $f))")).collect();
    assert_outcomes([
        ("nothing", component(""), mismatch()),
        ("one-is-missing", component(&exported[..2].concat()), mismatch()),
        ("other-functions", component(&exported.concat()), mismatch()),
        (
            "instances",
            component(&all.map(|name| format!("(instance (export \"{name}\") (export \"f\" (func $f)))")).concat()),
            mismatch(),
        ),
        ("one-case-less", with(" \"unknown\")", ")"), mismatch()),
        ("one-case-more", with("\"unknown\")", "\"unknown\" \"worse\")"), mismatch()),
        ("other-names-of-cases", with("\"ok\"", "\"fine\""), mismatch()),
        ("one-field-less", with("(field \"title\" string)", ""), mismatch()),
        (
            "other-order",
            with(
                "(field \"name\" string) (field \"version\" string)",
                "(field \"version\" string) (field \"name\" string)",
            ),
            mismatch(),
        ),
        ("integer-for-float", with("(field \"value\" f64)))", "(field \"value\" u64)))"), mismatch()),
        ("other-parameter-name", with("(param \"settings\" $settings)", "(param \"options\" $settings)"), Judged),
    ]);
}
