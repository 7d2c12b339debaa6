//! Which checks run: the built-in ones, changed and joined by the `[[check]]` entries of the file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::paths::absolute;
use super::raw::RawCheck;
use super::{Alerting, ConfigError, ConfiguredCheck, Sourced};
use crate::check::{
    Allowance, BUNDLE, CheckInstance, DEFAULT_CHANNEL, Grants, Limits, ModuleSource, SettingValue, builtin,
};

/// What the file allows all instances that say nothing else.
pub(super) struct OfAll {
    pub(super) limits: Limits,
    pub(super) grants: Option<Grants>,
    pub(super) alerting: Alerting,
}

impl OfAll {
    /// What a module file may use and see.
    pub(super) fn of_files(&self) -> Allowance {
        Allowance { limits: self.limits.clone(), grants: self.grants.clone().unwrap_or_default() }
    }

    /// A built-in check is part of the program: it sees what it asks for, unless the operator says otherwise.
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
pub(super) struct Instances {
    /// Those that run.
    pub(super) checks: Vec<ConfiguredCheck>,
    /// Those that are switched off.
    pub(super) disabled: Vec<ConfiguredCheck>,
    /// The files that both name.
    pub(super) claimed_modules: Vec<PathBuf>,
}

/// The instances of the file and the built-in ones.
///
/// A threshold of a name sets `threshold` of the instance that has this name, and wins over the file.
pub(super) fn instances(
    mut entries: Vec<RawCheck>,
    of_all: &OfAll,
    thresholds: &BTreeMap<&str, Sourced<f64>>,
    base_dir: &Path,
) -> Result<Instances, ConfigError> {
    refuse_duplicates(&entries)?;
    for builtin in BUNDLE.iter().filter(|builtin| builtin.runs_unasked) {
        if !entries.iter().any(|entry| entry.name.value == builtin.name) {
            entries.push(untouched(builtin.name, of_all));
        }
    }
    // Stable: what is not built in keeps the order of the file.
    entries
        .sort_by_key(|entry| BUNDLE.iter().position(|builtin| builtin.name == entry.name.value).unwrap_or(usize::MAX));

    let mut instances = Instances::default();
    for entry in entries {
        let enabled = entry.enabled;
        let check = instance(entry, of_all, thresholds, base_dir)?;
        if let ModuleSource::File(path) = &check.instance.module
            && !instances.claimed_modules.contains(path)
        {
            instances.claimed_modules.push(path.clone());
        }
        let switched = if enabled { &mut instances.checks } else { &mut instances.disabled };
        switched.push(check);
    }
    Ok(instances)
}

fn refuse_duplicates(entries: &[RawCheck]) -> Result<(), ConfigError> {
    let mut seen = BTreeMap::new();
    for entry in entries {
        if let Some(first) = seen.insert(&entry.name.value, &entry.name.origin) {
            let problem = format!("check '{}' is there already, at {first}: names must be unique", entry.name.value);
            return Err(ConfigError::line(entry.name.origin.clone(), problem));
        }
    }
    Ok(())
}

/// The instance that a built-in check has when the file does not speak of it.
fn untouched(name: &str, of_all: &OfAll) -> RawCheck {
    RawCheck {
        name: Sourced::default_of(name),
        module: None,
        enabled: true,
        channel: None,
        owner: None,
        limits: of_all.limits.clone(),
        grants: None,
        alerting: of_all.alerting.clone(),
        settings: Vec::new(),
    }
}

fn instance(
    entry: RawCheck,
    of_all: &OfAll,
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
    let grants = entry.grants.unwrap_or_else(|| of_all.grants(&module));
    let allowance = Allowance { limits: entry.limits, grants };
    let instance = CheckInstance { name, module, settings, channel, owner, allowance };
    Ok(ConfiguredCheck { instance, alerting: entry.alerting, origin, setting_origins })
}

pub(super) fn identifier(text: Sourced<String>, key: &str) -> Result<String, ConfigError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if (1..=64).contains(&text.value.len()) && text.value.bytes().all(allowed) {
        return Ok(text.value);
    }
    let why = "must be 1 to 64 characters out of a-z, A-Z, 0-9, '-', '_' and '.'";
    Err(ConfigError::value(text.origin, key, format!("{:?}", text.value), why))
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
    format!("module must be a built-in ({}) or a path, which has a '/' or ends in .wasm", names.join(", "))
}
