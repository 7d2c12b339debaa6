//! The instances: the built-in ones, and the `[[check]]` entries, which change them or add others.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use checkpost_model::check::{Allowance, CheckInstance, DEFAULT_CHANNEL, Grants, Limits, ModuleSource, SettingValue};
use checkpost_sandbox::{BUNDLE, builtin};

use super::alerting::Alerting;
use super::check::ConfiguredCheck;
use super::error::ConfigError;
use super::identifier::identifier;
use super::origin::Sourced;
use super::paths::absolute;
use super::raw::RawCheck;

/// The defaults of the file for its instances.
pub(super) struct Defaults {
    pub(super) limits: Limits,
    pub(super) grants: Option<Grants>,
    pub(super) alerting: Alerting,
}

impl Defaults {
    /// The limits and grants of a module file.
    pub(super) fn file_allowance(&self) -> Allowance {
        Allowance { limits: self.limits.clone(), grants: self.grants.clone().unwrap_or_default() }
    }

    /// The grants of an instance without its own. A built-in check is part of the program and may read everything that it
    /// needs, unless the file has `grants`.
    fn grants(&self, module: &ModuleSource) -> Grants {
        let default = || match module {
            ModuleSource::Builtin(_) => Grants::everything(),
            ModuleSource::File(_) => Grants::default(),
        };
        self.grants.clone().unwrap_or_else(default)
    }
}

/// The instances, in the order of the report.
#[derive(Default)]
pub(super) struct ConfiguredInstances {
    pub(super) enabled: Vec<ConfiguredCheck>,
    pub(super) disabled: Vec<ConfiguredCheck>,
    /// The module files of both.
    pub(super) claimed_modules: Vec<PathBuf>,
}

/// The instances of the file and the built-in ones.
///
/// `thresholds` sets the setting `threshold` by the name of the instance and wins over the file.
pub(super) fn instances(
    mut entries: Vec<RawCheck>,
    defaults: &Defaults,
    thresholds: &BTreeMap<&str, Sourced<f64>>,
    base_dir: &Path,
) -> Result<ConfiguredInstances, ConfigError> {
    refuse_duplicates(&entries)?;
    for builtin in BUNDLE.iter().filter(|builtin| builtin.runs_by_default) {
        if !entries.iter().any(|entry| entry.name.value == builtin.name) {
            entries.push(implicit(builtin.name, defaults));
        }
    }
    // The sort is stable: instances that are not built in stay in file order.
    entries
        .sort_by_key(|entry| BUNDLE.iter().position(|builtin| builtin.name == entry.name.value).unwrap_or(usize::MAX));

    let mut instances = ConfiguredInstances::default();
    let mut claimed = HashSet::new();
    for entry in entries {
        let enabled = entry.enabled;
        let check = instance(entry, defaults, thresholds, base_dir)?;
        if let ModuleSource::File(path) = &check.instance.module
            && claimed.insert(path.clone())
        {
            instances.claimed_modules.push(path.clone());
        }
        let list = if enabled { &mut instances.enabled } else { &mut instances.disabled };
        list.push(check);
    }
    Ok(instances)
}

fn refuse_duplicates(entries: &[RawCheck]) -> Result<(), ConfigError> {
    let mut seen = BTreeMap::new();
    for entry in entries {
        if let Some(first) = seen.insert(&entry.name.value, &entry.name.origin) {
            let problem = format!("check '{}' is already defined at {first}; names must be unique", entry.name.value);
            return Err(ConfigError::line(entry.name.origin.clone(), problem));
        }
    }
    Ok(())
}

/// The entry of a built-in check that the file does not mention.
fn implicit(name: &str, defaults: &Defaults) -> RawCheck {
    RawCheck {
        name: Sourced::default_of(name),
        module: None,
        enabled: true,
        channel: None,
        owner: None,
        limits: defaults.limits.clone(),
        grants: None,
        alerting: defaults.alerting.clone(),
        settings: Vec::new(),
    }
}

fn instance(
    entry: RawCheck,
    defaults: &Defaults,
    thresholds: &BTreeMap<&str, Sourced<f64>>,
    base_dir: &Path,
) -> Result<ConfiguredCheck, ConfigError> {
    let origin = entry.name.origin.clone();
    let name = identifier(entry.name, "check.name")?;
    let module = match entry.module {
        Some(module) => module_source(module, base_dir)?,
        None => match builtin(&name) {
            Some(builtin) => ModuleSource::Builtin(builtin.name),
            None => {
                let problem = format!("check '{name}' has no module: {}", module_rule());
                return Err(ConfigError::line(origin, problem));
            }
        },
    };
    let channel = match entry.channel {
        Some(channel) => identifier(channel, "check.channel")?,
        None => DEFAULT_CHANNEL.to_owned(),
    };
    let owner = entry.owner.map(|owner| identifier(owner, "check.owner")).transpose()?.unwrap_or_default();
    let threshold = thresholds.get(name.as_str()).map(|threshold| {
        let value = SettingValue::Number(threshold.value);
        ("threshold".to_owned(), Sourced::new(value, threshold.origin.clone()))
    });
    let (settings, setting_origins) = entry
        .settings
        .into_iter()
        .chain(threshold)
        .map(|(key, Sourced { value, origin })| ((key.clone(), value), (key, origin)))
        .unzip();
    let grants = entry.grants.unwrap_or_else(|| defaults.grants(&module));
    let allowance = Allowance { limits: entry.limits, grants };
    let instance = CheckInstance { name, module, settings, channel, owner, allowance };
    Ok(ConfiguredCheck { instance, alerting: entry.alerting, origin, setting_origins })
}

fn module_source(module: Sourced<String>, base_dir: &Path) -> Result<ModuleSource, ConfigError> {
    let text = &module.value;
    if text.contains(['/', '\\']) || text.ends_with(".wasm") {
        return Ok(ModuleSource::File(absolute(base_dir, Path::new(text))));
    }
    match builtin(text) {
        Some(builtin) => Ok(ModuleSource::Builtin(builtin.name)),
        None => Err(ConfigError::value(module.origin, "check.module", format!("{text:?}"), module_rule())),
    }
}

fn module_rule() -> String {
    let names: Vec<_> = BUNDLE.iter().map(|builtin| builtin.name).collect();
    format!("module must be a built-in check ({}) or a path, which contains '/' or ends in .wasm", names.join(", "))
}
