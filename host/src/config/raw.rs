//! `checkpost.toml` as written: keys, types and ranges are right, and every value that others may overrule or refuse
//! has its place. What the values mean together is in `resolve` and `instances`.

use std::path::Path;
use std::time::Duration;

use super::alerting::{Alerting, alerting};
use super::heartbeat::heartbeat;
use super::quiet::quiet;
use super::routes::routes;
use super::secret::Surroundings;
use super::section::{Section, Source};
use super::{CollectConfig, ConfigError, QuietConfig, Sourced, parse_duration};
use crate::check::{Grants, Limits, SettingValue};
use crate::deliver::Way;
use crate::heartbeat::Heartbeat;
use crate::sandbox::{CompileLimits, WasiPolicy};

/// The file, with defaults for what no variable can say either.
pub(super) struct RawConfig {
    pub(super) database_url: Option<Sourced<String>>,
    pub(super) checks_dir: Option<Sourced<String>>,
    pub(super) cache_dir: Option<Sourced<String>>,
    pub(super) timeout: Duration,
    pub(super) interval: Option<Duration>,
    pub(super) require_lock: bool,
    pub(super) log: RawLog,
    pub(super) limits: Limits,
    pub(super) ceiling: Limits,
    /// What all instances may see that say nothing else, when the file says so.
    pub(super) grants: Option<Grants>,
    pub(super) wasi: WasiPolicy,
    pub(super) compile: CompileLimits,
    pub(super) collect: CollectConfig,
    pub(super) textfile: Option<Sourced<String>>,
    pub(super) alerting: Alerting,
    pub(super) quiet: QuietConfig,
    pub(super) checks: Vec<RawCheck>,
    pub(super) routes: Vec<Way>,
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
const KEYS: [&str; 20] = [
    "database_url",
    "checks_dir",
    "cache_dir",
    "timeout_seconds",
    "interval",
    "require_lock",
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
    /// Reads the text of a file. That of no file is empty.
    pub(super) fn parse(text: &str, path: &Path, around: &Surroundings<'_>) -> Result<Self, ConfigError> {
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
            timeout: Duration::from_secs(root.whole("timeout_seconds", 1..=3_600, 60)?),
            interval: interval(&root)?,
            require_lock: root.flag("require_lock", false)?,
            log: log(&root)?,
            wasi: wasi(&root)?,
            compile: compile(&root)?,
            collect: collect(&root)?,
            textfile: textfile(&root)?,
            quiet: quiet(&root)?,
            checks: checks(&root, &limits, &ceiling, &alerting)?,
            routes: routes(&root, around)?,
            heartbeat: heartbeat(&root, around)?,
            alerting,
            limits,
            ceiling,
            grants,
        })
    }
}

/// How often a run is started.
fn interval(root: &Section<'_>) -> Result<Option<Duration>, ConfigError> {
    let allowed = "a length of time from \"1s\" to \"366d\", such as \"5m\"";
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
        max_bytes: log.whole("max_bytes", 64 << 10..=1 << 30, max_bytes)?,
        keep: log.whole("keep", 0..=100, keep)?,
    })
}

/// The keys of a table of limits, in the order in which an error lists them.
const LIMITS: [&str; 10] = [
    "fuel",
    "evaluation_ms",
    "memory_bytes",
    "memory_grows",
    "stack_bytes",
    "history_points",
    "verdicts",
    "text_bytes",
    "output_bytes",
    "module_bytes",
];

/// `[limits.ceiling]`: how far `[limits]` and the `[check.limits]` of any instance may go.
fn ceiling(root: &Section<'_>) -> Result<Limits, ConfigError> {
    let keys: Vec<_> = LIMITS.into_iter().chain(["ceiling"]).collect();
    let limits = root.section("limits", &keys)?;
    let ceiling = limits.map(|limits| limits.section("ceiling", &LIMITS)).transpose()?.flatten();
    ceiling.map_or(Ok(Limits::CEILING), |ceiling| read_limits(&ceiling, &Limits::CEILING, &Limits::UTMOST))
}

/// The table `limits` of a section, whose own keys may be anything that was allowed before.
fn limits(parent: &Section<'_>, default: &Limits, ceiling: &Limits) -> Result<Limits, ConfigError> {
    let keys: Vec<_> = LIMITS.into_iter().chain(parent.is_root().then_some("ceiling")).collect();
    let default = default.min(ceiling);
    parent.section("limits", &keys)?.map_or(Ok(default.clone()), |limits| read_limits(&limits, &default, ceiling))
}

fn read_limits(table: &Section<'_>, default: &Limits, ceiling: &Limits) -> Result<Limits, ConfigError> {
    let millis = |duration: Duration| duration.as_millis() as u64;
    let size = |key, default: usize, ceiling: usize| table.whole(key, 1..=ceiling as u64, default);
    Ok(Limits {
        fuel: table.whole("fuel", 1..=ceiling.fuel, default.fuel)?,
        evaluation: Duration::from_millis(table.whole(
            "evaluation_ms",
            1..=millis(ceiling.evaluation),
            millis(default.evaluation),
        )?),
        memory_bytes: size("memory_bytes", default.memory_bytes, ceiling.memory_bytes)?,
        memory_grows: size("memory_grows", default.memory_grows, ceiling.memory_grows)?,
        // Less than a page or two is not enough for any call at all.
        stack_bytes: table.whole("stack_bytes", 16 << 10..=ceiling.stack_bytes as u64, default.stack_bytes)?,
        history_points: size("history_points", default.history_points, ceiling.history_points)?,
        verdicts: size("verdicts", default.verdicts, ceiling.verdicts)?,
        text_bytes: size("text_bytes", default.text_bytes, ceiling.text_bytes)?,
        output_bytes: size("output_bytes", default.output_bytes, ceiling.output_bytes)?,
        module_bytes: table.whole("module_bytes", 1..=ceiling.module_bytes, default.module_bytes)?,
    })
}

fn compile(root: &Section<'_>) -> Result<CompileLimits, ConfigError> {
    let default = CompileLimits::default();
    let keys = ["cpu_seconds", "wall_seconds", "memory_bytes"];
    let Some(compile) = root.section("compile", &keys)? else { return Ok(default) };
    Ok(CompileLimits {
        cpu_seconds: compile.whole("cpu_seconds", 1..=3_600, default.cpu_seconds)?,
        wall: Duration::from_secs(compile.whole("wall_seconds", 1..=3_600, default.wall.as_secs())?),
        memory_bytes: compile.whole("memory_bytes", 64 << 20..=64 << 30, default.memory_bytes)?,
    })
}

/// `grants`, of the file or of one `[[check]]`.
fn grants(section: &Section<'_>) -> Result<Option<Grants>, ConfigError> {
    let allowed = "a list of metric names, such as \"hw.temperature\", or beginnings of names, such as \"system.*\"";
    Ok(section.texts("grants", allowed, is_pattern)?.map(Grants))
}

fn wasi(root: &Section<'_>) -> Result<WasiPolicy, ConfigError> {
    let policy = root.choice("wasi", &[("stub", WasiPolicy::Stub), ("deny", WasiPolicy::Deny)])?;
    Ok(policy.unwrap_or_default())
}

/// A name, or the beginning of one and a `*`.
fn is_pattern(text: &str) -> bool {
    !text.is_empty() && !text.strip_suffix('*').unwrap_or(text).contains('*')
}

fn collect(root: &Section<'_>) -> Result<CollectConfig, ConfigError> {
    let default = CollectConfig::default();
    let keys = ["store", "interfaces", "disks", "processes", "top_processes"];
    let Some(collect) = root.section("collect", &keys)? else { return Ok(default) };
    let list = |key, what: &str, example: &str| {
        let allowed = format!("a list of {what} names, such as {example}, or beginnings of names and a \"*\"");
        collect.texts(key, &allowed, is_pattern)
    };
    let processes = "a list of names of processes, such as \"sshd\"; \"*\" in them stands for any text";
    Ok(CollectConfig {
        store: list("store", "metric", "\"system.*\"")?.unwrap_or(default.store),
        interfaces: list("interfaces", "interface", "\"eth0\"")?,
        disks: list("disks", "disk", "\"sda\"")?,
        processes: collect.texts("processes", processes, |name| !name.is_empty())?.unwrap_or_default(),
        top_processes: collect.whole("top_processes", 0..=100, default.top_processes)?,
    })
}

fn textfile(root: &Section<'_>) -> Result<Option<Sourced<String>>, ConfigError> {
    root.section("export", &["textfile"])?.map_or(Ok(None), |export| export.text("textfile"))
}

fn checks(
    root: &Section<'_>,
    of_all: &Limits,
    ceiling: &Limits,
    told: &Alerting,
) -> Result<Vec<RawCheck>, ConfigError> {
    let check = |entry: Sourced<Section<'_>>| {
        let Sourced { value: check, origin } = entry;
        let name = check.text("name")?.ok_or_else(|| ConfigError::line(origin, "this [[check]] has no name"))?;
        Ok(RawCheck {
            module: check.text("module")?,
            enabled: check.flag("enabled", true)?,
            channel: check.text("channel")?,
            owner: check.text("owner")?,
            limits: limits(&check, of_all, ceiling)?,
            grants: grants(&check)?,
            alerting: alerting(&check, told)?,
            settings: check.settings("settings", &name.value)?,
            name,
        })
    };
    let keys = ["name", "module", "enabled", "channel", "owner", "limits", "grants", "alert", "settings"];
    let entries = root.sections("check", &keys)?;
    entries.into_iter().map(check).collect()
}
