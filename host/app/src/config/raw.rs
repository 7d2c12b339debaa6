//! `checkpost.toml` as written: keys, types and ranges are validated, and a value that a variable or flag can override has
//! its origin. `resolve` and `instances` give the values their meaning.

use std::path::Path;
use std::time::Duration;

use checkpost_model::check::{Grants, Limits, SettingValue};
use checkpost_notify::heartbeat::Heartbeat;
use checkpost_sandbox::{CompileLimits, WasiPolicy};

use super::alerting::{Alerting, alerting};
use super::duration::parse_duration;
use super::error::ConfigError;
use super::heartbeat::heartbeat;
use super::limits::{ceiling, limits};
use super::origin::Sourced;
use super::routes::{ConfiguredRoute, routes};
use super::secret::Context;
use super::section::Section;
use super::source::Source;
use super::suppression::{SuppressionConfig, suppression};
use super::types::CollectConfig;

/// The file. `None` for a missing key that a variable or flag may set; other missing keys have their defaults.
pub(super) struct RawConfig {
    pub(super) database_url: Option<Sourced<String>>,
    pub(super) checks_dir: Option<Sourced<String>>,
    pub(super) cache_dir: Option<Sourced<String>>,
    pub(super) timeout: Duration,
    pub(super) interval: Option<Duration>,
    pub(super) require_lock: bool,
    pub(super) found_bytes_per_day: u64,
    pub(super) max_modules: usize,
    pub(super) log: RawLog,
    pub(super) limits: Limits,
    pub(super) ceiling: Limits,
    /// The grants of instances without their own.
    pub(super) grants: Option<Grants>,
    pub(super) wasi: WasiPolicy,
    pub(super) compile: CompileLimits,
    pub(super) collect: CollectConfig,
    pub(super) textfile: Option<Sourced<String>>,
    pub(super) alerting: Alerting,
    pub(super) suppression: SuppressionConfig,
    pub(super) checks: Vec<RawCheck>,
    pub(super) routes: Vec<ConfiguredRoute>,
    pub(super) heartbeat: Option<Heartbeat>,
}

/// `[log]`.
pub(super) struct RawLog {
    pub(super) file: Option<Sourced<String>>,
    pub(super) level: Option<Sourced<String>>,
    pub(super) max_bytes: u64,
    pub(super) keep: usize,
}

/// One `[[check]]`.
#[derive(Debug)]
pub(super) struct RawCheck {
    pub(super) name: Sourced<String>,
    pub(super) module: Option<Sourced<String>>,
    pub(super) enabled: bool,
    pub(super) channel: Option<Sourced<String>>,
    pub(super) owner: Option<Sourced<String>>,
    pub(super) limits: Limits,
    pub(super) grants: Option<Grants>,
    pub(super) alerting: Alerting,
    pub(super) settings: Vec<(String, Sourced<SettingValue>)>,
}

/// The keys at the top of the file.
const KEYS: [&str; 22] = [
    "database_url",
    "checks_dir",
    "cache_dir",
    "timeout_seconds",
    "interval",
    "require_lock",
    "found_bytes_per_day",
    "max_modules",
    "grants",
    "wasi",
    "log",
    "limits",
    "compile",
    "collect",
    "export",
    "alert",
    "maintenance",
    "inhibit",
    "check",
    "smtp",
    "route",
    "heartbeat",
];

impl RawConfig {
    /// Parses the text of the file, which is empty if there is no file.
    pub(super) fn parse(text: &str, path: &Path, context: &Context<'_>) -> Result<Self, ConfigError> {
        let source = Source::new(path, text);
        let table = source.table()?;
        let root = Section::new(source, "", table.get_ref(), &KEYS)?;
        let ceiling = ceiling(&root)?;
        let limits = limits(&root, &Limits::DEFAULT, &ceiling)?;
        let grants = grants(&root)?;
        let alerting = alerting(&root, &Alerting::default())?;
        Ok(Self {
            database_url: root.text("database_url")?,
            checks_dir: root.text("checks_dir")?,
            cache_dir: root.text("cache_dir")?,
            timeout: Duration::from_secs(root.integer("timeout_seconds", 1..=3_600, 60)?),
            interval: interval(&root)?,
            require_lock: root.flag("require_lock", false)?,
            found_bytes_per_day: root.integer("found_bytes_per_day", 1 << 20..=1 << 40, 64 << 20)?,
            max_modules: root.integer("max_modules", 1..=10_000, 1_000)?,
            log: log(&root)?,
            wasi: wasi(&root)?,
            compile: compile(&root)?,
            collect: collect(&root)?,
            textfile: textfile(&root)?,
            suppression: suppression(&root)?,
            checks: checks(&root, &limits, &ceiling, &alerting)?,
            routes: routes(&root, context)?,
            heartbeat: heartbeat(&root, context)?,
            alerting,
            limits,
            ceiling,
            grants,
        })
    }
}

/// How often cron starts a run.
fn interval(root: &Section<'_>) -> Result<Option<Duration>, ConfigError> {
    let allowed = "a duration from \"1s\" to \"366d\", such as \"5m\"";
    let range = Duration::from_secs(1)..=Duration::from_secs(366 * 86_400);
    let interval = root.read("interval", allowed, |value| {
        parse_duration(value.as_str()?).ok().filter(|interval| range.contains(interval))
    })?;
    Ok(interval.map(|interval| interval.value))
}

fn log(root: &Section<'_>) -> Result<RawLog, ConfigError> {
    let (max_bytes, keep) = (5 << 20, 5);
    let Some(log) = root.section("log", &["file", "level", "max_bytes", "keep"])? else {
        return Ok(RawLog { file: None, level: None, max_bytes, keep });
    };
    Ok(RawLog {
        file: log.text("file")?,
        level: log.text("level")?,
        max_bytes: log.integer("max_bytes", 64 << 10..=1 << 30, max_bytes)?,
        keep: log.integer("keep", 0..=100, keep)?,
    })
}

fn compile(root: &Section<'_>) -> Result<CompileLimits, ConfigError> {
    let default = CompileLimits::default();
    let keys = ["cpu_seconds", "wall_seconds", "memory_bytes"];
    let Some(compile) = root.section("compile", &keys)? else { return Ok(default) };
    Ok(CompileLimits {
        cpu_seconds: compile.integer("cpu_seconds", 1..=3_600, default.cpu_seconds)?,
        wall: Duration::from_secs(compile.integer("wall_seconds", 1..=3_600, default.wall.as_secs())?),
        memory_bytes: compile.integer("memory_bytes", 64 << 20..=64 << 30, default.memory_bytes)?,
    })
}

/// `grants`, of the file or of one `[[check]]`.
fn grants(section: &Section<'_>) -> Result<Option<Grants>, ConfigError> {
    let allowed = "a list of metric names, such as \"hw.temperature\", or prefixes, such as \"system.*\"";
    Ok(section.text_list("grants", allowed, is_pattern)?.map(Grants))
}

fn wasi(root: &Section<'_>) -> Result<WasiPolicy, ConfigError> {
    let policy = root.choice("wasi", &[("stub", WasiPolicy::Stub), ("deny", WasiPolicy::Deny)])?;
    Ok(policy.unwrap_or_default())
}

/// A name, or a prefix with a `*`.
fn is_pattern(text: &str) -> bool {
    !text.is_empty() && !text.strip_suffix('*').unwrap_or(text).contains('*')
}

fn collect(root: &Section<'_>) -> Result<CollectConfig, ConfigError> {
    let default = CollectConfig::default();
    let keys = ["store", "interfaces", "disks", "processes", "top_processes"];
    let Some(collect) = root.section("collect", &keys)? else { return Ok(default) };
    let list = |key, kind: &str, examples: &str| {
        let allowed = format!("a list of {kind} names or prefixes, such as {examples}");
        collect.text_list(key, &allowed, is_pattern)
    };
    let processes = "a list of process names, such as \"sshd\", in which \"*\" stands for any text";
    Ok(CollectConfig {
        store: list("store", "metric", "\"system.uptime\" or \"system.*\"")?.unwrap_or(default.store),
        interfaces: list("interfaces", "interface", "\"eth0\" or \"wl*\"")?,
        disks: list("disks", "disk", "\"sda\" or \"nvme*\"")?,
        processes: collect.text_list("processes", processes, |name| !name.is_empty())?.unwrap_or_default(),
        top_processes: collect.integer("top_processes", 0..=100, default.top_processes)?,
    })
}

fn textfile(root: &Section<'_>) -> Result<Option<Sourced<String>>, ConfigError> {
    root.section("export", &["textfile"])?.map_or(Ok(None), |export| export.text("textfile"))
}

fn checks(
    root: &Section<'_>,
    default_limits: &Limits,
    ceiling: &Limits,
    default_alerting: &Alerting,
) -> Result<Vec<RawCheck>, ConfigError> {
    let check = |entry: Sourced<Section<'_>>| {
        let Sourced { value: check, origin } = entry;
        let name = check.text("name")?.ok_or_else(|| ConfigError::line(origin, "this [[check]] has no name"))?;
        Ok(RawCheck {
            module: check.text("module")?,
            enabled: check.flag("enabled", true)?,
            channel: check.text("channel")?,
            owner: check.text("owner")?,
            limits: limits(&check, default_limits, ceiling)?,
            grants: grants(&check)?,
            alerting: alerting(&check, default_alerting)?,
            settings: check.settings("settings", &name.value)?,
            name,
        })
    };
    let keys = ["name", "module", "enabled", "channel", "owner", "limits", "grants", "alert", "settings"];
    let entries = root.sections("check", &keys)?;
    entries.into_iter().map(check).collect()
}
