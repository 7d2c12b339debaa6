//! From configured instances to ones that are ready to judge: modules loaded once, settings held to what the check
//! knows, readings asked for.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::check::{CheckInstance, Failure, Limits, ModuleSource, Reason, SettingValue, Settings};
use crate::config::{ConfigError, ConfiguredCheck, Origin};

use super::module::Module;
use super::read::too_large;
use super::{Description, Need, Sandbox, SettingDescription};

/// An instance before its evaluation.
pub struct Prepared {
    /// The instance as configured.
    pub instance: CheckInstance,
    /// Its settings, the module's defaults included; as configured when the module could not be asked.
    pub settings: Settings,
    /// The module and the readings it wants, or why it cannot judge in this cycle.
    pub ready: Result<(Arc<Module>, Vec<Need>), Failure>,
}

impl Prepared {
    /// The metrics that it asks for and is not granted, or not all of them; sorted.
    pub fn not_granted(&self) -> BTreeSet<&str> {
        let needs = self.ready.iter().flat_map(|(_, needs)| needs);
        needs.map(|need| need.metric.as_str()).filter(|metric| !self.instance.allowance.grants.cover(metric)).collect()
    }
}

/// Prepares every instance. A module that fails makes its instances unknown and nothing else.
///
/// # Errors
/// Settings that the operator wrote and the check does not know, or refuses: they are mistakes in the configuration.
pub fn prepare(sandbox: &Sandbox, checks: &[ConfiguredCheck]) -> Result<Vec<Prepared>, ConfigError> {
    let wanted: Vec<(Key<'_>, Limits)> = wanted(checks).into_iter().collect();
    let loaded = sandbox.map(&wanted, |((source, _), limits)| Module::load(sandbox, source, limits).map(Arc::new));
    let modules: Modules<'_> = wanted.iter().map(|(key, _)| *key).zip(loaded).collect();
    let prepared = sandbox.map(checks, |check| prepare_one(&modules, check));
    if let Some(cache) = &sandbox.cache {
        modules.values().flatten().for_each(|module| module.remember(cache));
    }
    prepared.into_iter().collect()
}

/// A module is loaded once for all its instances that have the same stack, which belongs to the engine.
type Key<'a> = (&'a ModuleSource, usize);

type Modules<'a> = HashMap<Key<'a>, Result<Arc<Module>, Failure>>;

fn key(check: &ConfiguredCheck) -> Key<'_> {
    (&check.instance.module, check.instance.allowance.limits.stack_bytes)
}

/// The modules to load, each with what the most generous of its instances may use.
fn wanted(checks: &[ConfiguredCheck]) -> BTreeMap<Key<'_>, Limits> {
    let mut wanted = BTreeMap::new();
    for check in checks {
        let limits = &check.instance.allowance.limits;
        wanted
            .entry(key(check))
            .and_modify(|most: &mut Limits| *most = most.max(limits))
            .or_insert_with(|| limits.clone());
    }
    wanted
}

fn prepare_one(modules: &Modules<'_>, check: &ConfiguredCheck) -> Result<Prepared, ConfigError> {
    let instance = check.instance.clone();
    let module = match modules.get(&key(check)) {
        Some(Ok(module)) => module,
        failed => {
            let failure = failed.and_then(|failed| failed.as_ref().err().cloned());
            let failure = failure.unwrap_or_else(|| Failure::new(Reason::Unreadable, "was not loaded"));
            return Ok(Prepared { settings: instance.settings.clone(), instance, ready: Err(failure) });
        }
    };
    known_settings(check, &module.description)?;
    let ready = match needs(module, &instance) {
        Err(failure) if failure.reason == Reason::SettingsRefused && is_configured(check) => {
            return Err(check.refuse_settings(&failure.detail));
        }
        needs => needs.map(|needs| (Arc::clone(module), needs)),
    };
    Ok(Prepared { settings: module.description.with_defaults(&instance.settings), instance, ready })
}

fn needs(module: &Module, instance: &CheckInstance) -> Result<Vec<Need>, Failure> {
    let limits = &instance.allowance.limits;
    // It was loaded for the most generous of its instances.
    if module.info.size_bytes > limits.module_bytes {
        return Err(too_large(&instance.module.to_string(), limits.module_bytes));
    }
    module.needs(limits, &instance.settings)
}

/// Whether the operator declared this instance. One that was only found in the checks directory is no configuration,
/// and must not be able to stop the others.
fn is_configured(check: &ConfiguredCheck) -> bool {
    !matches!(check.origin, Origin::CheckDirectory(_))
}

fn known_settings(check: &ConfiguredCheck, description: &Description) -> Result<(), ConfigError> {
    for (name, value) in &check.instance.settings {
        let Some(setting) = description.settings.iter().find(|setting| setting.name == *name) else {
            let known: Vec<&str> = description.settings.iter().map(|setting| setting.name.as_str()).collect();
            let allowed = match known.as_slice() {
                [] => "the check has no settings".to_owned(),
                known => format!("the check knows {}", known.join(", ")),
            };
            return Err(check.refuse(name, value, allowed));
        };
        if !takes(setting, value) {
            let wanted = setting.type_name().unwrap_or_default();
            return Err(check.refuse(name, value, format!("must be a {wanted}")));
        }
    }
    Ok(())
}

fn takes(setting: &SettingDescription, value: &SettingValue) -> bool {
    match (setting.type_name(), value) {
        (None, _) => true,
        // An empty list has no element to tell its type by.
        (Some("numbers"), SettingValue::Texts(texts)) => texts.is_empty(),
        (Some(wanted), value) => wanted == value.type_name(),
    }
}
