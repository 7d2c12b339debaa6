//! Modules: whether each check can judge now, and how module files compare with their pins.

use std::time::Instant;

use checkpost_model::check::{ModuleSource, Pin};
use checkpost_report::format::count;
use checkpost_sandbox::{self as sandbox, Digests, Prepared, Sandbox};

use crate::config::Config;
use crate::cycle::{self, Instances, sandbox_options};

use super::finding::{About, Finding};

/// How many checks with other modules than those pinned are named; the rest is counted.
const MAX_NAMED: usize = 5;

/// Prepares every check as a run would. Returns the names of the checks that are not ready.
pub(super) fn examine(config: &Config, report: &mut dyn FnMut(Finding)) -> Vec<String> {
    let prepared = match prepare(config) {
        Ok(prepared) => prepared,
        Err(finding) => {
            report(finding);
            return Vec::new();
        }
    };
    let mut not_ready = Vec::new();
    for check in &prepared {
        let Err(failure) = &check.ready else { continue };
        let text = format!("'{}' cannot judge: {failure}", check.instance.name);
        report(About::Check.warning(text).remedy("see docs/how-to/troubleshoot.md"));
        not_ready.push(check.instance.name.clone());
    }
    if not_ready.is_empty() {
        report(About::Check.ok(format!("{} ready", count(prepared.len(), "instance"))));
    }
    report(pins(config, &prepared));
    not_ready
}

fn prepare(config: &Config) -> Result<Vec<Prepared>, Finding> {
    let instances = Instances::of(config);
    let mut sandbox =
        Sandbox::new(sandbox_options(config, &instances)).map_err(|error| About::Check.failed(error.to_string()))?;
    // A missing cache is left to a run, which creates it as the right user.
    if sandbox::examine_cache(&config.cache_dir).unwrap_or(false) {
        // An unusable cache is a finding of its own.
        let _ = sandbox.open_cache(&config.cache_dir);
    }
    sandbox.set_pin_policy(config.pin_policy.clone());
    sandbox.set_deadline(cycle::loading_ends(Instant::now(), config.timeout));
    instances.prepare(&sandbox).map_err(|error| Finding::of_configuration(&error))
}

fn pins(config: &Config, prepared: &[Prepared]) -> Finding {
    let (policy, file) = (&config.pin_policy, config.pin_policy.file.display());
    let remedy = "review the modules, then run `checkpost check lock`";
    if policy.pins.is_none() {
        return match policy.required {
            true => About::Pins
                .failed(format!("pins are required, but there is no {file}: no module file runs"))
                .remedy(remedy),
            false => About::Pins.ok("not used"),
        };
    }
    let mut digests = Digests::default();
    let mut pin = |check: &Prepared| -> Option<(String, Pin)> {
        let ModuleSource::File(path) = &check.instance.module else { return None };
        // A file that cannot be read is reported as a check that is not ready.
        let digest = digests.of(&check.instance.module, config.allowance.limits.module_bytes).ok()?;
        policy.pin(path, &digest).map(|pin| (check.instance.name.clone(), pin))
    };
    let pins: Vec<_> = prepared.iter().filter_map(&mut pin).collect();
    let mismatches: Vec<_> = pins.iter().filter(|(_, pin)| *pin != Pin::Pinned).collect();
    if mismatches.is_empty() {
        return About::Pins.ok(format!("{} pinned in {file}", count(pins.len(), "module file")));
    }
    let named = mismatches.iter().take(MAX_NAMED).map(|(name, pin)| format!("'{name}' {}", pin.words()));
    let more = mismatches.len().saturating_sub(MAX_NAMED);
    let more = (more > 0).then(|| format!("{more} more"));
    let text = format!("{file}: {}", named.chain(more).collect::<Vec<_>>().join(", "));
    let text = if policy.required { format!("{text}; these checks do not run") } else { text };
    About::Pins.warning(text).remedy(remedy)
}
