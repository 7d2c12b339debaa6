//! A check with arbitrary verdicts, compiled once: the bytes come as its only setting, and it copies them to where its
//! answers lie. Some seventy times as fast as `answers`, and all the time is spent in the host's own code.

#![no_main]

use std::sync::LazyLock;

use checkpost_fuzz::answers;
use checkpost_fuzz::guest::Guest;
use checkpost_fuzz::{Judge, seeds};
use checkpost_model::check::{SettingValue, Settings};
use checkpost_sandbox::Module;
use libfuzzer_sys::fuzz_target;

/// Parameters 3 and 4 of evaluate, counted from 0, are the settings. Sixteen bytes into the only setting lies the
/// address of its numbers.
const EVALUATE: &str = r#"(func (export "evaluate") (param i64 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
    (memory.copy (i32.const 1024) (i32.load offset=16 (local.get 3)) (i32.const 4096))
    (i32.const 3072))"#;

static CHECK: LazyLock<(Judge, Module)> = LazyLock::new(|| {
    let judge = Judge::new(1);
    let module = judge.load(&Guest::with(EVALUATE).wasm());
    (judge, module)
});

fn numbers(bytes: &[u8]) -> Vec<f64> {
    bytes.chunks_exact(8).map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap())).collect()
}

fuzz_target!(init: seeds::plant("verdicts", answers::seeds()), |bytes: &[u8]| {
    let answer = SettingValue::Numbers(numbers(&answers::filled(bytes)));
    let settings = Settings::from([("answer".to_owned(), answer)]);
    let (judge, module) = &*CHECK;
    judge.evaluate(module, &settings);
});
