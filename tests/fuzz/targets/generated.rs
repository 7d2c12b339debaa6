//! Valid core modules that wasm-smith generates from the bytes, called by a valid check.

#![no_main]

use std::sync::LazyLock;

use arbitrary::Unstructured;
use checkpost_fuzz::guest::Guest;
use checkpost_fuzz::{Around, Judge, module_section, seeds};
use libfuzzer_sys::fuzz_target;
use wasm_smith::{Config, Module};

/// So many evaluations that the sandbox allocates from a pool.
static JUDGE: LazyLock<Judge> = LazyLock::new(|| Judge::new(1_000));

/// What the generated modules must export.
static EXPORTS: LazyLock<Vec<u8>> = LazyLock::new(|| wat::parse_str("(module (func (export \"work\")))").unwrap());

/// A check that calls into another core module while it evaluates.
static CHECK: LazyLock<Around> = LazyLock::new(|| {
    let outer = "(core module (func (export \"work\"))) (core instance $outer (instantiate 0))";
    let fields = "\n(import \"outer\" \"work\" (func $work))\n(func $call (export \"work\") (call $work))";
    Around::new(&module_section(&EXPORTS), &Guest::with(fields).outer(outer).wasm())
});

/// Mostly features that the engine supports, so that most modules get as far as running; sometimes every feature that
/// the generator knows.
fn config(bytes: &mut Unstructured<'_>) -> arbitrary::Result<Config> {
    let everything = bytes.ratio(1, 8)?;
    Ok(Config {
        exports: Some(EXPORTS.clone()),
        max_imports: 0,
        // Small, or most modules would exceed the limits and never run.
        max_memories: 3,
        max_memory32_bytes: 1 << 20,
        max_memory64_bytes: 1 << 20,
        max_tables: if everything { 3 } else { 1 },
        max_table_elements: 10_000,
        gc_enabled: everything,
        reference_types_enabled: everything,
        exceptions_enabled: everything,
        compact_imports_enabled: everything,
        relaxed_simd_enabled: everything,
        threads_enabled: everything,
        custom_page_sizes_enabled: everything,
        wide_arithmetic_enabled: everything,
        shared_everything_threads_enabled: everything,
        ..Config::default()
    })
}

fn module(bytes: &[u8]) -> arbitrary::Result<Vec<u8>> {
    let mut bytes = Unstructured::new(bytes);
    Ok(Module::new(config(&mut bytes)?, &mut bytes)?.to_bytes())
}

fuzz_target!(init: seeds::plant("generated", seeds::random()), |bytes: &[u8]| {
    if let Ok(module) = module(bytes) {
        JUDGE.judge(&CHECK.put(&module_section(&module)));
    }
});
