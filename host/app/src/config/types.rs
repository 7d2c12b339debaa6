//! The validated configuration. All paths are absolute.

use std::path::PathBuf;
use std::time::Duration;

use checkpost_collect::DEFAULT_STORE;
use checkpost_model::check::{Allowance, Limits, PinPolicy};
use checkpost_notify::heartbeat::Heartbeat;
use checkpost_sandbox::{CompileLimits, WasiPolicy};

use super::alerting::Alerting;
use super::check::ConfiguredCheck;
use super::origin::Sourced;
use super::routes::ConfiguredRoute;
use super::source::FileText;
use super::suppression::SuppressionConfig;

/// Everything that can be configured, validated.
#[derive(Clone, Debug)]
pub struct Config {
    /// The configuration file, if there is one.
    pub file: Option<PathBuf>,
    /// The directory that relative paths start from: that of the configuration file, or else the working directory.
    pub base_dir: PathBuf,
    /// The SQLite file.
    pub database: Sourced<PathBuf>,
    /// The log.
    pub log: LogConfig,
    /// The checks directory. Only the default one may be absent.
    pub checks_dir: Sourced<PathBuf>,
    /// The directory of compiled modules.
    pub cache_dir: PathBuf,
    /// The pins of `checkpost.lock` in `base_dir`, and whether modules need one.
    pub pin_policy: PinPolicy,
    /// What all modules that are found in the checks directory may add to the database in a day.
    pub found_bytes_per_day: u64,
    /// How many module files of the checks directory run, in addition to those of `[[check]]` entries.
    pub max_modules: usize,
    /// How long a run may take.
    pub timeout: Duration,
    /// How often cron starts a run, if configured.
    pub interval: Option<Duration>,
    /// The service that runs ping.
    pub heartbeat: Option<Heartbeat>,
    /// The limits and grants of a module file without its own.
    pub allowance: Allowance,
    /// The maximum of all limits.
    pub ceiling: Limits,
    /// Whether checks may import WASI.
    pub wasi: WasiPolicy,
    /// The resources for compiling one module.
    pub compile: CompileLimits,
    /// Selection of the metrics that are measured and stored.
    pub collect: CollectConfig,
    /// Where readings go besides the database.
    pub export: ExportConfig,
    /// The alerting of an instance without its own.
    pub alerting: Alerting,
    /// Maintenance windows and inhibitions.
    pub suppression: SuppressionConfig,
    /// Every enabled instance: the built-in ones first, then the `[[check]]` entries in file order.
    pub checks: Vec<ConfiguredCheck>,
    /// Every disabled instance.
    pub disabled: Vec<ConfiguredCheck>,
    /// The module files of all `[[check]]` entries, disabled ones included. Discovery skips them.
    pub claimed_modules: Vec<PathBuf>,
    /// The routes, in file order.
    pub routes: Vec<ConfiguredRoute>,
    /// The file as it was read: `config show` looks up the lines of values in it.
    pub(super) text: FileText,
}

/// The file of the log, its level and its rotation.
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// The file.
    pub file: PathBuf,
    /// The lowest level that is logged.
    pub level: Sourced<tracing::Level>,
    /// The size at which the file is rotated.
    pub max_bytes: u64,
    /// The number of rotated files that are retained.
    pub keep: usize,
}

/// The metrics, devices and processes that are measured, and the metrics that are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectConfig {
    /// The metrics that are stored in every cycle, whether or not a check needs them: names, or prefixes with a `*`.
    pub store: Vec<String>,
    /// Interface names, or prefixes with a `*`; `None` for the physical interfaces.
    pub interfaces: Option<Vec<String>>,
    /// Disk names, or prefixes with a `*`; `None` for whole disks.
    pub disks: Option<Vec<String>>,
    /// Names of processes that are watched in addition to those that checks need; `*` stands for any text.
    pub processes: Vec<String>,
    /// How many of the processes that use the most are measured.
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

/// Where readings go besides the database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportConfig {
    /// A file in the Prometheus exposition format that every run replaces.
    pub textfile: Option<PathBuf>,
}
