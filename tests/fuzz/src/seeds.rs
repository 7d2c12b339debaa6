//! The initial corpus. It is written when a target starts, so that it matches the current contract and checks.

use std::fs;

use crate::guest::{Guest, data};
use crate::root;

/// Writes these files into the corpus of a target.
pub fn plant(target: &str, seeds: impl IntoIterator<Item = (String, Vec<u8>)>) {
    let corpus = root().join("tests/fuzz/corpus").join(target);
    fs::create_dir_all(&corpus).unwrap();
    for (name, bytes) in seeds {
        fs::write(corpus.join(name), bytes).unwrap();
    }
}

/// Bytes without a pattern, enough for a module that does something.
pub fn random() -> impl Iterator<Item = (String, Vec<u8>)> {
    (1..=32_u64).map(|number| {
        let mut state = number;
        let bytes = (0..1_000).map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        });
        (format!("random-{number:02}"), bytes.collect())
    })
}

/// Modules of every kind: built-in checks, small guests, modules that are no check, and bytes that are no module.
pub fn modules() -> Vec<(String, Vec<u8>)> {
    let mut modules: Vec<_> = ["cpu", "memory", "disk", "network"].map(built_in).into();
    let guests = [
        ("fine", Guest::with("").wasm()),
        ("loop", Guest::with_work("(loop (br 0))").wasm()),
        ("trap", Guest::with_work("(unreachable)").wasm()),
        ("grow", Guest::with_work("(loop (drop (memory.grow (i32.const 1))) (br 0))").wasm()),
        ("nan", Guest::with(&data(3136, [0xff; 64])).wasm()),
        ("wasi", Guest::with("").component_with("  OUTER\n", WASI)),
        ("types", wat::parse_str(TYPES).unwrap()),
        ("empty-component", wat::parse_str("(component)").unwrap()),
        ("empty-module", wat::parse_str("(module)").unwrap()),
        ("core", core_module()),
    ];
    modules.extend(guests.map(|(name, bytes)| (name.to_owned(), bytes)));
    modules
}

/// A check that asks WASI for a random number.
const WASI: &str = r#"
  (import "wasi:random/random@0.2.0" (instance $random (export "get-random-u64" (func (result u64)))))
  (core func $number (canon lower (func $random "get-random-u64")))
  (core instance $outer (export "work" (func $number)))
"#;

/// A component with the import that every check built with the SDK has.
const TYPES: &str = r#"(component (import "checkpost:check/types@0.1.0"
    (instance (type (enum "ok" "warning")) (export "status" (type (eq 0))))))"#;

fn built_in(name: &str) -> (String, Vec<u8>) {
    (name.to_owned(), fs::read(root().join("checks/prebuilt").join(name).with_extension("wasm")).unwrap())
}

/// A core module with a component type, like the SDK's builds before they are packed.
fn core_module() -> Vec<u8> {
    use wit_component::{StringEncoding, dummy_module, embed_component_metadata};
    use wit_parser::{LiftLowerAbi, ManglingAndAbi, Resolve};

    let mut contract = Resolve::default();
    let (package, _) = contract.push_path(root().join("wit")).unwrap();
    let world = contract.select_world(&[package], Some("check")).unwrap();
    let mut module = dummy_module(&contract, world, ManglingAndAbi::Legacy(LiftLowerAbi::Sync));
    embed_component_metadata(&mut module, &contract, world, StringEncoding::UTF8).unwrap();
    module
}
