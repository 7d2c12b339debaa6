//! Components that double, nest, alias and repeat. What is not refused before it is compiled must compile and run in
//! bounded time and memory, in this process, where no limits of a child help.

#![no_main]

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use arbitrary::Unstructured;
use checkpost_fuzz::nested::check_with_nested_components;
use checkpost_fuzz::{Judge, seeds};
use libfuzzer_sys::fuzz_target;

static JUDGE: LazyLock<Judge> = LazyLock::new(|| Judge::new(1));

/// Time that a small module may take, and more for each of its bytes. Memory is bounded by the fuzzer, and the size of
/// machine code by the sandbox.
const LEAST: Duration = Duration::from_secs(5);
const EACH_BYTE: Duration = Duration::from_micros(500);

fuzz_target!(init: seeds::plant("nested", seeds::random()), |bytes: &[u8]| {
    if let Ok(module) = check_with_nested_components(&mut Unstructured::new(bytes)) {
        let began = Instant::now();
        JUDGE.judge(&module);
        let most = LEAST + EACH_BYTE * module.len() as u32;
        assert!(began.elapsed() < most, "{:?} for {} bytes", began.elapsed(), module.len());
    }
});
