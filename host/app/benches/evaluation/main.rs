//! What a fresh sandbox costs, next to what it replaces: the start of a process.
//!
//! Everything is measured in one run of one program, so that both sides see the same machine. `make bench` runs it and
//! makes tables of what it found; `tests/bench/estimates.py` knows the names that are given here.
#![allow(clippy::unwrap_used)]

mod foreign;
mod judged;
mod spawned;

use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, SamplingMode};

use foreign::Foreign;
use judged::{Judge, Run};
use spawned::Program;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    processes(&mut criterion);
    evaluations(&mut criterion);
    criterion.final_summary();
}

fn processes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("process");
    let programs = [Program::nothing(), Program::plugin(), Program::python(), Program::node()];
    for program in programs.into_iter().flatten() {
        slow_or_quick(&mut group, program.is_interpreter);
        group.bench_function(program.name, |bencher| bencher.iter(|| program.run()));
    }
    group.finish();
}

fn evaluations(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("evaluation");
    slow_or_quick(&mut group, false);
    for run in [Run::Large, Run::Small] {
        for (check, samples) in [("memory", 1), ("disk", 10), ("disk", 200)] {
            let judge = Judge::builtin(check, samples, run);
            group.bench_function(judge.name(), |bencher| bencher.iter(|| judge.evaluate()));
        }
    }
    // Ten file systems, as a server may have.
    if let Some(foreign) = Foreign::compiled() {
        slow_or_quick(&mut group, true);
        for language in ["python", "javascript"] {
            let judge = foreign.judge(language, 10);
            group.bench_function(judge.name(), |bencher| bencher.iter(|| judge.evaluate()));
        }
    }
    group.finish();
}

/// Interpreters take milliseconds; a hundred samples of them would take minutes and tell no more.
fn slow_or_quick(group: &mut BenchmarkGroup<'_, WallTime>, is_slow: bool) {
    let (mode, samples, seconds) = if is_slow { (SamplingMode::Flat, 20, 10) } else { (SamplingMode::Auto, 100, 5) };
    group.sampling_mode(mode);
    group.sample_size(samples).measurement_time(Duration::from_secs(seconds)).warm_up_time(Duration::from_secs(2));
}
