//! Brings file, variables and flags together: who wins, and what they may say.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tracing::Level;

use super::database::{self, database_path};
use super::dotenv::{self, Environment, Variables};
use super::instances::{Instances, OfAll, instances};
use super::lockfile;
use super::paths::{absolute, canonical_dir, config_file, existing_dir, unreadable};
use super::raw::RawConfig;
use super::secret::Surroundings;
use super::shown::Text;
use super::{Config, ConfigError, ExportConfig, LogConfig, Origin, Sourced};
use crate::check::ModuleLock;

/// What the command line says about the configuration. Relative paths are relative to the working directory.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--checks`.
    pub checks: Option<PathBuf>,
}

/// Read when nobody names a file and there is none in the working directory.
const SYSTEM_FILE: &str = "/etc/checkpost/checkpost.toml";

/// Reads everything there is and returns a valid configuration, or the first thing that is wrong with it.
pub fn load(flags: &Flags, environment: &Environment, cwd: &Path) -> Result<Config, ConfigError> {
    load_or_system(flags, environment, cwd, Path::new(SYSTEM_FILE))
}

/// As [`load`], with the place of the machine's own file.
pub(super) fn load_or_system(
    flags: &Flags,
    environment: &Environment,
    cwd: &Path,
    system_file: &Path,
) -> Result<Config, ConfigError> {
    let cwd = canonical_dir(cwd)?;
    let (file, base_dir) = match config_file(flags, environment, &cwd, system_file)? {
        Some(file) => {
            // `file_name` is there: a path without one is a directory, and that has been refused or is about to be.
            let base_dir = canonical_dir(file.parent().unwrap_or(&cwd))?;
            (Some(base_dir.join(file.file_name().unwrap_or_default())), base_dir)
        }
        None => (None, cwd.clone()),
    };
    let (path, text) = match &file {
        Some(path) => (path.as_path(), fs::read(path).map_err(|cause| unreadable(path, cause))?),
        None => (Path::new(""), Vec::new()),
    };
    let variables = Variables::read(environment, &base_dir)?;
    let text = dotenv::utf8(&text, |line| Origin::File { path: path.to_owned(), line })?;
    let raw = RawConfig::parse(text, path, &Surroundings { base_dir: &base_dir, variables: &variables })?;

    let database = database(raw.database_url, &variables)?;
    let database = Sourced::new(absolute(&base_dir, &database.value), database.origin);
    let checks_dir = checks_dir(flags, &variables, raw.checks_dir, &base_dir, &cwd)?;
    let cache_dir = match raw.cache_dir {
        Some(dir) => absolute(&base_dir, Path::new(&dir.value)),
        None => database.value.with_file_name("cache"),
    };
    let log_file = raw.log.file.map_or_else(|| "logs/automation.log".to_owned(), |file| file.value);
    let lock = lock(raw.require_lock, &base_dir)?;
    let of_all = OfAll { limits: raw.limits, grants: raw.grants, alerting: raw.alerting };
    let Instances { checks, disabled, claimed_modules } =
        instances(raw.checks, &of_all, &thresholds(&variables)?, &base_dir)?;
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
        lock,
        timeout: raw.timeout,
        interval: raw.interval,
        heartbeat: raw.heartbeat,
        allowance: of_all.of_files(),
        ceiling: raw.ceiling,
        alerting: of_all.alerting,
        quiet: raw.quiet,
        wasi: raw.wasi,
        compile: raw.compile,
        collect: raw.collect,
        export: ExportConfig { textfile: raw.textfile.map(|file| absolute(&base_dir, Path::new(&file.value))) },
        checks,
        disabled,
        claimed_modules,
        routes: raw.routes,
        text: Text(text.to_owned()),
        file,
        base_dir,
    })
}

/// Read by every command, as the rest of the configuration is: a broken lock file is found when it is made.
fn lock(required: bool, base_dir: &Path) -> Result<ModuleLock, ConfigError> {
    let file = base_dir.join(lockfile::NAME);
    Ok(ModuleLock { required, pins: lockfile::read(&file, base_dir)?, file })
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
    // Asked even when the flag wins, so that a broken variable shows itself.
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
    // Python's names, since that is what people have in their `.env`; nothing here is worse than an error.
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

/// The thresholds that variables set, in per cent, by the name of the instance.
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
    // NaN and the infinities are in no range.
    match text.value.parse() {
        Ok(number) if (0.0..=100.0).contains(&number) => Ok(Sourced::new(number, text.origin)),
        _ => {
            let hint = if text.value.ends_with('%') { ", without the '%'" } else { "" };
            let why = format!("must be a number from 0 to 100{hint}");
            Err(ConfigError::value(text.origin, key, format!("{:?}", text.value), why))
        }
    }
}
