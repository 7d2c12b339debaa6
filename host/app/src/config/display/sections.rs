//! The top of the file, and the sections about measuring, judging and the log. Every value of them is shown.

use tracing::Level;

use checkpost_model::check::Limits;
use checkpost_sandbox::WasiPolicy;

use super::page::Page;
use super::value::{duration, integer, list, path};
use crate::config::{Config, Origin};

pub(super) fn root(config: &Config, page: &mut Page<'_>) {
    let database = format!("sqlite:///{}", config.database.value.display());
    page.entry_from("database_url", database, &config.database.origin);
    let checks_dir = &config.checks_dir;
    // A configured directory must exist, so the default is shown only if it does.
    if checks_dir.origin == Origin::Default && !checks_dir.value.is_dir() {
        page.unset("checks_dir");
    } else {
        page.entry_from("checks_dir", path(&checks_dir.value), &checks_dir.origin);
    }
    page.entry("cache_dir", path(&config.cache_dir));
    page.entry("timeout_seconds", integer(config.timeout.as_secs()));
    match config.interval {
        Some(interval) => page.entry("interval", duration(interval)),
        None => page.unset("interval"),
    }
    page.entry("grants", list(&config.allowance.grants.0));
    page.entry(
        "wasi",
        match config.wasi {
            WasiPolicy::Stub => "stub",
            WasiPolicy::Deny => "deny",
        },
    );
    page.entry("require_lock", config.pin_policy.required);
    page.entry("found_bytes_per_day", integer(config.found_bytes_per_day));
    page.entry("max_modules", integer(config.max_modules));
}

pub(super) fn log(config: &Config, page: &mut Page<'_>) {
    let log = &config.log;
    page.section("log");
    page.entry("file", path(&log.file));
    let level = match log.level.value {
        Level::TRACE => "TRACE",
        Level::DEBUG => "DEBUG",
        Level::INFO => "INFO",
        Level::WARN => "WARNING",
        Level::ERROR => "ERROR",
    };
    page.entry_from("level", level, &log.level.origin);
    page.entry("max_bytes", integer(log.max_bytes));
    page.entry("keep", integer(log.keep));
}

pub(super) fn limits(config: &Config, page: &mut Page<'_>) {
    page.section("limits");
    limit_entries(&config.allowance.limits, page);
}

pub(super) fn ceiling(config: &Config, page: &mut Page<'_>) {
    page.section("limits.ceiling");
    limit_entries(&config.ceiling, page);
}

fn limit_entries(limits: &Limits, page: &mut Page<'_>) {
    page.entry("fuel", integer(limits.fuel));
    page.entry("evaluation_ms", integer(limits.evaluation.as_millis()));
    page.entry("memory_bytes", integer(limits.memory_bytes));
    page.entry("memory_grows", integer(limits.memory_grows));
    page.entry("stack_bytes", integer(limits.stack_bytes));
    page.entry("history_points", integer(limits.history_points));
    page.entry("verdicts", integer(limits.verdicts));
    page.entry("text_bytes", integer(limits.text_bytes));
    page.entry("output_bytes", integer(limits.output_bytes));
    page.entry("stored_bytes", integer(limits.stored_bytes));
    page.entry("module_bytes", integer(limits.module_bytes));
}

pub(super) fn compile(config: &Config, page: &mut Page<'_>) {
    page.section("compile");
    page.entry("cpu_seconds", integer(config.compile.cpu_seconds));
    page.entry("wall_seconds", integer(config.compile.wall.as_secs()));
    page.entry("memory_bytes", integer(config.compile.memory_bytes));
}

pub(super) fn collect(config: &Config, page: &mut Page<'_>) {
    let collect = &config.collect;
    page.section("collect");
    page.entry("store", list(&collect.store));
    for (key, names) in [("interfaces", &collect.interfaces), ("disks", &collect.disks)] {
        match names {
            Some(names) => page.entry(key, list(names)),
            None => page.unset(key),
        }
    }
    page.entry("processes", list(&collect.processes));
    page.entry("top_processes", integer(collect.top_processes));
}

pub(super) fn export(config: &Config, page: &mut Page<'_>) {
    page.section("export");
    match &config.export.textfile {
        Some(file) => page.entry("textfile", path(file)),
        None => page.unset("textfile"),
    }
}
