//! Which checks a cycle runs: the configured ones and those that lie in the checks directory.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};

use crate::config::{Alerting, Config, ConfigError, ConfiguredCheck, Origin};
use checkpost_model::check::{
    Allowance, CHECKS_DIRECTORY, CheckInstance, DEFAULT_CHANNEL, Failure, ModuleSource, Reason, Settings,
};
use checkpost_model::clean;
use checkpost_sandbox::{Candidate, Prepared, Sandbox, SettingsRefusal, discover, prepare};

/// The instances of a cycle: the configured ones, one for every other module in the checks directory, and one that stands
/// for that directory when it cannot be read.
pub struct Instances {
    checks: Vec<ConfiguredCheck>,
    unreadable: Option<Prepared>,
}

impl Instances {
    /// The instances of a configuration.
    pub fn of(config: &Config) -> Self {
        let mut checks = config.checks.clone();
        let unreadable = match discovered(config) {
            Ok(found) => {
                checks.extend(found.into_iter().map(|instance| unregistered(instance, config)));
                None
            }
            Err(error) => Some(unreadable(&config.checks_dir.value, &error)),
        };
        Self { checks, unreadable }
    }

    /// No instance: for a command that looks at modules by name.
    pub fn none() -> Self {
        Self { checks: Vec::new(), unreadable: None }
    }

    /// How many modules the instances have.
    pub fn modules(&self) -> usize {
        self.checks.iter().map(|check| &check.instance.module).collect::<BTreeSet<_>>().len()
    }

    /// How each instance is alerted on.
    pub fn alerting(&self) -> HashMap<String, Alerting> {
        self.checks.iter().map(|check| (check.instance.name.clone(), check.alerting.clone())).collect()
    }

    /// How many instances will be evaluated.
    pub fn count(&self) -> usize {
        self.checks.len()
    }

    /// Prepares every instance. A module file that refuses its settings is `unknown`: it may have changed without its
    /// operator, and the others must be judged.
    ///
    /// # Errors
    /// Settings that the operator wrote and a built-in check does not know, or refuses.
    pub fn prepare(self, sandbox: &Sandbox) -> Result<Vec<Prepared>, ConfigError> {
        self.prepare_with(sandbox, |check, refusal| {
            let refused = check.refuse(refusal);
            let is_file = check.instance.module.is_file();
            if is_file {
                Ok(unknown(check, Failure::new(Reason::SettingsRefused, refused.to_string())))
            } else {
                Err(refused)
            }
        })
    }

    /// Prepares every instance, for a command that looks for mistakes.
    ///
    /// # Errors
    /// Settings that the operator wrote and a check does not know, or refuses.
    pub fn prepare_strictly(self, sandbox: &Sandbox) -> Result<Vec<Prepared>, ConfigError> {
        self.prepare_with(sandbox, |check, refusal| Err(check.refuse(refusal)))
    }

    fn prepare_with(
        self,
        sandbox: &Sandbox,
        refused: impl Fn(&ConfiguredCheck, SettingsRefusal) -> Result<Prepared, ConfigError>,
    ) -> Result<Vec<Prepared>, ConfigError> {
        let candidates: Vec<_> = self.checks.iter().map(candidate).collect();
        let results = prepare(sandbox, &candidates).into_iter().zip(&self.checks);
        let located = results.map(|(prepared, check)| prepared.or_else(|refusal| refused(check, refusal)));
        located.chain(self.unreadable.map(Ok)).collect()
    }
}

/// An instance that cannot judge in this cycle.
fn unknown(check: &ConfiguredCheck, failure: Failure) -> Prepared {
    let instance = check.instance.clone();
    Prepared { settings: instance.settings.clone(), instance, is_declared: true, ready: Err(failure) }
}

fn candidate(check: &ConfiguredCheck) -> Candidate<'_> {
    Candidate { instance: &check.instance, is_declared: !is_found(check) }
}

/// Whether the module was found in the checks directory, without a `[[check]]`.
fn is_found(check: &ConfiguredCheck) -> bool {
    matches!(check.origin, Origin::CheckDirectory(_))
}

/// An instance for every module in the checks directory that no `[[check]]` names.
///
/// # Errors
/// When the directory is there and cannot be read.
pub fn discovered(config: &Config) -> io::Result<Vec<CheckInstance>> {
    let taken: Vec<&str> = config.checks.iter().map(|check| check.instance.name.as_str()).collect();
    discover(&config.checks_dir.value, &config.claimed_modules, &taken, &config.allowance)
}

fn unregistered(instance: CheckInstance, config: &Config) -> ConfiguredCheck {
    let origin = Origin::CheckDirectory(PathBuf::from(instance.module.to_string()));
    ConfiguredCheck { instance, alerting: config.alerting.clone(), origin, setting_origins: BTreeMap::new() }
}

/// Stands for the checks of a directory that cannot be read: they must not go missing unseen.
fn unreadable(directory: &Path, error: &io::Error) -> Prepared {
    let detail = format!("cannot read {}: {error}", clean::line(&directory.display().to_string()));
    Prepared {
        // No instance is called so: the name has a space.
        instance: CheckInstance {
            name: CHECKS_DIRECTORY.to_owned(),
            module: ModuleSource::File(directory.to_owned()),
            settings: Settings::new(),
            channel: DEFAULT_CHANNEL.to_owned(),
            owner: String::new(),
            allowance: Allowance::default(),
        },
        is_declared: true,
        settings: Settings::new(),
        ready: Err(Failure::new(Reason::Unreadable, detail)),
    }
}
