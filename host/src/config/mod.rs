//! From raw files and variables to a validated [`Config`], with the origin of every value.
//!
//! Later wins: built-in defaults, `checkpost.toml`, `.env`, the environment, flags. What leaves this module is never
//! checked again; whether a check knows its settings is asked in `sandbox`, with the origins kept here.

mod alerting;
mod database;
mod dotenv;
mod duration;
mod error;
mod heartbeat;
mod instances;
mod lockfile;
mod origin;
mod paths;
mod quiet;
mod raw;
mod resolve;
mod routes;
mod secret;
mod section;
mod shown;
mod smtp;
#[cfg(test)]
mod tests;
mod transport;
mod window;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

pub use alerting::{Alerting, Notify};
pub use dotenv::{Environment, process_environment};
pub use duration::parse_duration;
pub use error::ConfigError;
pub use lockfile::{lock_path, render_lock, write_lock};
pub use origin::{Origin, Sourced};
pub use quiet::QuietConfig;
pub use resolve::{Flags, load};
pub use shown::show;

use crate::check::{Allowance, CheckInstance, Limits, ModuleLock, SettingValue};
use crate::collect::DEFAULT_STORE;
use crate::deliver::Way;
use crate::heartbeat::Heartbeat;
use crate::sandbox::{CompileLimits, WasiPolicy};

/// Everything that may be configured, valid.
#[derive(Clone, Debug)]
pub struct Config {
    /// The configuration file, when there is one.
    pub file: Option<PathBuf>,
    /// What relative paths are relative to: the configuration file's directory, else the working directory. Absolute.
    pub base_dir: PathBuf,
    /// The SQLite file, absolute.
    pub database: Sourced<PathBuf>,
    /// The log.
    pub log: LogConfig,
    /// The directory of custom checks, absolute. It may be absent only when it is the default one.
    pub checks_dir: Sourced<PathBuf>,
    /// The directory of compiled modules, absolute.
    pub cache_dir: PathBuf,
    /// What module files are pinned to: `checkpost.lock` in `base_dir`, and whether it is required.
    pub lock: ModuleLock,
    /// How long a whole run may take.
    pub timeout: Duration,
    /// How often a run is started, when somebody says so.
    pub interval: Option<Duration>,
    /// Who is told that runs come.
    pub heartbeat: Option<Heartbeat>,
    /// What an instance may use and see that says nothing else.
    pub allowance: Allowance,
    /// How far the limits of any instance may go.
    pub ceiling: Limits,
    /// Whether checks may import WASI.
    pub wasi: WasiPolicy,
    /// What compiling one module may take.
    pub compile: CompileLimits,
    /// What is collected.
    pub collect: CollectConfig,
    /// Where readings go beside the database.
    pub export: ExportConfig,
    /// How alerts are told of an instance that says nothing else.
    pub alerting: Alerting,
    /// What is kept quiet.
    pub quiet: QuietConfig,
    /// Every configured instance that is enabled: the built-in ones first, then `[[check]]` entries in file order.
    pub checks: Vec<ConfiguredCheck>,
    /// Every configured instance that is switched off.
    pub disabled: Vec<ConfiguredCheck>,
    /// Files that `[[check]]` entries name, the disabled ones included: discovery leaves them alone. Absolute.
    pub claimed_modules: Vec<PathBuf>,
    /// Who is told, in file order.
    pub routes: Vec<Way>,
    /// The text of the file as it was read, which [`show`] looks up the lines in.
    text: shown::Text,
}

/// An instance with the places that its settings come from.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfiguredCheck {
    /// The instance.
    pub instance: CheckInstance,
    /// How its alerts are told.
    pub alerting: Alerting,
    /// Where it was declared.
    pub origin: Origin,
    /// Where each of its settings comes from.
    pub setting_origins: BTreeMap<String, Origin>,
}

impl ConfiguredCheck {
    /// Where a setting comes from; the instance's own origin for one that was not set.
    pub fn setting_origin(&self, name: &str) -> &Origin {
        self.setting_origins.get(name).unwrap_or(&self.origin)
    }

    /// An error about its settings as a whole, in the check's own words; at the setting that they name, if any.
    pub fn refuse_settings(&self, sentence: &str) -> ConfigError {
        let mut words = sentence.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        let origin = words.find_map(|word| self.setting_origins.get(word)).unwrap_or(&self.origin);
        ConfigError::line(origin.clone(), format!("check '{}' refuses its settings: {sentence}", self.instance.name))
    }

    /// An error about one of its settings: where, which, its value, and why it is refused.
    pub fn refuse(&self, name: &str, value: &SettingValue, why: impl Into<String>) -> ConfigError {
        let key = format!("setting '{name}' of check '{}'", self.instance.name);
        ConfigError::value(self.setting_origin(name).clone(), key, value.to_string(), why)
    }
}

/// Where the log goes and what it holds.
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// The file, absolute.
    pub file: PathBuf,
    /// The least level that is written.
    pub level: Sourced<tracing::Level>,
    /// Size at which it is rotated.
    pub max_bytes: u64,
    /// Rotated files that are kept beside it.
    pub keep: usize,
}

/// What the collectors look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectConfig {
    /// Metric names or `prefix*` patterns: what is stored in every cycle, whether or not a check asks for it.
    pub store: Vec<String>,
    /// Interface names or `prefix*` patterns; `None` for the physical ones.
    pub interfaces: Option<Vec<String>>,
    /// Disk names or `prefix*` patterns; `None` for whole disks.
    pub disks: Option<Vec<String>>,
    /// Names of processes that are watched beside those that checks ask for; `*` stands for any text.
    pub processes: Vec<String>,
    /// How many processes are told of those that use the most.
    pub top_processes: usize,
}

impl Default for CollectConfig {
    fn default() -> Self {
        Self {
            store: DEFAULT_STORE.map(str::to_owned).into(),
            interfaces: None,
            disks: None,
            processes: Vec::new(),
            top_processes: 5,
        }
    }
}

/// Where readings go beside the database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportConfig {
    /// A file in the Prometheus exposition format that every run replaces, absolute.
    pub textfile: Option<PathBuf>,
}
