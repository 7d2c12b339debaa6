//! `checkpost check inspect`: prints how a module describes itself.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use checkpost_model::check::{ModuleSource, PinPolicy, Settings};
use checkpost_report::style::Style;
use checkpost_report::table::{self, Column::*};
use checkpost_sandbox::{Module, Need, SettingDescription, builtin, load_module};

use crate::cli::{Global, ListFormat};
use crate::commands::context;
use crate::commands::error::CommandError;
use crate::commands::exit_code::DONE;
use crate::commands::output::{print, print_json};
use crate::cycle::{self, Instances};
use crate::logging;

pub(in crate::commands) fn run(global: &Global, module: &Path, format: ListFormat) -> Result<u8, CommandError> {
    let mut config = context::config(global, None)?;
    // A module is inspected before it is pinned, and this command evaluates nothing.
    config.pin_policy = PinPolicy::default();
    logging::start_on_stderr();
    let sandbox = cycle::sandbox(&config, &Instances::none())?;
    let limits = &config.allowance.limits;
    let source = source(module);
    let failed = |failure| CommandError::Check { path: source.to_string(), failure };
    let module = load_module(&sandbox, &source, limits).map_err(failed)?;
    // A check with a required setting refuses the default settings; the refusal is printed instead of the needs.
    let needs = module.needs(limits, &Settings::new(), None).map_err(|failure| failure.detail);
    match format {
        ListFormat::Json => print_json(&as_json(&module, needs.as_deref()))?,
        ListFormat::Text => print(&as_text(&module, needs.as_deref(), &context::style(global)))?,
    }
    Ok(DONE)
}

/// A built-in check by its name, unless a file has this name.
fn source(module: &Path) -> ModuleSource {
    match module.to_str().and_then(builtin) {
        Some(builtin) if !module.is_file() => ModuleSource::Builtin(builtin.name),
        _ => ModuleSource::File(PathBuf::from(module)),
    }
}

fn as_text(module: &Module, needs: Result<&[Need], &String>, style: &Style) -> String {
    let description = &module.description;
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = writeln!(text, "{} {}: {}", description.name, description.version, description.summary);
    let _ = writeln!(text, "sha256 {} ({} bytes)", module.info.digest, module.info.size_bytes);
    for (key, value) in description.attributes.iter() {
        let _ = writeln!(text, "{key}: {value}");
    }
    if !description.settings.is_empty() {
        let rows = description.settings.iter().map(setting_cells).collect();
        let _ = write!(
            text,
            "\n{}",
            table::render(&[Text("SETTING"), Text("TYPE"), Text("DEFAULT"), Text("MEANING")], rows, style)
        );
    }
    match needs {
        Ok(needs) => {
            let rows = needs.iter().map(need_cells).collect();
            let _ = write!(text, "\n{}", table::render(&[Text("READS"), Text("LABELS"), Text("HISTORY")], rows, style));
        }
        Err(refusal) => {
            let _ = writeln!(text, "\nrequires settings: {refusal}");
        }
    }
    text
}

fn setting_cells(setting: &SettingDescription) -> Vec<String> {
    let default = setting.default.as_ref().map(ToString::to_string).unwrap_or_default();
    let attribute = |name| setting.attributes.get(name);
    let unit = attribute("unit").map(|unit| format!(" [{unit}]")).unwrap_or_default();
    let range = match (attribute("minimum"), attribute("maximum")) {
        (Some(minimum), Some(maximum)) => format!(" ({minimum} to {maximum})"),
        (Some(minimum), None) => format!(" (at least {minimum})"),
        (None, Some(maximum)) => format!(" (at most {maximum})"),
        (None, None) => String::new(),
    };
    let choices = attribute("choices").map(|choices| format!(" ({choices})")).unwrap_or_default();
    let type_name = setting.type_name().unwrap_or_default().to_owned();
    vec![setting.name.clone(), type_name, default, format!("{}{unit}{range}{choices}", setting.summary)]
}

fn need_cells(need: &Need) -> Vec<String> {
    let labels: Vec<String> = need.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let history = match need.window_seconds {
        0 => String::new(),
        seconds => format!("{seconds} s"),
    };
    vec![need.metric.clone(), labels.join(" "), history]
}

fn as_json(module: &Module, needs: Result<&[Need], &String>) -> Value {
    let description = &module.description;
    let setting = |setting: &SettingDescription| {
        json!({
            "name": setting.name,
            "summary": setting.summary,
            "type": setting.type_name(),
            "default": setting.default,
            "attributes": setting.attributes,
        })
    };
    json!({
        "name": description.name,
        "version": description.version,
        "summary": description.summary,
        "attributes": description.attributes,
        "digest": module.info.digest,
        "size_bytes": module.info.size_bytes,
        "settings": description.settings.iter().map(setting).collect::<Vec<_>>(),
        "needs": needs.ok(),
        "settings_refused": needs.err(),
    })
}
