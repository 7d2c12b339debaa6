//! The checks: whether each could judge by now, and how module files stand to their pins.

use super::{About, Finding, State};
use crate::check::{ModuleSource, Pin};
use crate::config::Config;
use crate::cycle::Instances;
use crate::report::format::count;
use crate::sandbox::{self, Prepared, Sandbox, SandboxOptions, module_digest};

/// Modules that are named; the others are counted.
const NAMED: usize = 5;

/// Makes every check ready, as a run would. Returns the names of those that are not.
pub(super) fn examine(config: &Config, tell: &mut dyn FnMut(Finding)) -> Vec<String> {
    let prepared = match prepared(config) {
        Ok(prepared) => prepared,
        Err(finding) => {
            tell(finding);
            return Vec::new();
        }
    };
    let mut not_ready = Vec::new();
    for check in &prepared {
        let Err(failure) = &check.ready else { continue };
        let text = format!("'{}' cannot judge: {failure}", check.instance.name);
        tell(About::Check.warning(text).remedy("see troubleshooting in docs/operations.md"));
        not_ready.push(check.instance.name.clone());
    }
    if not_ready.is_empty() {
        tell(About::Check.ok(format!("{} ready", count(prepared.len(), "instance"))));
    }
    tell(module_lock(config, &prepared));
    not_ready
}

fn prepared(config: &Config) -> Result<Vec<Prepared>, Finding> {
    let instances = Instances::of(config);
    let options = SandboxOptions {
        wasi: config.wasi,
        compile: config.compile.clone(),
        evaluations: instances.count(),
        modules: instances.modules(),
    };
    let mut sandbox = Sandbox::new(options).map_err(|error| About::Check.failed(error.to_string()))?;
    // One that is not there is for a run to make, with the rights of its user.
    if sandbox::examine_cache(&config.cache_dir).unwrap_or(false) {
        // What is wrong with it is a finding of its own.
        let _ = sandbox.cache_in(&config.cache_dir);
    }
    sandbox.lock_to(config.lock.clone());
    sandbox.end_at(std::time::Instant::now() + config.timeout / 2);
    instances.prepare(&sandbox).map_err(|error| Finding::of_configuration(&error))
}

fn module_lock(config: &Config, prepared: &[Prepared]) -> Finding {
    let (lock, file) = (&config.lock, config.lock.file.display());
    let remedy = "look at them, and run `checkpost check lock`";
    if lock.pins.is_none() {
        return match lock.required {
            true => About::ModuleLock
                .failed(format!("required, and there is no {file}: no module file runs"))
                .remedy(remedy),
            false => About::ModuleLock.ok("not used"),
        };
    }
    let pin = |check: &Prepared| -> Option<(String, Pin)> {
        let ModuleSource::File(path) = &check.instance.module else { return None };
        // One that cannot be read is told as a check that is not ready.
        let digest = module_digest(&check.instance.module, config.allowance.limits.module_bytes).ok()?;
        lock.pin(path, &digest).map(|pin| (check.instance.name.clone(), pin))
    };
    let pins: Vec<_> = prepared.iter().filter_map(pin).collect();
    let others: Vec<_> = pins.iter().filter(|(_, pin)| *pin != Pin::Pinned).collect();
    if others.is_empty() {
        return About::ModuleLock.ok(format!("{} pinned in {file}", count(pins.len(), "module file")));
    }
    let named = others.iter().take(NAMED).map(|(name, pin)| format!("'{name}' {}", pin.words()));
    let more = others.len().saturating_sub(NAMED);
    let more = (more > 0).then(|| format!("{more} more"));
    let text = format!("{file}: {}", named.chain(more).collect::<Vec<_>>().join(", "));
    let text = if lock.required { format!("{text}: these do not run") } else { text };
    Finding { state: State::Warning, ..About::ModuleLock.ok(text).remedy(remedy) }
}
