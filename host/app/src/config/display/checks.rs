//! `[[check]]`: all instances, disabled ones and those without an entry included.

use checkpost_model::check::ModuleSource;

use super::file_table::FileTable;
use super::page::Page;
use super::value::{list, path, setting};
use crate::config::{Config, ConfiguredCheck, Origin};

pub(super) fn checks(config: &Config, page: &mut Page<'_>) {
    let enabled = config.checks.iter().map(|check| (check, true));
    let disabled = config.disabled.iter().map(|check| (check, false));
    for (check, enabled) in enabled.chain(disabled) {
        check_item(check, enabled, page);
    }
}

fn check_item(check: &ConfiguredCheck, enabled: bool, page: &mut Page<'_>) {
    let instance = &check.instance;
    let entry = page.root.items("check").into_iter().find(|item| item.text("name") == Some(&instance.name));
    page.item("check", entry.unwrap_or(FileTable::absent()));
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
    // The default depends on the module, so grants are always shown.
    let grants = page.origin("grants").or_else(|| page.origin_at_top("grants")).unwrap_or(Origin::Default);
    page.entry_from("grants", list(&instance.allowance.grants.0), &grants);
    // The keys that an entry leaves out have the values of [limits] and [alert].
    for table in ["limits", "alert"] {
        page.written_subtable(table);
    }
    if !instance.settings.is_empty() {
        page.subtable("settings");
        for (name, value) in &instance.settings {
            page.entry_from(name, setting(value), check.setting_origin(name));
        }
    }
}
