//! Which checks a cycle runs: the configured ones and those that lie in the checks directory.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};

use crate::config::{Alerting, Config, ConfigError, ConfiguredCheck, Origin};
use checkpost_model::check::{
    Allowance, CHECKS_DIRECTORY, CheckInstance, DEFAULT_CHANNEL, Failure, ModuleSource, Reason, Settings,
};
use checkpost_model::clean;
use checkpost_sandbox::{Candidate, Discovery, Found, LeftOut, Prepared, Sandbox, SettingsRefusal, prepare};

/// The number of characters of a file name that a failure shows.
const NAME_CHARS: usize = 80;

/// The instances of a cycle: the configured ones, one for every other module in the checks directory, and one that stands
/// for that directory when it cannot be read, or not completely.
pub struct Instances {
    checks: Vec<ConfiguredCheck>,
    /// Those that cannot judge, whatever is in their modules.
    failed: Vec<Prepared>,
}

impl Instances {
    /// The instances of a configuration.
    pub fn of(config: &Config) -> Self {
        let mut checks = config.checks.clone();
        let directory = &config.checks_dir.value;
        let failed = match discovered(config) {
            Ok(Found { instances, refused, left_out }) => {
                checks.extend(instances.into_iter().map(|instance| unregistered(instance, config)));
                let too_many = |left_out| incomplete(directory, too_many(directory, config.max_modules, &left_out));
                let refused = refused.into_iter().map(|(instance, failure)| never_ready(instance, false, failure));
                refused.chain(left_out.map(too_many)).collect()
            }
            Err(error) => vec![incomplete(directory, unreadable(directory, &error))],
        };
        Self { checks, failed }
    }

    /// No instance: for a command that looks at modules by name.
    pub fn none() -> Self {
        Self { checks: Vec::new(), failed: Vec::new() }
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
            if !check.instance.module.is_file() {
                return Err(refused);
            }
            let failure = Failure::new(Reason::SettingsRefused, refused.to_string());
            Ok(never_ready(check.instance.clone(), true, failure))
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
        located.chain(self.failed.into_iter().map(Ok)).collect()
    }
}

fn candidate(check: &ConfiguredCheck) -> Candidate<'_> {
    Candidate { instance: &check.instance, is_declared: !is_found(check) }
}

/// Whether the module was found in the checks directory, without a `[[check]]`.
fn is_found(check: &ConfiguredCheck) -> bool {
    matches!(check.origin, Origin::CheckDirectory(_))
}

/// The modules in the checks directory that no `[[check]]` names.
///
/// # Errors
/// When the directory is there and cannot be read.
pub fn discovered(config: &Config) -> io::Result<Found> {
    let taken: Vec<&str> = config.checks.iter().map(|check| check.instance.name.as_str()).collect();
    let discovery = Discovery {
        directory: &config.checks_dir.value,
        claimed: &config.claimed_modules,
        taken: &taken,
        allowance: &config.allowance,
        pins: config.pin_policy.pins.as_ref(),
        max_modules: config.max_modules,
    };
    discovery.find()
}

fn unregistered(instance: CheckInstance, config: &Config) -> ConfiguredCheck {
    let origin = Origin::CheckDirectory(PathBuf::from(instance.module.to_string()));
    ConfiguredCheck { instance, alerting: config.alerting.clone(), origin, setting_origins: BTreeMap::new() }
}

fn unreadable(directory: &Path, error: &io::Error) -> Failure {
    Failure::new(Reason::Unreadable, format!("cannot read {}: {error}", clean::line(&directory.display().to_string())))
}

fn too_many(directory: &Path, max_modules: usize, left_out: &LeftOut) -> Failure {
    let LeftOut { total, count, first } = left_out;
    let more = count - first.len();
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let first: Vec<String> = first.iter().map(|name| clean::bounded(name, NAME_CHARS)).collect();
    let detail = format!(
        "{} has {total} module files, more than {max_modules}: left out are {}{more}",
        clean::line(&directory.display().to_string()),
        first.join(", ")
    );
    Failure::new(Reason::TooManyModules, detail)
}

/// Stands for the checks of a directory that are not known: they must not go missing unseen.
fn incomplete(directory: &Path, failure: Failure) -> Prepared {
    // No other instance is called so: the name of an entry has no space, and that of a file is refused.
    let instance = CheckInstance {
        name: CHECKS_DIRECTORY.to_owned(),
        module: ModuleSource::File(directory.to_owned()),
        settings: Settings::new(),
        channel: DEFAULT_CHANNEL.to_owned(),
        owner: String::new(),
        allowance: Allowance::default(),
    };
    never_ready(instance, true, failure)
}

/// An instance that is not asked to judge.
fn never_ready(instance: CheckInstance, is_declared: bool, failure: Failure) -> Prepared {
    Prepared { settings: instance.settings.clone(), instance, is_declared, ready: Err(failure) }
}
