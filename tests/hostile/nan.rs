//! The payload of a NaN differs from machine to machine: a check must not be able to tell by it where it runs.

use super::{LIMITS, hostile_site};
use crate::support::check;
use crate::support::guest::{Guest, words};

/// A check whose message is the bits of a double, as sixteen digits.
fn reporting_bits(double: &str) -> Vec<u8> {
    let fields = format!(
        "(func $work (export \"work\")
           (local $bits i64) (local $digit i32) (local $at i32)
           (local.set $bits (i64.reinterpret_f64 {double}))
           (local.set $at (i32.const 4112))
           (loop $next
             (local.set $at (i32.sub (local.get $at) (i32.const 1)))
             (local.set $digit (i32.wrap_i64 (i64.and (local.get $bits) (i64.const 15))))
             (i32.store8 (local.get $at) (i32.add (local.get $digit)
               (select (i32.const 48) (i32.const 87) (i32.lt_u (local.get $digit) (i32.const 10)))))
             (local.set $bits (i64.shr_u (local.get $bits) (i64.const 4)))
             (br_if $next (i32.gt_u (local.get $at) (i32.const 4096)))))"
    );
    Guest::with(&(fields + &words(3156, &[4096, 16]))).wasm()
}

#[test]
fn nan_has_the_same_bits_on_every_machine() {
    // Read from memory: the compiler would fold a constant into a NaN of its own.
    let zero = "(f64.load (i32.const 8))";
    let odd = "(f64.reinterpret_i64 (i64.or (i64.load (i32.const 8)) (i64.const 0xfff4000000abcdef)))";
    let odd_single = "(f32.reinterpret_i32 (i32.or (i32.load (i32.const 8)) (i32.const 0xffa12345)))";
    let cases = [
        ("division", format!("(f64.div {zero} {zero})")),
        ("root", "(f64.sqrt (f64.sub (f64.load (i32.const 8)) (f64.const 1)))".to_owned()),
        ("sum", format!("(f64.add {odd} (f64.const 1))")),
        ("product", format!("(f64.mul {odd} {odd})")),
        ("least", format!("(f64.min (f64.const 1) {odd})")),
        ("floor", format!("(f64.floor {odd})")),
        ("promotion", format!("(f64.promote_f32 {odd_single})")),
        ("demotion", format!("(f64.promote_f32 (f32.demote_f64 {odd}))")),
        ("lanes", format!("(f64x2.extract_lane 1 (f64x2.add (f64x2.splat {odd}) (f64x2.splat {zero})))")),
        ("lanes-of-promotion", format!("(f64x2.extract_lane 0 (f64x2.promote_low_f32x4 (f32x4.splat {odd_single})))")),
    ];
    let site = hostile_site(LIMITS);
    for (name, double) in &cases {
        site.write(&format!("checks.d/{name}.wasm"), reporting_bits(double));
    }
    let report = super::run(&site);
    for (name, double) in &cases {
        let bits = &check(&report, name)["verdicts"][0]["message"];
        assert_eq!(bits, "7ff8000000000000", "{name}: {double}");
    }
}

#[test]
fn non_finite_numbers_are_refused_as_measures() {
    let measure = |value: u64| {
        let [low, high] = [value as u32, (value >> 32) as u32];
        words(3164, &[4096, 1]) + &words(4096, &[64, 4, low, high, 64, 4, 0, 0, 0, 0, 0, 0, 0, 0])
    };
    let refused = || super::Unknown("invalid_output", "as a measure");
    super::assert_outcomes_of_fields([
        ("zero", measure(0), super::Judged),
        ("greatest", measure(f64::MAX.to_bits()), super::Judged),
        ("infinite", measure(f64::INFINITY.to_bits()), refused()),
        ("signalling", measure(0xfff4_0000_00ab_cdef), refused()),
    ]);
}
