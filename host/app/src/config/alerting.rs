//! `[alert]` and `[check.alert]`: when the alerts of an instance are raised and notified.

use std::time::Duration;

use toml::de::DeValue;

use checkpost_alerting::alert::{Flapping, OnUnknown, Rule};

use super::duration::parse_duration;
use super::error::ConfigError;
use super::section::Section;

/// When the alerts of an instance are raised and notified.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Alerting {
    /// The rule of the alert states, missing data included.
    pub rule: Rule,
    /// When a notification is stored.
    pub notify: Notify,
}

/// When a notification is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Notify {
    /// When the state of an alert changes, and as a reminder.
    #[default]
    Changes,
    /// In every run in which a subject is bad.
    EveryRun,
}

/// The keys, in the order in which an error lists them.
const KEYS: [&str; 8] = [
    "for",
    "keep_firing_for",
    "repeat_interval",
    "renotify_on_escalation",
    "flapping",
    "stale_after",
    "on_unknown",
    "notify",
];

/// The table `alert` of a section. A key that it leaves out has the value of `default`.
pub(super) fn alerting(parent: &Section<'_>, default: &Alerting) -> Result<Alerting, ConfigError> {
    let Some(table) = parent.section("alert", &KEYS)? else { return Ok(default.clone()) };
    let rule = &default.rule;
    let on_unknown = [("keep", OnUnknown::Keep), ("notify", OnUnknown::Notify), ("ignore", OnUnknown::Ignore)];
    let notify = [("changes", Notify::Changes), ("every-run", Notify::EveryRun)];
    Ok(Alerting {
        rule: Rule {
            pending_for: duration(&table, "for")?.unwrap_or(rule.pending_for),
            keep_firing_for: duration(&table, "keep_firing_for")?.unwrap_or(rule.keep_firing_for),
            repeat_interval: duration_or_never(&table, "repeat_interval")?.unwrap_or(rule.repeat_interval),
            renotify_on_escalation: table.flag("renotify_on_escalation", rule.renotify_on_escalation)?,
            flapping: flapping(&table, rule.flapping)?,
            stale_after: duration_or_never(&table, "stale_after")?.unwrap_or(rule.stale_after),
            on_unknown: table.choice("on_unknown", &on_unknown)?.unwrap_or(rule.on_unknown),
        },
        notify: table.choice("notify", &notify)?.unwrap_or(default.notify),
    })
}

fn duration(table: &Section<'_>, key: &str) -> Result<Option<Duration>, ConfigError> {
    let allowed = "a duration such as \"5m\", or \"0s\"";
    let duration = table.read(key, allowed, |value| parse_duration(value.as_str()?).ok())?;
    Ok(duration.map(|duration| duration.value))
}

/// A duration that is not zero: a reminder or a stale alert after no time would come in every run.
fn duration_or_never(table: &Section<'_>, key: &str) -> Result<Option<Option<Duration>>, ConfigError> {
    let duration = table.read(key, "a duration such as \"4h\", or \"never\"", |value| match value.as_str()? {
        "never" => Some(None),
        text => parse_duration(text).ok().filter(|duration| !duration.is_zero()).map(Some),
    })?;
    Ok(duration.map(|duration| duration.value))
}

fn flapping(table: &Section<'_>, default: Option<Flapping>) -> Result<Option<Flapping>, ConfigError> {
    let is_off = |value: &DeValue<'_>| match value {
        DeValue::Boolean(false) => Some(true),
        DeValue::Table(_) => Some(false),
        _ => None,
    };
    match table.read("flapping", "false, or a table of window, high and low", is_off)? {
        None => return Ok(default),
        Some(is_off) if is_off.value => return Ok(None),
        Some(_) => {}
    }
    let Some(flapping) = table.section("flapping", &["window", "high", "low"])? else { return Ok(default) };
    let default = default.unwrap_or_default();
    let high = flapping.number("high", 0.0..=1.0, default.high)?;
    Ok(Some(Flapping {
        window: flapping.integer("window", 2..=64, default.window)?,
        high,
        low: flapping.number("low", 0.0..=high, default.low.min(high))?,
    }))
}
