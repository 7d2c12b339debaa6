//! Random modules: generated ones from a fixed seed, and real ones with flipped bits and missing ends.

use arbitrary::Unstructured;
use serde_json::Value;
use wasm_smith::{Component, Config, Module};

use super::{assert_whole, hostile_site, run};
use crate::support::guest::{Guest, section};
use crate::support::nested::check_with_nested_components;
use crate::support::root;

/// Little fuel, so that loops end at once.
const LIMITS: &str = "timeout_seconds = 3600\n[limits]\nfuel = 2000000\nevaluation_ms = 60000\n";

/// A generator that always yields the same numbers (`SplitMix64`).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next() as u8).collect()
    }
}

/// Runs these modules in one cycle, and asserts that each is judged or unknown for a known reason. Returns how many got
/// as far as running.
fn assert_judged_or_unknown(modules: impl IntoIterator<Item = Vec<u8>>) -> usize {
    let site = hostile_site(LIMITS);
    let mut count = 0;
    for (number, wasm) in modules.into_iter().enumerate() {
        site.write(&format!("checks.d/random-{number:03}.wasm"), wasm);
        count += 1;
    }
    let report = run(&site);
    assert_whole(&site, &report);
    let checks = report["checks"].as_array().unwrap();
    let random: Vec<&Value> =
        checks.iter().filter(|check| check["name"].as_str().unwrap().starts_with("random-")).collect();
    assert_eq!(random.len(), count);
    let unknown = random.iter().filter(|check| check["reason"].is_string()).count();
    for check in &random {
        assert!(check["reason"].is_string() || check["reason"].is_null(), "{check:#}");
        assert_eq!(check["reason"].is_string(), check["detail"].is_string(), "{check:#}");
    }
    assert_eq!(site.count("notifications WHERE level = 'UNKNOWN' AND check_name LIKE 'random-%'"), unknown as i64);
    let runs =
        |reason: &Value| !["invalid_module", "contract_mismatch", "denied_import"].map(Value::from).contains(reason);
    random.iter().filter(|check| runs(&check["reason"])).count()
}

/// Every feature that the generator knows and that needs no import.
fn config() -> Config {
    Config { max_imports: 0, max_memories: 3, max_tables: 3, threads_enabled: true, ..Config::default() }
}

/// A generated module that exports `work`.
fn working_module(numbers: &mut Numbers, config: Config) -> Vec<u8> {
    let exports = wat::parse_str("(module (func (export \"work\")))").unwrap();
    let config = Config { exports: Some(exports), ..config };
    Module::new(config, &mut Unstructured::new(&numbers.bytes(2_000))).unwrap().to_bytes()
}

/// A check that calls into another core module while it evaluates.
fn calling(module: &[u8]) -> Vec<u8> {
    const CORE_MODULE: u8 = 1;
    // Text cannot hold a binary module, so the module replaces a stand-in, the first one in the component.
    let outer = "(core module (func (export \"work\"))) (core instance $outer (instantiate 0))";
    let fields = "\n(import \"outer\" \"work\" (func $random))\n(func $work (export \"work\") (call $random))";
    let component = Guest::with(fields).outer(outer).wasm();
    let stand_in = section(CORE_MODULE, &wat::parse_str("(module (func (export \"work\")))").unwrap());
    let at = component.windows(stand_in.len()).position(|window| window == stand_in).unwrap();
    [&component[..at], &section(CORE_MODULE, module), &component[at + stand_in.len()..]].concat()
}

#[test]
fn random_core_modules_in_a_check_are_judged_or_unknown() {
    let mut numbers = Numbers(1);
    // Only features that every engine supports, so that many modules get as far as running.
    let settled = || Config {
        gc_enabled: false,
        reference_types_enabled: false,
        max_tables: 1,
        exceptions_enabled: false,
        compact_imports_enabled: false,
        relaxed_simd_enabled: false,
        threads_enabled: false,
        custom_page_sizes_enabled: false,
        wide_arithmetic_enabled: false,
        shared_everything_threads_enabled: false,
        ..config()
    };
    let ran = assert_judged_or_unknown((0..100).map(|_| calling(&working_module(&mut numbers, settled()))));
    assert!(ran > 30, "{ran} ran");
}

#[test]
fn random_core_modules_with_everything_on_are_judged_or_unknown() {
    let mut numbers = Numbers(2);
    assert_judged_or_unknown((0..50).map(|_| calling(&working_module(&mut numbers, config()))));
}

#[test]
fn random_modules_and_components_are_no_checks() {
    let mut numbers = Numbers(3);
    let modules: Vec<_> = (0..50)
        .map(|_| Module::new(Config::default(), &mut Unstructured::new(&numbers.bytes(1_000))).unwrap().to_bytes())
        .collect();
    let components: Vec<_> = (0..50)
        .filter_map(|_| Component::new(Config::default(), &mut Unstructured::new(&numbers.bytes(1_000))).ok())
        .map(|component| component.to_bytes())
        .collect();
    assert!(components.len() > 25);
    assert_eq!(assert_judged_or_unknown(modules.into_iter().chain(components)), 0);
}

#[test]
fn nested_components_are_judged_or_unknown() {
    let mut numbers = Numbers(6);
    let ran = assert_judged_or_unknown(
        (0..100).map(|_| check_with_nested_components(&mut Unstructured::new(&numbers.bytes(1_000))).unwrap()),
    );
    assert!(ran > 50, "{ran} ran");
}

#[test]
fn damaged_real_check_is_judged_or_unknown() {
    let mut numbers = Numbers(4);
    let real = std::fs::read(root().join("checks/prebuilt/cpu.wasm")).unwrap();
    let flipped = |numbers: &mut Numbers| {
        let mut bytes = real.clone();
        for _ in 0..1 + numbers.below(4) {
            let at = numbers.below(bytes.len());
            bytes[at] ^= 1 << numbers.below(8);
        }
        bytes
    };
    let mut modules: Vec<_> = (0..40).map(|_| flipped(&mut numbers)).collect();
    modules.extend((0..20).map(|_| real[..numbers.below(real.len())].to_vec()));
    assert_judged_or_unknown(modules);
}

#[test]
fn text_guest_with_flipped_bits_is_judged_or_unknown() {
    let mut numbers = Numbers(5);
    // Smaller than a real check, so that more flips hit what matters: types, the ABI, code.
    let real = Guest::with("").wasm();
    let ran = assert_judged_or_unknown((0..150).map(|_| {
        let mut bytes = real.clone();
        let at = 8 + numbers.below(bytes.len() - 8);
        bytes[at] ^= 1 << numbers.below(8);
        bytes
    }));
    assert!(ran > 30, "{ran} ran");
}
