//! Guests that work for long without using fuel, and take time that other checks need.

use std::sync::Arc;
use std::time::{Duration, Instant};

use checkpost_model::check::{Limits, Reason, Settings};
use checkpost_model::metric::Labels;
use checkpost_sandbox::{Input, Judged, Module, Sandbox, SandboxOptions};

use super::{Judged as IsJudged, Unknown, assert_outcomes_with_config};
use crate::support::guest::Guest;

/// Makes and drops a resource for ever: each is a call into the host, which costs a few units of fuel.
fn churns_resources() -> Vec<u8> {
    let resource = r#"(type $resource (resource (rep i32)))
      (core func $new (canon resource.new $resource))
      (core func $drop (canon resource.drop $resource))
      (core instance $outer (export "new" (func $new)) (export "drop" (func $drop)))"#;
    let fields = r#"(import "outer" "new" (func $new (param i32) (result i32)))
(import "outer" "drop" (func $drop (param i32)))
(func $work (export "work") (loop $again (call $drop (call $new (i32.const 0))) (br $again)))"#;
    Guest::with(fields).outer(resource).wasm()
}

/// Passes a string of 16 MiB from one inner component to another one, in another encoding, for ever; it begins as soon as it
/// is instantiated.
fn transcodes() -> Vec<u8> {
    let inner = r#"(component $callee
        (core module $module (memory (export "memory") 512) (func (export "take") (param i32 i32))
          (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0)))
        (core instance $instance (instantiate $module))
        (func (export "take") (param "text" string) (canon lift (core func $instance "take")
          (memory (core memory $instance "memory")) (realloc (core func $instance "realloc")))))
      (component $caller
        (import "take" (func $take (param "text" string)))
        (core module $memory (memory (export "memory") 256))
        (core instance $memory (instantiate $memory))
        (core func $take (canon lower (func $take)
          (memory (core memory $memory "memory")) string-encoding=utf16))
        (core module $module (import "outer" "take" (func $take (param i32 i32)))
          (func $work (loop $again (call $take (i32.const 0) (i32.const 8388608)) (br $again)))
          (start $work))
        (core instance $outer (export "take" (func $take)))
        (core instance (instantiate $module (with "outer" (instance $outer)))))
      (instance $callee (instantiate $callee))
      (instance (instantiate $caller (with "take" (func $callee "take"))))
      (core instance $outer)"#;
    Guest::with("").outer(inner).wasm()
}

#[test]
fn work_that_uses_no_fuel_ends_by_the_clock() {
    let within = "timeout_seconds = 60\n[limits]\nevaluation_ms = 200\n";
    assert_outcomes_with_config(
        within,
        [
            ("churns", churns_resources(), Unknown("deadline", "did not end within 200 ms")),
            ("transcodes", transcodes(), Unknown("deadline", "did not end within 200 ms")),
            ("fine", Guest::with("").wasm(), IsJudged),
        ],
    );
}

/// Six greedy guests, and a good one that comes last, share 0.35 seconds, fifty times.
#[test]
fn greedy_guests_leave_a_good_one_its_share_in_every_run() {
    let sandbox = Sandbox::new(SandboxOptions::default()).unwrap();
    // Compiled here: the program that compiles in a run is not this one.
    let load = |wasm: Vec<u8>| Arc::new(Module::load_in_process(&sandbox, &wasm, &Limits::DEFAULT).unwrap());
    let mut modules = vec![load(churns_resources()); 6];
    modules.push(load(Guest::with("").wasm()));

    let input = Input {
        time_ms: 1_700_000_000_000,
        host: &Labels::none(),
        settings: &Settings::new(),
        samples: Vec::new(),
        history: &[],
        previous: &[],
    };
    for run in 0..50 {
        let turns = sandbox.turns(Instant::now() + Duration::from_millis(350), modules.len());
        let judged: Vec<Judged> =
            sandbox.map(&modules, |module| module.evaluate(&Limits::DEFAULT, &input, Some(&turns)));
        let (last, others) = judged.split_last().unwrap();
        assert!(last.outcome.is_ok(), "run {run}: {:?}", last.outcome);
        let is_late = |judged: &Judged| judged.outcome.as_ref().is_err_and(|why| why.reason == Reason::Deadline);
        assert!(others.iter().all(is_late), "run {run}");
    }
}
