//! Arbitrary bytes as a module file.

#![no_main]

use std::sync::LazyLock;

use checkpost_fuzz::{Judge, seeds};
use libfuzzer_sys::fuzz_target;

static JUDGE: LazyLock<Judge> = LazyLock::new(|| Judge::new(1));

fuzz_target!(init: seeds::plant("module", seeds::modules()), |bytes: &[u8]| JUDGE.judge(bytes));
