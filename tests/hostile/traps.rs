//! Traps wherever guest code runs, and the allocator that the host must ask for memory.

use super::{Judged, Unknown, assert_outcomes, assert_outcomes_of_fields, assert_outcomes_of_work};
use crate::support::guest::Guest;

const TRAP: super::Outcome = Unknown("trap", "unreachable");

#[test]
fn trap_is_a_trap_wherever_it_happens() {
    assert_outcomes_of_fields([
        ("describe", "(func (export \"describe\") (result i32) unreachable)", TRAP),
        ("needs", "(func (export \"needs\") (param i32 i32) (result i32) unreachable)", TRAP),
        ("evaluate", "(func $work (export \"work\") unreachable)", TRAP),
        ("start", "(func $start unreachable) (start $start)", TRAP),
        ("after-describe", "(func (export \"after-describe\") (param i32) unreachable)", TRAP),
        ("after-needs", "(func (export \"after-needs\") (param i32) unreachable)", TRAP),
        ("after-evaluate", "(func (export \"after-evaluate\") (param i32) unreachable)", TRAP),
        ("realloc", "(func (export \"realloc\") (param i32 i32 i32 i32) (result i32) unreachable)", TRAP),
    ]);
}

#[test]
fn traps_of_every_kind_are_named() {
    assert_outcomes_of_work([
        ("division", "(drop (i32.div_s (i32.const 1) (i32.const 0)))", Unknown("trap", "divide by zero")),
        ("overflow", "(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))", Unknown("trap", "integer overflow")),
        ("conversion", "(drop (i32.trunc_f64_s (f64.const nan)))", Unknown("trap", "conversion to integer")),
        ("load", "(drop (i64.load (i32.const -8)))", Unknown("trap", "out of bounds memory access")),
        (
            "fill",
            "(memory.fill (i32.const 0) (i32.const 0) (i32.const 131073))",
            Unknown("trap", "out of bounds memory access"),
        ),
    ]);
    assert_outcomes_of_fields([
        (
            "null-call",
            "(type $f (func)) (table 1 funcref)
             (func $work (export \"work\") (call_indirect (type $f) (i32.const 0)))",
            Unknown("trap", "uninitialized element"),
        ),
        (
            "mistyped-call",
            "(type $f (func (result i32))) (table funcref (elem $work))
             (func $work (export \"work\") (drop (call_indirect (type $f) (i32.const 0))))",
            Unknown("trap", "indirect call type mismatch"),
        ),
    ]);
}

#[test]
fn lying_allocator_harms_only_its_own_memory() {
    let realloc =
        |instructions: &str| format!("(func (export \"realloc\") (param i32 i32 i32 i32) (result i32) {instructions})");
    assert_outcomes_of_fields([
        ("out-of-bounds", realloc("(i32.const -8)"), Unknown("invalid_output", "realloc")),
        ("at-the-end", realloc("(i32.const 131064)"), Unknown("invalid_output", "realloc")),
        ("misaligned", realloc("(i32.const 16385)"), Unknown("invalid_output", "realloc")),
        // Every allocation at one address, over what the guest wanted to keep.
        ("always-the-same", realloc("(i32.const 16384)"), Judged),
        ("growing", realloc("(drop (memory.grow (i32.const 2000))) (i32.const 16384)"), Unknown("memory_limit", "")),
    ]);
}

/// A guest whose outer instance is one of its own functions, lifted into the component's types and lowered again.
#[test]
fn running_guest_cannot_be_reentered() {
    let outer = "
        (core module $inner (func (export \"f\")))
        (core instance $i (instantiate $inner))
        (func $lifted (canon lift (core func $i \"f\")))
        (core func $lowered (canon lower (func $lifted)))
        (core instance $outer (export \"f\" (func $lowered)))";
    let fields = "\n(import \"outer\" \"f\" (func $f))\n(func $work (export \"work\") (call $f))";
    assert_outcomes([(
        "reentrant",
        Guest::with(fields).outer(outer).wasm(),
        Unknown("trap", "cannot enter component"),
    )]);
}
