//! A module and its input: the one place that knows how the library evaluates.

use std::sync::Arc;

use std::path::Path;

use checkpost_model::check::{Limits, ModuleSource, Settings};
use checkpost_model::metric::{Labels, Sample};
use checkpost_sandbox::{Input, Module, Sandbox, SandboxOptions, load_module};

/// Which engine a run of its size makes.
#[derive(Clone, Copy)]
pub enum Run {
    /// With a few checks: a plain engine.
    Small = 4,
    /// With so many that a pooled engine is worth making.
    Large = 1_000,
}

/// A module that is ready, with readings to judge.
pub struct Judge {
    module: Arc<Module>,
    name: String,
    samples: Vec<Sample>,
}

impl Judge {
    /// A built-in check with so many readings, each about a subject of its own.
    pub fn builtin(name: &'static str, samples: usize, run: Run) -> Self {
        Self::new(name, ModuleSource::Builtin(name), samples, run, None)
    }

    /// A module in a file, whose compiled form is in `cache`.
    pub fn file(name: &str, file: &Path, samples: usize, cache: &Path) -> Self {
        Self::new(name, ModuleSource::File(file.to_owned()), samples, Run::Large, Some(cache))
    }

    fn new(name: &str, source: ModuleSource, samples: usize, run: Run, cache: Option<&Path>) -> Self {
        let mut sandbox =
            Sandbox::new(SandboxOptions { evaluations: run as usize, ..SandboxOptions::default() }).unwrap();
        if let Some(cache) = cache {
            sandbox.open_cache(cache).unwrap();
        }
        let module =
            load_module(&sandbox, &source, &Limits::DEFAULT).unwrap_or_else(|failure| panic!("{name}: {failure}"));
        let samples = readings(name, samples);
        let plain = if matches!(run, Run::Small) { "-plain" } else { "" };
        Self { module, name: format!("{name}-{}{plain}", samples.len()), samples }
    }

    /// The check and the number of its readings; `plain` where the engine has no pool.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Instantiates the module in a fresh sandbox and lets it judge; every reading must have its verdict.
    pub fn evaluate(&self) {
        let input = Input {
            time_ms: 1_800_000_000_000,
            host: &Labels::none(),
            settings: &Settings::new(),
            samples: self.samples.iter().collect(),
            history: &[],
            previous: &[],
        };
        let judged = self.module.evaluate(&Limits::DEFAULT, &input, None);
        let verdicts = judged.outcome.unwrap_or_else(|failure| panic!("{}: {failure}", self.name));
        assert_eq!(verdicts.len(), self.samples.len(), "{}", self.name);
    }
}

/// Readings as the collectors make them: of memory one, of file systems as many as are wanted.
fn readings(check: &str, count: usize) -> Vec<Sample> {
    if check == "memory" {
        return vec![Sample { name: "system.memory.utilization".into(), labels: Labels::none(), value: 0.55 }];
    }
    let filesystem = |number: usize| Sample {
        name: "system.filesystem.utilization".into(),
        labels: Labels::from([
            ("system.device", format!("/dev/mapper/data-{number:03}")),
            ("system.filesystem.mode", "rw".to_owned()),
            ("system.filesystem.mountpoint", format!("/srv/data-{number:03}")),
            ("system.filesystem.type", "ext4".to_owned()),
        ]),
        // From empty to full, so that every status occurs.
        value: number as f64 / count as f64,
    };
    (1..=count).map(filesystem).collect()
}
