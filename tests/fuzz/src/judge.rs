//! Takes bytes through everything that the host does with a module file, in this process.

use std::panic::{self, PanicHookInfo};
use std::thread;
use std::time::Duration;

use checkpost_model::check::{Failure, Limits, Settings, Status};
use checkpost_model::metric::{Labels, Sample, Series};
use checkpost_sandbox::{Input, Judged, Module, Sandbox, SandboxOptions};

use crate::promises;

/// Small limits, so that a loop ends at once. Fuel ends it and not the clock: libFuzzer's own timeout would report it
/// first.
const LIMITS: Limits = Limits {
    fuel: 1_000_000,
    evaluation: Duration::from_secs(600),
    memory_bytes: 4 << 20,
    memory_grows: 100,
    stack_bytes: 64 << 10,
    ..Limits::DEFAULT
};

/// Types nested thousands deep exhaust the compiler's stack. This is known: a run compiles in a child process, and only
/// the child dies. With a stack of this size the fuzzer gets past them to unknown failures.
const STACK_BYTES: usize = 1 << 30;

/// Other known failures of the compiler and the encoder, which in a run end only the child process: where they panic,
/// and with which message. wasmparser 0.254 and 0.258 panic on instance types nested some 200 deep. The encoder
/// mistakes a guest's component type for one of its own and may panic with anything; a run reports that as a
/// compilation that ended.
const KNOWN_PANICS: [(&str, &str); 3] = [
    ("/wasmparser-0.25", "assertion failed: depth <= Self::MAX_DEPTH"),
    ("/wit-component-0.258", ""),
    ("/wit-parser-0.258", ""),
];

/// A sandbox, and the inputs that a module judges in it.
pub struct Judge {
    sandbox: Sandbox,
    host: Labels,
    samples: Vec<Sample>,
    history: Vec<Series>,
    previous: Vec<(String, Status)>,
}

impl Judge {
    /// A judge for runs with this many evaluations: with many, the sandbox allocates from a pool.
    ///
    /// From here on every panic except the known ones aborts, as libFuzzer requires.
    pub fn new(evaluations: usize) -> Self {
        ignore_known_panics();
        let sample = |name: &'static str, labels, value| Sample { name: name.into(), labels, value };
        let disk = Labels::from([("system.filesystem.mountpoint", "/"), ("system.filesystem.type", "ext4")]);
        let points = vec![(1_700_000_000_000, 0.5), (1_700_000_060_000, 0.75)];
        Self {
            sandbox: Sandbox::new(SandboxOptions { evaluations, ..SandboxOptions::default() }).unwrap(),
            host: Labels::from([("host.name", "fuzz"), ("os.type", "linux")]),
            samples: vec![
                sample("system.cpu.utilization", Labels::none(), 0.9),
                sample("system.filesystem.utilization", disk, 0.95),
                sample("system.memory.utilization", Labels::none(), 0.8),
            ],
            history: vec![Series { name: "system.cpu.utilization".to_owned(), labels: Labels::none(), points }],
            previous: vec![(String::new(), Status::Warning)],
        }
    }

    /// Loads a module, reads its description and needs, and has it judge; panics when a promise of the sandbox is
    /// broken.
    pub fn judge(&self, bytes: &[u8]) {
        thread::scope(|scope| {
            let judging = thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, || self.judge_here(bytes));
            // An error is a known panic: any other one has aborted.
            let _ = judging.unwrap().join();
        });
    }

    fn judge_here(&self, bytes: &[u8]) {
        if let Err(failure) = self.judged(bytes) {
            promises::assert_failure(&failure, &LIMITS);
        }
    }

    fn judged(&self, bytes: &[u8]) -> Result<(), Failure> {
        let module = Module::load_in_process(&self.sandbox, bytes, &LIMITS)?;
        promises::assert_description(&module.description, &LIMITS);
        let settings = Settings::new();
        promises::assert_needs(&module.needs(&LIMITS, &settings, None)?);
        self.evaluate(&module, &settings);
        Ok(())
    }

    /// Loads a module that is known to be a check.
    pub fn load(&self, bytes: &[u8]) -> Module {
        Module::load_in_process(&self.sandbox, bytes, &LIMITS).unwrap_or_else(|failure| panic!("{failure}"))
    }

    /// Has a module judge twice; panics when a promise of the sandbox is broken.
    pub fn evaluate(&self, module: &Module, settings: &Settings) {
        let [first, second] = [(); 2].map(|()| self.evaluated(module, settings));
        promises::assert_judged(&first, &LIMITS);
        assert_eq!(
            (first.fuel, &first.outcome),
            (second.fuel, &second.outcome),
            "the same input must have the same result"
        );
    }

    fn evaluated(&self, module: &Module, settings: &Settings) -> Judged {
        let input = Input {
            time_ms: 1_700_000_120_000,
            host: &self.host,
            settings,
            samples: self.samples.iter().collect(),
            history: &self.history,
            previous: &self.previous,
        };
        module.evaluate(&LIMITS, &input, None)
    }
}

fn ignore_known_panics() {
    let abort = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !is_known(panic) {
            abort(panic);
        }
    }));
}

fn is_known(panic: &PanicHookInfo<'_>) -> bool {
    let file = panic.location().map_or("", |location| location.file());
    let message = panic.payload_as_str().unwrap_or_default();
    KNOWN_PANICS.iter().any(|(known_file, known)| file.contains(known_file) && message.starts_with(known))
}
