//! Guests that do not end, or that do far more per instruction than it seems: fuel ends them all, and always the same
//! amount of it.

use super::{
    Judged, LIMITS, Unknown, assert_outcomes_of_fields, assert_outcomes_of_work, assert_outcomes_with_config,
    hostile_site, run,
};
use crate::support::check;
use crate::support::guest::Guest;

const SPENT: super::Outcome = Unknown("out_of_fuel", "units of fuel");

#[test]
fn bulk_instructions_cost_fuel_by_what_they_move() {
    let forever = |instruction: &str| format!("(loop $again {instruction} (br $again))");
    let big = "(memory $big 256) (table $table 1000000 funcref) (data $bytes \"0123456789\") (elem $one func $work)";
    let fields = |instruction: &str| format!("{big} (func $work (export \"work\") {})", forever(instruction));
    assert_outcomes_of_fields([
        ("nothing", fields(""), SPENT),
        ("memory-fill", fields("(memory.fill $big (i32.const 0) (i32.const 1) (i32.const 16777216))"), SPENT),
        ("memory-copy", fields("(memory.copy $big $big (i32.const 0) (i32.const 1) (i32.const 16777215))"), SPENT),
        ("memory-init", fields("(memory.init $big $bytes (i32.const 0) (i32.const 0) (i32.const 10))"), SPENT),
        ("table-fill", fields("(table.fill $table (i32.const 0) (ref.null func) (i32.const 1000000))"), SPENT),
        ("table-copy", fields("(table.copy $table $table (i32.const 0) (i32.const 1) (i32.const 999999))"), SPENT),
        ("table-init", fields("(table.init $table $one (i32.const 0) (i32.const 0) (i32.const 1))"), SPENT),
    ]);
}

#[test]
fn growing_by_nothing_ends_too() {
    let forever = |instruction: &str| format!("(loop $again (drop ({instruction} (i32.const 0))) (br $again))");
    // Fuel ends it, or the limit on how often memory may grow.
    let stopped = || super::Either(&["out_of_fuel", "memory_limit"]);
    let table = format!(
        "(table $table 1 funcref) (func $work (export \"work\") {})",
        forever("table.grow $table (ref.null func)")
    );
    let site = assert_outcomes_of_fields([
        ("memory-grow", format!("(func $work (export \"work\") {})", forever("memory.grow")), stopped()),
        ("table-grow", table, stopped()),
    ]);
    assert_eq!(site.count("evaluations WHERE instance LIKE '%-grow' AND reason IS NULL"), 0);
}

#[test]
fn loops_of_every_kind_end() {
    assert_outcomes_of_fields([
        ("recursion", "(func $work (export \"work\") (call $work) (call $work))", Unknown("stack_overflow", "")),
        ("tail-calls", "(func $work (export \"work\") (return_call $work))", SPENT),
        (
            "indirect-calls",
            "(type $f (func)) (table funcref (elem $nothing)) (func $nothing)
             (func $work (export \"work\") (loop $again (call_indirect (type $f) (i32.const 0)) (br $again)))",
            SPENT,
        ),
        ("describe", "(func (export \"describe\") (result i32) (loop $again (br $again)) unreachable)", SPENT),
        (
            "needs",
            "(func (export \"needs\") (param i32 i32) (result i32) (loop $again (br $again)) unreachable)",
            SPENT,
        ),
        ("start", "(func $forever (loop $again (br $again))) (start $forever)", SPENT),
        ("after-describe", "(func (export \"after-describe\") (param i32) (loop $again (br $again)))", SPENT),
        ("after-needs", "(func (export \"after-needs\") (param i32) (loop $again (br $again)))", SPENT),
        ("after-evaluate", "(func (export \"after-evaluate\") (param i32) (loop $again (br $again)))", SPENT),
        (
            "realloc",
            "(func (export \"realloc\") (param i32 i32 i32 i32) (result i32) (loop $again (br $again)) unreachable)",
            SPENT,
        ),
    ]);
}

#[test]
fn call_chain_within_the_stack_is_judged() {
    let depth = |calls: u32| {
        format!(
            "(func $down (param i32) (result i32)
               (if (result i32) (local.get 0)
                 (then (i32.add (call $down (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))
                 (else (i32.const 0))))
             (func $work (export \"work\") (drop (call $down (i32.const {calls}))))"
        )
    };
    assert_outcomes_of_fields([
        ("shallow", depth(1_000), Judged),
        ("deep", depth(1_000_000), Unknown("stack_overflow", "524288 bytes of stack")),
    ]);
}

#[test]
fn equal_work_uses_equal_fuel_and_fails_with_one_unit_less() {
    let counting = "(local $left i32) (local.set $left (i32.const 1000000))
        (loop $next (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))";
    let guest = || Guest::with_work(counting).wasm();
    // A fresh site each time: the previous status is part of the input.
    let fuel = || {
        let site = hostile_site(LIMITS);
        site.write("checks.d/counting.wasm", guest());
        check(&run(&site), "counting")["fuel"].as_u64().unwrap()
    };
    let used = fuel();
    assert!(used > 1_000_000, "{used}");
    assert_eq!(fuel(), used, "the same work uses the same fuel");
    let limits = |fuel: u64| LIMITS.replace("20000000", &fuel.to_string());
    assert_outcomes_with_config(&limits(used), [("counting", guest(), Judged)]);
    assert_outcomes_with_config(&limits(used - 1), [("counting", guest(), SPENT)]);
}

#[test]
fn finite_bulk_work_is_judged() {
    assert_outcomes_of_work([
        ("memory-fill-once", "(memory.fill (i32.const 16384) (i32.const 1) (i32.const 65536))", Judged),
        ("memory-grow-none", "(drop (memory.grow (i32.const 0)))", Judged),
    ]);
}
