//! The same module with the same input returns the same verdicts and uses the same fuel: in every run, on every thread,
//! in every engine.

use checkpost_model::check::{Failure, Limits, ModuleSource, SettingValue, Settings, Status, Verdict};
use checkpost_model::metric::{Labels, Sample, Series};
use checkpost_sandbox::{Input, Module, Sandbox, SandboxOptions, load_module};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::support::foreign::foreign_cache;
use crate::support::{BUILT_IN, guest_file};

/// Everything that a check may depend on, owned.
#[derive(Clone, Debug)]
struct Case {
    time_ms: u64,
    host: Labels,
    settings: Settings,
    samples: Vec<Sample>,
    history: Vec<Series>,
    previous: Vec<(String, Status)>,
}

/// Everything that must be identical.
type Outcome = (Result<Vec<Verdict>, Failure>, u64);

fn evaluate(module: &Module, case: &Case) -> Outcome {
    let judged = module.evaluate(
        &Limits::DEFAULT,
        &Input {
            time_ms: case.time_ms,
            host: &case.host,
            settings: &case.settings,
            samples: case.samples.iter().collect(),
            history: &case.history,
            previous: &case.previous,
        },
        None,
    );
    (judged.outcome, judged.fuel)
}

/// Any text that a name on a host may contain: all scripts, and characters that are hostile to a terminal.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![Just("/".to_owned()), "/[a-z]{1,8}", any::<String>()]
}

fn ratio() -> impl Strategy<Value = f64> {
    prop_oneof![0.0..1.5_f64, Just(0.9), Just(0.95), Just(-0.0), Just(f64::MIN_POSITIVE), any::<f64>()]
        .prop_filter("a reading is finite", |value| value.is_finite())
}

fn sample() -> impl Strategy<Value = Sample> {
    let metric = prop_oneof![
        Just("system.filesystem.utilization"),
        Just("system.memory.utilization"),
        Just("system.cpu.utilization"),
        Just("system.network.io"),
    ];
    (metric, name(), name(), ratio()).prop_map(|(metric, mountpoint, kind, value)| Sample {
        name: metric.into(),
        labels: Labels::from([
            ("network.interface.name", mountpoint.clone()),
            ("network.io.direction", "receive".to_owned()),
            ("system.filesystem.mountpoint", mountpoint),
            ("system.filesystem.type", kind),
        ]),
        value,
    })
}

fn previous() -> impl Strategy<Value = (String, Status)> {
    let status = prop_oneof![Just(Status::Ok), Just(Status::Warning), Just(Status::Critical), Just(Status::Unknown)];
    (name(), status)
}

fn settings() -> impl Strategy<Value = Settings> {
    prop::option::of(1.0..100.0_f64).prop_map(|threshold| {
        threshold.map(|percent| ("threshold".to_owned(), SettingValue::Number(percent))).into_iter().collect()
    })
}

fn case() -> impl Strategy<Value = Case> {
    let many = |max| prop::collection::vec(sample(), 0..max);
    (any::<u32>(), name(), settings(), many(30), prop::collection::vec(previous(), 0..5)).prop_map(
        |(seconds, host, settings, mut samples, previous)| {
            // Sorted and without duplicates, as in a snapshot.
            samples.sort_by(|a, b| (&a.name, &a.labels).cmp(&(&b.name, &b.labels)));
            samples.dedup_by(|a, b| (&a.name, &a.labels) == (&b.name, &b.labels));
            let host = Labels::from([("host.name", host)]);
            Case { time_ms: u64::from(seconds) * 1_000, host, settings, samples, history: Vec::new(), previous }
        },
    )
}

/// A sandbox for this many evaluations, a number that decides which engine it uses.
fn sandbox(evaluations: usize) -> Sandbox {
    Sandbox::new(SandboxOptions { evaluations, ..SandboxOptions::default() }).unwrap()
}

/// Evaluates this many cases, each in two engines and on all threads at once.
fn assert_repeatable(source: &ModuleSource, sandboxes: &[Sandbox; 2], cases: u32) {
    let modules = sandboxes.each_ref().map(|sandbox| load_module(sandbox, source, &Limits::DEFAULT).unwrap());
    let mut runner = TestRunner::new(ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() });
    let property = |case: Case| {
        let first = evaluate(&modules[0], &case);
        prop_assert!(first.1 > 0);
        for (sandbox, module) in sandboxes.iter().zip(&modules) {
            for outcome in sandbox.map(&[&case; 4], |case| evaluate(module, case)) {
                prop_assert_eq!(&outcome, &first);
            }
        }
        Ok(())
    };
    runner.run(&case(), property).unwrap();
}

#[test]
fn built_in_checks_repeat_their_verdicts() {
    let sandboxes = [sandbox(2), sandbox(1_000)];
    for name in BUILT_IN {
        assert_repeatable(&ModuleSource::Builtin(name), &sandboxes, 64);
    }
}

/// A check in another language than Rust.
fn assert_foreign_repeatable(guest: &str) {
    let sandboxes = [2, 1_000].map(|evaluations| {
        let mut sandbox = sandbox(evaluations);
        sandbox.open_cache(foreign_cache()).unwrap();
        sandbox
    });
    assert_repeatable(&ModuleSource::File(guest_file(guest)), &sandboxes, 16);
}

#[test]
fn python_check_repeats_its_verdicts() {
    assert_foreign_repeatable("python");
}

#[test]
fn javascript_check_repeats_its_verdicts() {
    assert_foreign_repeatable("javascript");
}

#[test]
fn c_check_repeats_its_verdicts() {
    assert_foreign_repeatable("c");
    assert_foreign_repeatable("c-stdio");
}

#[test]
fn go_check_repeats_its_verdicts() {
    assert_foreign_repeatable("go");
}
