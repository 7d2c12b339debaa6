//! Every `[[check]]`: the instances that run, without an entry too, and those that are switched off.

use super::page::Page;
use super::value::{list, path, setting};
use super::written::Written;
use crate::check::ModuleSource;
use crate::config::{Config, ConfiguredCheck, Origin};

pub(super) fn checks(config: &Config, page: &mut Page<'_>) {
    let running = config.checks.iter().map(|check| (check, true));
    for (check, enabled) in running.chain(config.disabled.iter().map(|check| (check, false))) {
        one(check, enabled, page);
    }
}

fn one(check: &ConfiguredCheck, enabled: bool, page: &mut Page<'_>) {
    let instance = &check.instance;
    let written = page.root.items("check").into_iter().find(|item| item.text("name") == Some(&instance.name));
    page.item("check", written.unwrap_or(Written::nothing()));
    page.entry("name", instance.name.as_str());
    match &instance.module {
        ModuleSource::Builtin(name) => page.entry("module", *name),
        ModuleSource::File(file) => page.entry("module", path(file)),
    }
    page.entry("enabled", enabled);
    page.entry("channel", instance.channel.as_str());
    match instance.owner.as_str() {
        "" => page.unset("owner"),
        owner => page.entry("owner", owner),
    }
    // Always: what holds without it depends on the module.
    let grants = page.origin("grants").or_else(|| page.origin_at_top("grants")).unwrap_or(Origin::Default);
    page.entry_from("grants", list(&instance.allowance.grants.0), &grants);
    // What an entry leaves out of these is that of [limits] and [alert].
    for table in ["limits", "alert"] {
        page.written_within(table);
    }
    if !instance.settings.is_empty() {
        page.within("settings");
        for (name, value) in &instance.settings {
            page.entry_from(name, setting(value), check.setting_origin(name));
        }
    }
}
