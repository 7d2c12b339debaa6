//! Results that break the canonical ABI: pointers out of bounds, lists that are not there, cases that do not exist.
//! `tests/guests/wat/fine.wat` describes the layout of a guest's memory.

use super::{Judged, LIMITS, Unknown, assert_outcomes_of_fields, assert_outcomes_with_config};
use crate::support::guest::{Guest, data, words};

const BROKEN: super::Outcome = Unknown("invalid_output", "");
const TOO_MUCH: super::Outcome = Unknown("output_limit", "");

/// A list of one measure, for the verdict.
fn measure(warning: &[u8]) -> String {
    words(3164, &[4096, 1]) + &words(4096, &[64, 4, 0, 0, 64, 4]) + &data(4096 + 24, warning)
}

#[test]
fn lists_out_of_bounds_are_not_read() {
    let verdicts = |at: u32, length: u32| words(3076, &[at, length]);
    assert_outcomes_of_fields([
        ("none", verdicts(0, 0), Judged),
        ("two-thousand-million", verdicts(3136, 1 << 31), BROKEN),
        ("all-there-could-be", verdicts(3136, u32::MAX), BROKEN),
        ("overflows-a-multiplication", verdicts(3136, u32::MAX / 44 + 1), BROKEN),
        ("out-of-bounds", verdicts(0x8000_0000, 1), BROKEN),
        ("over-the-end", verdicts(131_072 - 40, 1), BROKEN),
        ("misaligned", verdicts(3137, 1), BROKEN),
        ("measures", words(3164, &[4096, 1 << 31]), BROKEN),
        ("attributes", words(3172, &[4096, 1 << 31]), BROKEN),
        ("settings", words(1048, &[4096, 1 << 31]), BROKEN),
        ("needs", words(2048, &[0, 4096, 1 << 31]), BROKEN),
    ]);
}

#[test]
fn results_out_of_bounds_are_not_read() {
    let describe = |at: &str| format!("(func (export \"describe\") (result i32) (i32.const {at}))");
    assert_outcomes_of_fields([
        ("out-of-bounds", describe("-4"), BROKEN),
        ("over-the-end", describe("131068"), BROKEN),
        ("misaligned", describe("1025"), BROKEN),
    ]);
}

#[test]
fn strings_must_be_in_bounds_and_valid() {
    let title = |text: &[u8]| words(3148, &[4096, text.len() as u32]) + &data(4096, text);
    assert_outcomes_of_fields([
        ("empty", title(b""), Judged),
        ("korean", title("메모리".as_bytes()), Judged),
        ("hundred-megabytes", words(3148, &[4096, 100_000_000]), BROKEN),
        ("four-gigabytes", words(3148, &[4096, u32::MAX]), BROKEN),
        ("nowhere", words(3148, &[0xffff_fff0, 4]), BROKEN),
        ("not-utf-8", title(b"\xff\xfe"), BROKEN),
        ("truncated", title(b"\xe2\x82"), BROKEN),
        ("overlong", title(b"\xc0\xaf"), BROKEN),
        ("surrogate", title(b"\xed\xa0\x80"), BROKEN),
        ("name-not-utf-8", words(1024, &[4096, 1]) + &data(4096, b"\xff"), BROKEN),
    ]);
}

#[test]
fn nonexistent_cases_are_refused() {
    let some = |case: u8| measure(&[case, 0, 0, 0, 0, 0, 0, 0]);
    // A setting whose default is a value of this case.
    let value = |case: u8| {
        words(1048, &[4096, 1]) + &words(4096, &[64, 4, 64, 4, 1, 0]) + &data(4096 + 24, [case, 0, 0, 0, 0, 0, 0, 0])
    };
    assert_outcomes_of_fields([
        ("status-last", data(3136, [0]), Judged),
        ("status-beyond", data(3136, [4]), BROKEN),
        ("status-garbage", data(3136, [0xff]), BROKEN),
        ("option-none", some(0), Judged),
        ("option-some", some(1), Judged),
        ("option-beyond", some(2), BROKEN),
        ("result-beyond", data(3072, [2]), BROKEN),
        ("needs-result-beyond", data(2048, [0x80]), BROKEN),
        ("value-last", value(4), Judged),
        ("value-beyond", value(5), BROKEN),
        // The canonical ABI takes every byte except 0 for true.
        ("flag-garbage", value(0) + &data(4096 + 32, [0x7f]), Judged),
    ]);
}

#[test]
fn texts_are_limited_in_length() {
    let message = |length: u32| words(3156, &[4096, length]) + &data(4096, vec![b'x'; length as usize]);
    let version = |length: u32| words(1032, &[4096, length]) + &data(4096, vec![b'x'; length as usize]);
    let attribute = |length: u32| {
        words(1056, &[4096, 1]) + &words(4096, &[64, 4, 8192, length]) + &data(8192, vec![b'x'; length as usize])
    };
    let texts = |length: u32| {
        words(1048, &[4096, 1])
            + &words(4096, &[64, 4, 64, 4, 1, 0, 4, 0, 8192, 1])
            + &words(8192, &[16384, length])
            + &data(16384, vec![b'x'; length as usize])
    };
    assert_outcomes_of_fields([
        ("message-within", message(4_096), Judged),
        ("message-over", message(4_097), TOO_MUCH),
        ("version-within", version(4_096), Judged),
        ("version-over", version(4_097), TOO_MUCH),
        ("attribute-within", attribute(4_096), Judged),
        ("attribute-over", attribute(4_097), TOO_MUCH),
        ("default-within", texts(4_096), Judged),
        ("default-over", texts(4_097), TOO_MUCH),
    ]);
}

#[test]
fn huge_texts_do_not_leave_the_guest() {
    let grown = "(drop (memory.grow (i32.const 1700)))\n";
    let describe = format!("(func (export \"describe\") (result i32) {grown} (i32.const 1024))");
    let needs = format!("(func (export \"needs\") (param i32 i32) (result i32) {grown} (i32.const 2048))");
    let evaluate = format!("(func $work (export \"work\") {grown})\n");
    let hundred_megabytes = [4096, 100_000_000];
    let config = format!("{LIMITS}memory_bytes = 268435456\n");
    let cases = [
        ("name", describe + &words(1024, &hundred_megabytes)),
        ("needs-error", needs.clone() + &words(2048, &[1, 4096, 100_000_000])),
        ("needs", needs + &words(2048, &[0, 4096, 5_000_000])),
        ("title", evaluate.clone() + &words(3148, &hundred_megabytes)),
        ("error", evaluate.clone() + &words(3072, &[1, 4096, 100_000_000])),
        ("verdicts", evaluate.clone() + &words(3076, &[8192, 2_000_000])),
        ("attributes", evaluate + &words(3172, &[8192, 6_000_000])),
    ];
    assert_outcomes_with_config(&config, cases.map(|(name, fields)| (name, Guest::with(&fields).wasm(), TOO_MUCH)));
}

#[test]
fn long_refusal_is_shortened() {
    let error = |at: u32, length: u32| words(at, &[1, 65_536, length]) + &data(65_536, vec![b'x'; length as usize]);
    assert_outcomes_of_fields([
        ("error-short", error(3072, 100), Unknown("guest_error", "xxx")),
        ("needs-error-short", error(2048, 100), Unknown("settings_refused", "xxx")),
    ]);
    let site = super::hostile_site(LIMITS);
    site.write("checks.d/long.wasm", Guest::with(&error(3072, 60_000)).wasm());
    let report = super::run(&site);
    let long = crate::support::check(&report, "long");
    assert_eq!(long["reason"], "guest_error");
    assert_eq!(long["detail"].as_str().unwrap().len(), 4_096);
}
