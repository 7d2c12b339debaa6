//! Memory bombs: growth, many memories, many instances, tables. The limit is 64 MiB, which is 1,024 pages; a guest
//! starts with two, and the contexts of its instances take less than another one.

use super::{Judged, Unknown, assert_outcomes, assert_outcomes_of_fields, assert_outcomes_of_work};
use crate::support::guest::Guest;

const OVER: super::Outcome = Unknown("memory_limit", "67108864 bytes");

#[test]
fn guest_memory_grows_up_to_the_limit_and_no_further() {
    let one_by_one = |pages: u32| {
        format!(
            "(local $left i32) (local.set $left (i32.const {pages}))
             (loop $next
               (drop (memory.grow (i32.const 1)))
               (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))"
        )
    };
    let at_once = |pages: u32| format!("(drop (memory.grow (i32.const {pages})))");
    assert_outcomes_of_work([
        ("within-at-once", at_once(1_021), Judged),
        ("over-at-once", at_once(1_022), OVER),
        ("all-at-once", at_once(65_534), OVER),
        ("more-than-there-is", at_once(u32::MAX), OVER),
        ("within-one-by-one", one_by_one(1_021), Judged),
        ("over-one-by-one", one_by_one(1_022), OVER),
        ("on-and-on", "(loop $next (drop (memory.grow (i32.const 1))) (br $next))".to_owned(), OVER),
    ]);
}

#[test]
fn memories_are_counted_together() {
    let memories = |count: usize| "(memory 64)".repeat(count);
    // Each instance brings a memory of its own.
    let instances = |count: usize| {
        let instances = "(core instance (instantiate $memory))".repeat(count);
        let outer = format!("(core module $memory (memory 64)) {instances} (core instance $outer)");
        Guest::with("").outer(&outer).wasm()
    };
    assert_outcomes([
        ("few-memories", Guest::with(&memories(15)).wasm(), Judged),
        ("many-memories", Guest::with(&memories(16)).wasm(), OVER),
        ("few-instances", instances(15), Judged),
        ("many-instances", instances(16), OVER),
    ]);
}

#[test]
fn declared_memory_is_limited_before_it_is_allocated() {
    let all = "(memory (export \"memory\") 65536)";
    let more_than_all = "(memory (export \"memory\") 65537)";
    assert_outcomes_of_fields([
        ("declares-all", all, OVER),
        ("declares-a-maximum", "(memory (export \"memory\") 2 65536)", Judged),
        ("data-within", "(memory 1) (data (memory 1) (i32.const 65535) \"x\")", Judged),
        (
            "data-out-of-bounds",
            "(memory 1) (data (memory 1) (i32.const 65536) \"x\")",
            Unknown("trap", "out of bounds"),
        ),
        ("elements-out-of-bounds", "(table 1 funcref) (elem (i32.const 1) $work)", Unknown("trap", "out of bounds")),
    ]);
    // The parser of the text format accepts it.
    assert_outcomes([("declares-more", Guest::with(more_than_all).wasm(), Unknown("invalid_module", "memory size"))]);
}

#[test]
fn tables_count_as_memory() {
    // What two pages and the contexts leave of the limit, at eight bytes per element.
    const ELEMENTS: u32 = ((64 << 20) - (3 << 16)) / 8;
    const OVER_BY: u32 = (1 << 16) / 8;
    let declared = |elements: u32| format!("(table {elements} funcref)");
    let many = |count: usize| "(table 100000 funcref)".repeat(count);
    let grown = |elements: u32| {
        format!(
            "(table $table 0 funcref)
             (func $work (export \"work\")
               (drop (table.grow $table (ref.null func) (i32.const {elements}))))"
        )
    };
    assert_outcomes_of_fields([
        ("table-within", declared(ELEMENTS), Judged),
        ("table-over", declared(ELEMENTS + OVER_BY), OVER),
        ("table-beyond-what-engines-take", declared(u32::MAX), OVER),
        ("few-tables", many(83), Judged),
        ("many-tables", many(84), OVER),
        ("table-grown-within", grown(1_000), Judged),
        ("table-grown-over", grown(ELEMENTS + OVER_BY), OVER),
    ]);
}

#[test]
fn empty_memories_cannot_exhaust_the_address_space() {
    // Every memory reserves gigabytes of addresses, whatever its size.
    let crowd = |instances: usize, memories: usize| {
        let module = "(memory 0)".repeat(memories);
        let instances = "(core instance (instantiate $memories))".repeat(instances);
        Guest::with("").outer(&format!("(core module $memories {module}) {instances} (core instance $outer)")).wasm()
    };
    let too_many = |what| Unknown("memory_limit", what);
    assert_outcomes([
        ("hundred", crowd(1, 99), Judged),
        ("hundreds", crowd(2, 99), too_many("more than 1000 instances, 100 memories or 1000 tables")),
        // The host's own memory for so many memories is too much.
        ("hundred-thousand", crowd(900, 99), OVER),
        ("too-many-instances", crowd(1_001, 0), Unknown("compile_limit", "more than 1000 instances")),
    ]);
}
