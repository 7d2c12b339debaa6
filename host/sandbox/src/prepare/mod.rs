//! Prepares instances for their evaluation: loads each module once, validates settings, and asks for needs.

mod settings;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use checkpost_model::check::{CheckInstance, Failure, Limits, ModuleSource, Reason, Settings};

use crate::module::Module;
use crate::need::Need;
use crate::read::too_large;
use crate::sandbox::Sandbox;

pub use settings::SettingsRefusal;

/// An instance to prepare.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// The instance.
    pub instance: &'a CheckInstance,
    /// Whether an operator declared the instance. A module that was only discovered in the checks directory is not
    /// configuration: if it refuses its settings, the instance becomes unknown and the others still run.
    pub is_declared: bool,
}

/// An instance before its evaluation.
pub struct Prepared {
    /// The instance as configured.
    pub instance: CheckInstance,
    /// The settings, with the module's defaults; as configured when the module could not be loaded.
    pub settings: Settings,
    /// The module and its needs, or the failure that prevents an evaluation in this cycle.
    pub ready: Result<(Arc<Module>, Vec<Need>), Failure>,
}

impl Prepared {
    /// The metrics that the check needs and that are not granted, or not completely; sorted.
    pub fn not_granted(&self) -> BTreeSet<&str> {
        let needs = self.ready.iter().flat_map(|(_, needs)| needs);
        needs.map(|need| need.metric.as_str()).filter(|metric| !self.instance.allowance.grants.cover(metric)).collect()
    }
}

/// Prepares every instance, in the order of `candidates`. A module that fails affects only its own instances, which
/// become unknown.
///
/// # Errors
/// For each declared instance: settings that the check refuses.
pub fn prepare(sandbox: &Sandbox, candidates: &[Candidate<'_>]) -> Vec<Result<Prepared, SettingsRefusal>> {
    let limits: Vec<(Key<'_>, Limits)> = module_limits(candidates).into_iter().collect();
    let loaded = sandbox.map(&limits, |((source, _), limits)| Module::load(sandbox, source, limits).map(Arc::new));
    let modules: Modules<'_> = limits.iter().map(|(key, _)| *key).zip(loaded).collect();
    let prepared = sandbox.map(candidates, |candidate| prepare_one(&modules, candidate));
    if let Some(cache) = &sandbox.cache {
        modules.values().flatten().for_each(|module| module.cache_answers(cache));
    }
    prepared
}

/// A module and the stack size of its engine. Instances with the same key share one loaded module.
type Key<'a> = (&'a ModuleSource, usize);

type Modules<'a> = HashMap<Key<'a>, Result<Arc<Module>, Failure>>;

fn key<'a>(candidate: &Candidate<'a>) -> Key<'a> {
    (&candidate.instance.module, candidate.instance.allowance.limits.stack_bytes)
}

/// The modules to load, each with the limits of its most generous instance.
fn module_limits<'a>(candidates: &[Candidate<'a>]) -> BTreeMap<Key<'a>, Limits> {
    let mut modules = BTreeMap::new();
    for candidate in candidates {
        let limits = &candidate.instance.allowance.limits;
        modules
            .entry(key(candidate))
            .and_modify(|most: &mut Limits| *most = most.max(limits))
            .or_insert_with(|| limits.clone());
    }
    modules
}

fn prepare_one(modules: &Modules<'_>, candidate: &Candidate<'_>) -> Result<Prepared, SettingsRefusal> {
    let instance = candidate.instance.clone();
    let module = match &modules[&key(candidate)] {
        Ok(module) => module,
        Err(failure) => {
            return Ok(Prepared { settings: instance.settings.clone(), instance, ready: Err(failure.clone()) });
        }
    };
    let ready = match needs(module, &instance) {
        Ok(needs) => Ok((Arc::clone(module), needs)),
        Err(NotReady::Refused(refusal)) if candidate.is_declared => return Err(refusal),
        Err(NotReady::Refused(refusal)) => Err(Failure::new(Reason::SettingsRefused, refusal.to_string())),
        Err(NotReady::Failed(failure)) => Err(failure),
    };
    Ok(Prepared { settings: module.description.with_defaults(&instance.settings), instance, ready })
}

/// The cause for which an instance has no needs.
enum NotReady {
    Refused(SettingsRefusal),
    Failed(Failure),
}

fn needs(module: &Module, instance: &CheckInstance) -> Result<Vec<Need>, NotReady> {
    settings::validate(&instance.settings, &module.description).map_err(NotReady::Refused)?;
    let limits = &instance.allowance.limits;
    // The module was loaded with the limits of its most generous instance.
    if module.info.size_bytes > limits.module_bytes {
        return Err(NotReady::Failed(too_large(&instance.module.to_string(), limits.module_bytes)));
    }
    module.needs(limits, &instance.settings).map_err(|failure| match failure.reason {
        Reason::SettingsRefused => NotReady::Refused(SettingsRefusal::Check(failure.detail)),
        _ => NotReady::Failed(failure),
    })
}
