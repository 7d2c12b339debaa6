//! The sections of which every value is known, one function each.

use toml::Value;
use tracing::Level;

use super::page::Page;
use super::value::{length, list, number, path, whole};
use crate::alert::OnUnknown;
use crate::check::Limits;
use crate::config::{Config, Notify, Origin};
use crate::sandbox::WasiPolicy;

pub(super) fn root(config: &Config, page: &mut Page<'_>) {
    let database = format!("sqlite:///{}", config.database.value.display());
    page.entry_from("database_url", database, &config.database.origin);
    let checks_dir = &config.checks_dir;
    // The default one may be absent; one that is asked for must be there.
    if checks_dir.origin == Origin::Default && !checks_dir.value.is_dir() {
        page.unset("checks_dir");
    } else {
        page.entry_from("checks_dir", path(&checks_dir.value), &checks_dir.origin);
    }
    page.entry("cache_dir", path(&config.cache_dir));
    page.entry("timeout_seconds", whole(config.timeout.as_secs()));
    match config.interval {
        Some(interval) => page.entry("interval", length(interval)),
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
    page.entry("require_lock", config.lock.required);
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
    page.entry("max_bytes", whole(log.max_bytes));
    page.entry("keep", whole(log.keep));
}

pub(super) fn limits(config: &Config, page: &mut Page<'_>) {
    page.section("limits");
    each_limit(&config.allowance.limits, page);
}

pub(super) fn ceiling(config: &Config, page: &mut Page<'_>) {
    page.section("limits.ceiling");
    each_limit(&config.ceiling, page);
}

fn each_limit(limits: &Limits, page: &mut Page<'_>) {
    page.entry("fuel", whole(limits.fuel));
    page.entry("evaluation_ms", whole(limits.evaluation.as_millis()));
    page.entry("memory_bytes", whole(limits.memory_bytes));
    page.entry("memory_grows", whole(limits.memory_grows));
    page.entry("stack_bytes", whole(limits.stack_bytes));
    page.entry("history_points", whole(limits.history_points));
    page.entry("verdicts", whole(limits.verdicts));
    page.entry("text_bytes", whole(limits.text_bytes));
    page.entry("output_bytes", whole(limits.output_bytes));
    page.entry("module_bytes", whole(limits.module_bytes));
}

pub(super) fn compile(config: &Config, page: &mut Page<'_>) {
    page.section("compile");
    page.entry("cpu_seconds", whole(config.compile.cpu_seconds));
    page.entry("wall_seconds", whole(config.compile.wall.as_secs()));
    page.entry("memory_bytes", whole(config.compile.memory_bytes));
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
    page.entry("top_processes", whole(collect.top_processes));
}

pub(super) fn alert(config: &Config, page: &mut Page<'_>) {
    let rule = &config.alerting.rule;
    let or_never = |duration: Option<_>| duration.map_or("never".into(), length);
    page.section("alert");
    page.entry("for", length(rule.hold));
    page.entry("keep_firing_for", length(rule.keep_firing_for));
    page.entry("repeat_interval", or_never(rule.repeat_interval));
    page.entry("renotify_on_escalation", rule.renotify_on_escalation);
    let flapping = rule.flapping.map(|flapping| {
        let shares =
            [("window", whole(flapping.window)), ("high", number(flapping.high)), ("low", number(flapping.low))];
        Value::Table(shares.map(|(key, value)| (key.to_owned(), value)).into_iter().collect())
    });
    page.entry("flapping", flapping.unwrap_or(false.into()));
    page.entry("stale_after", or_never(rule.stale_after));
    page.entry(
        "on_unknown",
        match rule.on_unknown {
            OnUnknown::Keep => "keep",
            OnUnknown::Notify => "notify",
            OnUnknown::Ignore => "ignore",
        },
    );
    page.entry(
        "notify",
        match config.alerting.notify {
            Notify::Changes => "changes",
            Notify::EveryRun => "every-run",
        },
    );
}

pub(super) fn export(config: &Config, page: &mut Page<'_>) {
    page.section("export");
    match &config.export.textfile {
        Some(file) => page.entry("textfile", path(file)),
        None => page.unset("textfile"),
    }
}
