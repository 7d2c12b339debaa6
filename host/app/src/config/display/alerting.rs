//! `[alert]` and `[[maintenance]]`.

use jiff::civil::Time;
use toml::Value;

use checkpost_alerting::alert::OnUnknown;

use super::page::Page;
use super::value::{duration, integer, number};
use crate::config::{Config, Notify};

pub(super) fn alert(config: &Config, page: &mut Page<'_>) {
    let rule = &config.alerting.rule;
    let or_never = |optional: Option<_>| optional.map_or("never".into(), duration);
    page.section("alert");
    page.entry("for", duration(rule.pending_for));
    page.entry("keep_firing_for", duration(rule.keep_firing_for));
    page.entry("repeat_interval", or_never(rule.repeat_interval));
    page.entry("renotify_on_escalation", rule.renotify_on_escalation);
    let flapping = rule.flapping.map(|flapping| {
        let entries =
            [("window", integer(flapping.window)), ("high", number(flapping.high)), ("low", number(flapping.low))];
        Value::Table(entries.map(|(key, value)| (key.to_owned(), value)).into_iter().collect())
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

pub(super) fn maintenance(config: &Config, page: &mut Page<'_>) {
    for (item, maintenance) in page.root.items("maintenance").into_iter().zip(&config.suppression.maintenance) {
        let window = &maintenance.window;
        page.item("maintenance", item);
        page.written_with(|page| {
            page.default("start", window.start.strftime("%H:%M").to_string());
            let end =
                if window.end == Time::midnight() { "24:00".into() } else { window.end.strftime("%H:%M").to_string() };
            page.default("end", end);
            page.default("time_zone", window.zone.iana_name().unwrap_or("UTC"));
        });
    }
}
