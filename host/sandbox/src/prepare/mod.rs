//! Prepares instances for their evaluation: loads each module once, validates settings, and asks for needs.

mod settings;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use checkpost_model::check::{CheckInstance, Failure, Reason, Settings};

use crate::load::{Wanted, load_all};
use crate::module::Module;
use crate::need::Need;
use crate::read::too_large;
use crate::sandbox::Sandbox;
use crate::turns::Turns;

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

impl<'a> Candidate<'a> {
    fn wanted(&self) -> Wanted<'a> {
        Wanted { source: &self.instance.module, limits: &self.instance.allowance.limits }
    }

    fn is_file(&self) -> bool {
        self.instance.module.is_file()
    }
}

/// An instance before its evaluation.
pub struct Prepared {
    /// The instance as configured.
    pub instance: CheckInstance,
    /// Whether an operator declared the instance, or it is built in.
    pub is_declared: bool,
    /// The settings, with the module's defaults; as configured when the module could not be loaded.
    pub settings: Settings,
    /// The module and its needs, or the failure that prevents an evaluation in this cycle.
    pub ready: Result<(Arc<Module>, Arc<[Need]>), Failure>,
}

impl Prepared {
    /// The metrics that the check needs and that are not granted, or not completely; sorted.
    pub fn not_granted(&self) -> BTreeSet<&str> {
        let needs = self.ready.iter().flat_map(|(_, needs)| needs.iter());
        needs.map(|need| need.metric.as_str()).filter(|metric| !self.instance.allowance.grants.cover(metric)).collect()
    }
}

/// Prepares every instance, in the order of `candidates`. A module that fails affects only its own instances, which
/// become unknown.
///
/// # Errors
/// For each declared instance: settings that the check refuses.
pub fn prepare(sandbox: &Sandbox, candidates: &[Candidate<'_>]) -> Vec<Result<Prepared, SettingsRefusal>> {
    let wanted: Vec<_> = candidates.iter().map(Candidate::wanted).collect();
    let modules = load_all(sandbox, &wanted);
    let turns = sandbox.turns_to_load(candidates.iter().filter(|candidate| candidate.is_file()).count());
    let loaded: Vec<_> = candidates.iter().zip(&modules).collect();
    let prepared = sandbox.map(&loaded, |(candidate, module)| prepare_one(candidate, module, turns.as_ref()));
    if let Some(cache) = &sandbox.cache {
        // Instances share modules.
        let mut seen = HashSet::new();
        let distinct = modules.iter().flatten().filter(|module| seen.insert(Arc::as_ptr(module)));
        distinct.for_each(|module| module.cache_answers(cache));
    }
    prepared
}

fn prepare_one(
    candidate: &Candidate<'_>,
    module: &Result<Arc<Module>, Failure>,
    turns: Option<&Turns>,
) -> Result<Prepared, SettingsRefusal> {
    let (instance, is_declared) = (candidate.instance.clone(), candidate.is_declared);
    let module = match module {
        Ok(module) => module,
        Err(failure) => {
            let settings = instance.settings.clone();
            return Ok(Prepared { settings, instance, is_declared, ready: Err(failure.clone()) });
        }
    };
    let ready = match needs(module, &instance, turns.filter(|_| candidate.is_file())) {
        Ok(needs) => Ok((Arc::clone(module), needs)),
        Err(NotReady::Refused(refusal)) if candidate.is_declared => return Err(refusal),
        Err(NotReady::Refused(refusal)) => Err(Failure::new(Reason::SettingsRefused, refusal.to_string())),
        Err(NotReady::Failed(failure)) => Err(failure),
    };
    Ok(Prepared { settings: module.description.with_defaults(&instance.settings), instance, is_declared, ready })
}

/// The cause for which an instance has no needs.
enum NotReady {
    Refused(SettingsRefusal),
    Failed(Failure),
}

fn needs(module: &Module, instance: &CheckInstance, turns: Option<&Turns>) -> Result<Arc<[Need]>, NotReady> {
    settings::validate(&instance.settings, &module.description).map_err(NotReady::Refused)?;
    let limits = &instance.allowance.limits;
    // The module was loaded with the limits of its most generous instance.
    if module.info.size_bytes > limits.module_bytes {
        return Err(NotReady::Failed(too_large(&instance.module.to_string(), limits.module_bytes)));
    }
    module.needs(limits, &instance.settings, turns).map_err(|failure| match failure.reason {
        Reason::SettingsRefused => NotReady::Refused(SettingsRefusal::Check(failure.detail)),
        _ => NotReady::Failed(failure),
    })
}
