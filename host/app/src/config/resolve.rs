//! Resolves the file, the variables and the flags to one configuration: which of them wins, and what each value means.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tracing::Level;

use super::database::{self, database_path};
use super::error::ConfigError;
use super::instances::{ConfiguredInstances, Defaults, instances};
use super::origin::{Origin, Sourced};
use super::paths::{Flags, absolute, canonical_dir, config_file, existing_dir, is_named};
use super::pins::pin_policy;
use super::raw::RawConfig;
use super::secret::Context;
use super::source::{FileText, read_file, utf8};
use super::trust::Trust;
use super::types::{Config, ExportConfig, LogConfig};
use super::variables::{Environment, Variables};

/// The file that is read if no other is named and the working directory has none.
const SYSTEM_FILE: &str = "/etc/checkpost/checkpost.toml";

/// Reads the file, the variables and the lock file, and returns a valid configuration.
///
/// # Errors
/// The first mistake.
pub fn load(flags: &Flags, environment: &Environment, cwd: &Path) -> Result<Config, ConfigError> {
    load_with_system_file(flags, environment, cwd, Path::new(SYSTEM_FILE))
}

/// [`load`], with another path of the system file.
pub(super) fn load_with_system_file(
    flags: &Flags,
    environment: &Environment,
    cwd: &Path,
    system_file: &Path,
) -> Result<Config, ConfigError> {
    let cwd = canonical_dir(cwd)?;
    let (file, base_dir) = match config_file(flags, environment, &cwd, system_file)? {
        Some(file) => {
            // Only a directory has no `file_name`, and reading one is an error.
            let base_dir = canonical_dir(file.parent().unwrap_or(&cwd))?;
            (Some(base_dir.join(file.file_name().unwrap_or_default())), base_dir)
        }
        None => (None, cwd.clone()),
    };
    let trust = Trust::of(is_named(flags, environment));
    trust.of_files(file.as_deref(), &base_dir)?;
    let (path, text) = match &file {
        Some(path) => (path.as_path(), read_file(path).map_err(|cause| ConfigError::unreadable(path, cause))?),
        None => (Path::new(""), Vec::new()),
    };
    let variables = Variables::read(environment, &base_dir)?;
    let text = utf8(&text, |line| Origin::File { path: path.to_owned(), line })?;
    let raw = RawConfig::parse(text, path, &Context { base_dir: &base_dir, variables: &variables })?;

    let database = database(raw.database_url, &variables)?;
    let database = Sourced::new(absolute(&base_dir, &database.value), database.origin);
    let checks_dir = checks_dir(flags, &variables, raw.checks_dir, &base_dir, &cwd)?;
    trust.of_checks_dir(&checks_dir)?;
    trust.of_programs(&raw.routes)?;
    let cache_dir = match raw.cache_dir {
        Some(dir) => absolute(&base_dir, Path::new(&dir.value)),
        None => database.value.with_file_name("cache"),
    };
    let log_file = raw.log.file.map_or_else(|| "logs/automation.log".to_owned(), |file| file.value);
    let pin_policy = pin_policy(raw.require_lock, &base_dir)?;
    let defaults = Defaults { limits: raw.limits, grants: raw.grants, alerting: raw.alerting };
    let ConfiguredInstances { enabled, disabled, claimed_modules } =
        instances(raw.checks, &defaults, &thresholds(&variables)?, &base_dir)?;
    Ok(Config {
        database,
        log: LogConfig {
            file: absolute(&base_dir, Path::new(&log_file)),
            level: level(raw.log.level, &variables)?,
            max_bytes: raw.log.max_bytes,
            keep: raw.log.keep,
        },
        checks_dir,
        cache_dir,
        pin_policy,
        found_bytes_per_day: raw.found_bytes_per_day,
        max_modules: raw.max_modules,
        timeout: raw.timeout,
        interval: raw.interval,
        heartbeat: raw.heartbeat,
        allowance: defaults.file_allowance(),
        ceiling: raw.ceiling,
        alerting: defaults.alerting,
        suppression: raw.suppression,
        wasi: raw.wasi,
        compile: raw.compile,
        collect: raw.collect,
        export: ExportConfig { textfile: raw.textfile.map(|file| absolute(&base_dir, Path::new(&file.value))) },
        checks: enabled,
        disabled,
        claimed_modules,
        routes: raw.routes,
        text: FileText(text.to_owned()),
        file,
        base_dir,
    })
}

fn database(in_file: Option<Sourced<String>>, variables: &Variables<'_>) -> Result<Sourced<PathBuf>, ConfigError> {
    const VARIABLE: &str = "DATABASE_URL";
    match (variables.get(VARIABLE, "sqlite:///PATH")?, in_file) {
        (Some(url), _) => database_path(url, VARIABLE),
        (None, Some(url)) => database_path(url, "database_url"),
        (None, None) => database_path(Sourced::default_of(database::DEFAULT_URL), "database_url"),
    }
}

fn checks_dir(
    flags: &Flags,
    variables: &Variables<'_>,
    in_file: Option<Sourced<String>>,
    base_dir: &Path,
    cwd: &Path,
) -> Result<Sourced<PathBuf>, ConfigError> {
    const VARIABLE: &str = "CHECKPOST_CHECKS";
    const FLAG: &str = "--checks";
    let in_base = |dir: Sourced<String>| Sourced::new(absolute(base_dir, Path::new(&dir.value)), dir.origin);
    // Read even if the flag wins, so that a broken variable is reported.
    let variable = variables.get(VARIABLE, "the path of a directory")?;
    match (&flags.checks, variable, in_file) {
        (Some(dir), _, _) => existing_dir(Sourced::new(absolute(cwd, dir), Origin::Flag(FLAG)), FLAG),
        (None, Some(dir), _) => existing_dir(in_base(dir), VARIABLE),
        (None, None, Some(dir)) => existing_dir(in_base(dir), "checks_dir"),
        (None, None, None) => Ok(in_base(Sourced::default_of("checks.d"))),
    }
}

fn level(in_file: Option<Sourced<String>>, variables: &Variables<'_>) -> Result<Sourced<Level>, ConfigError> {
    const ALLOWED: &str = "TRACE, DEBUG, INFO, WARNING, ERROR or CRITICAL";
    let (key, name) = match (variables.get("LOG_LEVEL", ALLOWED)?, in_file) {
        (Some(name), _) => ("LOG_LEVEL", name),
        (None, Some(name)) => ("log.level", name),
        (None, None) => return Ok(Sourced::default_of(Level::INFO)),
    };
    // The names of Python's logging, because existing `.env` files have them. tracing has no level above an error.
    let level = match name.value.to_ascii_uppercase().as_str() {
        "TRACE" => Level::TRACE,
        "DEBUG" => Level::DEBUG,
        "INFO" => Level::INFO,
        "WARNING" | "WARN" => Level::WARN,
        "ERROR" | "CRITICAL" => Level::ERROR,
        _ => {
            let why = format!("must be {ALLOWED}");
            return Err(ConfigError::value(name.origin, key, format!("{:?}", name.value), why));
        }
    };
    Ok(Sourced::new(level, name.origin))
}

/// The thresholds that variables set, in per cent, by instance name.
fn thresholds(variables: &Variables<'_>) -> Result<BTreeMap<&'static str, Sourced<f64>>, ConfigError> {
    let mut thresholds = BTreeMap::new();
    for (variable, instance) in [("CPU_THRESHOLD", "cpu"), ("MEMORY_THRESHOLD", "memory"), ("DISK_THRESHOLD", "disk")] {
        if let Some(text) = variables.get(variable, "a number from 0 to 100")? {
            thresholds.insert(instance, percent(text, variable)?);
        }
    }
    Ok(thresholds)
}

fn percent(text: Sourced<String>, key: &str) -> Result<Sourced<f64>, ConfigError> {
    // NaN and infinities are in no range.
    match text.value.parse() {
        Ok(number) if (0.0..=100.0).contains(&number) => Ok(Sourced::new(number, text.origin)),
        _ => {
            let hint = if text.value.ends_with('%') { ", without the '%'" } else { "" };
            let why = format!("must be a number from 0 to 100{hint}");
            Err(ConfigError::value(text.origin, key, format!("{:?}", text.value), why))
        }
    }
}
