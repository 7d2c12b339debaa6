//! Proposals for WebAssembly: a guest that uses one is judged or refused, and every feature that could tell machines or
//! runs apart is off.

use super::{Either, Judged, Unknown, assert_outcomes, assert_outcomes_of_fields};

#[test]
fn nondeterministic_proposals_are_off() {
    let off = || Unknown("invalid_module", "");
    assert_outcomes_of_fields([
        ("shared-memory", "(memory 1 1 shared)", off()),
        ("atomics", "(func (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1))))", off()),
        ("relaxed-simd", "(func (param v128) (result v128) (f32x4.relaxed_min (local.get 0) (local.get 0)))", off()),
        ("shared-everything", "(global (shared i32) (i32.const 0))", off()),
    ]);
}

#[test]
fn settled_proposals_are_on() {
    assert_outcomes_of_fields([
        ("simd", "(func (param v128) (result v128) (f32x4.min (local.get 0) (local.get 0)))", Judged),
        ("tail-calls", "(func $tail (return_call $tail))", Judged),
        ("multi-memory", "(memory 1) (memory 1)", Judged),
        ("multi-value", "(func (result i32 i32) (i32.const 1) (i32.const 2))", Judged),
        ("extended-constants", "(global i32 (i32.add (i32.const 1) (i32.const 2)))", Judged),
    ]);
}

#[test]
fn other_proposals_are_judged_or_refused() {
    let either = || Either(&["invalid_module"]);
    assert_outcomes_of_fields([
        ("memory64", "(memory i64 1)", either()),
        ("table64", "(table i64 1 funcref)", either()),
        ("external-references", "(table 1 externref)", either()),
        ("typed-references", "(type $f (func)) (func (param (ref null $f)) (call_ref $f (local.get 0)))", either()),
        ("garbage-collection", "(type $s (struct (field i32))) (func (drop (struct.new $s (i32.const 1))))", either()),
        ("arrays", "(type $a (array i8)) (func (drop (array.new $a (i32.const 0) (i32.const -1))))", either()),
        ("exceptions", "(tag $t) (func (throw $t))", either()),
        (
            "stack-switching",
            "(type $f (func)) (type $c (cont $f)) (elem declare func $work) (func (drop (cont.new $c (ref.func $work))))",
            either(),
        ),
        ("wide-arithmetic", "(func (param i64) (drop (drop (i64.mul_wide_u (local.get 0) (local.get 0)))))", either()),
        ("custom-page-sizes", "(memory 1 (pagesize 1))", either()),
    ]);
}

#[test]
fn uncaught_exceptions_and_endless_objects_stop() {
    let either = || Either(&["invalid_module", "trap", "memory_limit", "out_of_fuel"]);
    assert_outcomes_of_fields([
        ("uncaught", "(tag $t) (func $work (export \"work\") (throw $t))", either()),
        (
            "objects",
            "(type $a (array i8)) (global $kept (mut (ref null $a)) (ref.null $a))
             (func $work (export \"work\")
               (loop $again (global.set $kept (array.new $a (i32.const 0) (i32.const 1000000))) (br $again)))",
            either(),
        ),
    ]);
}

#[test]
fn memory64_has_the_same_limit() {
    let refused = || Either(&["invalid_module", "memory_limit"]);
    let site = assert_outcomes_of_fields([
        ("declared", "(memory i64 0x100000000)", refused()),
        (
            "grown",
            "(memory i64 0) (func $work (export \"work\") (drop (memory.grow 1 (i64.const 0xffffffff))))",
            refused(),
        ),
        ("table", "(table i64 0xffffffffff funcref)", refused()),
    ]);
    assert_eq!(site.count("evaluations WHERE reason IS NULL AND instance IN ('declared', 'grown', 'table')"), 0);
}

#[test]
fn asynchronous_components_are_off() {
    let component = "(component
        (core module $m (func (export \"f\") (result i32) (i32.const 0)) (func (export \"c\") (param i32 i32 i32) (result i32) (i32.const 0)))
        (core instance $i (instantiate $m))
        (func (export \"evaluate\") async (canon lift (core func $i \"f\") async (callback (core func $i \"c\")))))";
    let wasm = wat::parse_str(component).unwrap();
    assert_outcomes([("async", wasm, Either(&["invalid_module", "contract_mismatch"]))]);
}
