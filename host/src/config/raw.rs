//! `checkpost.toml` as written: keys, types and ranges are right, and every value that others may overrule or refuse
//! has its place. What the values mean together is in `resolve` and `instances`.

use std::path::Path;
use std::time::Duration;

use super::section::{Section, Source};
use super::{CollectConfig, ConfigError, Sourced};
use crate::check::SettingValue;
use crate::sandbox::Limits;

/// The file, with defaults for what no variable can say either.
pub(super) struct RawConfig {
    pub(super) database_url: Option<Sourced<String>>,
    pub(super) checks_dir: Option<Sourced<String>>,
    pub(super) cache_dir: Option<Sourced<String>>,
    pub(super) timeout: Duration,
    pub(super) require_lock: bool,
    pub(super) log: RawLog,
    pub(super) limits: Limits,
    pub(super) collect: CollectConfig,
    pub(super) checks: Vec<RawCheck>,
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
    pub(super) settings: Vec<(String, Sourced<SettingValue>)>,
}

impl RawConfig {
    /// Reads the text of a file. That of no file is empty.
    pub(super) fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let source = Source { path, text };
        let table = source.table()?;
        let keys = [
            "database_url",
            "checks_dir",
            "cache_dir",
            "timeout_seconds",
            "require_lock",
            "log",
            "limits",
            "collect",
            "check",
        ];
        let root = Section::new(source, "", table.get_ref(), &keys)?;
        Ok(Self {
            database_url: root.text("database_url")?,
            checks_dir: root.text("checks_dir")?,
            cache_dir: root.text("cache_dir")?,
            timeout: Duration::from_secs(root.whole("timeout_seconds", 1..=3_600, 60)?),
            require_lock: root.flag("require_lock", false)?,
            log: log(&root)?,
            limits: limits(&root)?,
            collect: collect(&root)?,
            checks: checks(&root)?,
        })
    }
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

fn limits(root: &Section<'_>) -> Result<Limits, ConfigError> {
    let default = Limits::default();
    let keys = ["fuel", "evaluation_ms", "memory_bytes", "verdicts", "text_bytes", "output_bytes", "module_bytes"];
    let Some(limits) = root.section("limits", &keys)? else { return Ok(default) };
    let evaluation_ms = u64::try_from(default.evaluation.as_millis()).unwrap_or(u64::MAX);
    Ok(Limits {
        fuel: limits.whole("fuel", 1..=1_000_000_000_000, default.fuel)?,
        evaluation: Duration::from_millis(limits.whole("evaluation_ms", 1..=3_600_000, evaluation_ms)?),
        memory_bytes: limits.whole("memory_bytes", 1..=2 << 30, default.memory_bytes)?,
        verdicts: limits.whole("verdicts", 1..=100_000, default.verdicts)?,
        text_bytes: limits.whole("text_bytes", 1..=1 << 20, default.text_bytes)?,
        output_bytes: limits.whole("output_bytes", 1..=1 << 30, default.output_bytes)?,
        module_bytes: limits.whole("module_bytes", 1..=1 << 30, default.module_bytes)?,
    })
}

fn collect(root: &Section<'_>) -> Result<CollectConfig, ConfigError> {
    let Some(collect) = root.section("collect", &["interfaces"])? else { return Ok(CollectConfig::default()) };
    let allowed = "a list of interface names, such as \"eth0\", or beginnings of names, such as \"wl*\"";
    let is_pattern = |text: &str| !text.is_empty() && !text.strip_suffix('*').unwrap_or(text).contains('*');
    Ok(CollectConfig { interfaces: collect.texts("interfaces", allowed, is_pattern)? })
}

fn checks(root: &Section<'_>) -> Result<Vec<RawCheck>, ConfigError> {
    let check = |entry: Sourced<Section<'_>>| {
        let Sourced { value: check, origin } = entry;
        let name = check.text("name")?.ok_or_else(|| ConfigError::line(origin, "this [[check]] has no name"))?;
        Ok(RawCheck {
            module: check.text("module")?,
            enabled: check.flag("enabled", true)?,
            channel: check.text("channel")?,
            settings: check.settings("settings", &name.value)?,
            name,
        })
    };
    let entries = root.sections("check", &["name", "module", "enabled", "channel", "settings"])?;
    entries.into_iter().map(check).collect()
}
