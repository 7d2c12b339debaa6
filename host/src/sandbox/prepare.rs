//! From configured instances to ones that are ready to judge: modules loaded once, settings held to what the check
//! knows, readings asked for.

use std::collections::HashMap;
use std::sync::Arc;

use crate::check::{CheckInstance, Failure, ModuleSource, Reason, SettingValue, Settings};
use crate::config::{ConfigError, ConfiguredCheck, Origin};

use super::module::Module;
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

/// Prepares every instance. A module that fails makes its instances unknown and nothing else.
///
/// # Errors
/// Settings that the operator wrote and the check does not know, or refuses: they are mistakes in the configuration.
pub fn prepare(sandbox: &Sandbox, checks: &[ConfiguredCheck]) -> Result<Vec<Prepared>, ConfigError> {
    let mut modules = HashMap::new();
    checks.iter().map(|check| prepare_one(sandbox, &mut modules, check)).collect()
}

type Modules<'a> = HashMap<&'a ModuleSource, Result<Arc<Module>, Failure>>;

fn prepare_one<'a>(
    sandbox: &Sandbox,
    modules: &mut Modules<'a>,
    check: &'a ConfiguredCheck,
) -> Result<Prepared, ConfigError> {
    let instance = check.instance.clone();
    let load = || Module::load(sandbox, &check.instance.module).map(Arc::new);
    let module = match modules.entry(&check.instance.module).or_insert_with(load) {
        Ok(module) => Arc::clone(module),
        Err(failure) => {
            let settings = instance.settings.clone();
            return Ok(Prepared { instance, settings, ready: Err(failure.clone()) });
        }
    };
    known_settings(check, &module.description)?;
    let ready = match module.needs(sandbox, &instance.settings) {
        Err(failure) if failure.reason == Reason::SettingsRefused && is_configured(check) => {
            return Err(check.refuse_settings(&failure.detail));
        }
        needs => needs.map(|needs| (Arc::clone(&module), needs)),
    };
    Ok(Prepared { settings: module.description.with_defaults(&instance.settings), instance, ready })
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
