//! A valid check with arbitrary answers: the bytes are placed in its memory where its answers lie.

#![no_main]

use std::sync::LazyLock;

use checkpost_fuzz::answers::{self, AT, BYTES};
use checkpost_fuzz::guest::{Guest, data};
use checkpost_fuzz::{Around, Judge, seeds};
use libfuzzer_sys::fuzz_target;

static JUDGE: LazyLock<Judge> = LazyLock::new(|| Judge::new(1));

static CHECK: LazyLock<Around> = LazyLock::new(|| {
    let stand_in: Vec<u8> = (0..BYTES).map(|number| (number * 7 + number / 256) as u8).collect();
    Around::new(&stand_in, &Guest::with(&data(AT, &stand_in)).wasm())
});

fuzz_target!(init: seeds::plant("answers", answers::seeds()), |bytes: &[u8]| {
    JUDGE.judge(&CHECK.put(&answers::filled(bytes)));
});
