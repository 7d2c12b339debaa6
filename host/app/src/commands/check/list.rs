//! `checkpost check list`: every instance, its module, and whether it can judge.

use std::path::Path;
use std::time::Instant;

use serde::Serialize;

use checkpost_model::check::{ModuleSource, Pin, Reason};
use checkpost_report::table::{self, Column::*};
use checkpost_sandbox::{Code, Digests, Prepared};

use crate::cli::{Global, ListFormat};
use crate::commands::context;
use crate::commands::error::CommandError;
use crate::commands::exit_code::DONE;
use crate::commands::output::{print, print_json};
use crate::config::{Config, pin_path};
use crate::cycle::{self, Instances};
use crate::logging;

/// The digits of a digest in the table: the least that `check release` takes.
const DIGITS: usize = 8;

/// An instance in the list. The field names are those of the JSON output.
#[derive(Serialize)]
struct Row {
    name: String,
    module: String,
    version: Option<String>,
    digest: Option<String>,
    channel: String,
    /// Where the machine code came from; `None` for a module that was not loaded.
    code: Option<Code>,
    /// How the module file compares with its pin; `None` for a built-in module, and without `checkpost.lock`.
    pin: Option<Pin>,
    /// Metrics that the check needs and may not read, or not completely.
    not_granted: Vec<String>,
    reason: Option<Reason>,
    detail: Option<String>,
}

pub(in crate::commands) fn run(global: &Global, format: ListFormat, checks: Option<&Path>) -> Result<u8, CommandError> {
    let config = context::config(global, checks)?;
    logging::start_on_stderr();
    let instances = Instances::of(&config);
    let mut sandbox = cycle::sandbox(&config, &instances)?;
    // The list shows what a run would find, in the same time.
    sandbox.set_deadline(cycle::loading_ends(Instant::now(), config.timeout));
    let mut digests = Digests::default();
    let prepared = instances.prepare(&sandbox)?;
    let rows: Vec<Row> = prepared.iter().map(|prepared| row(&config, prepared, &mut digests)).collect();
    match format {
        ListFormat::Json => print_json(&rows)?,
        ListFormat::Text => {
            let columns =
                [Name("CHECK"), Name("MODULE"), Text("VERSION"), Text("SHA-256"), Text("CHANNEL"), Text("STATE")];
            print(&table::render(
                &columns,
                rows.iter().map(|row| cells(&config, row)).collect(),
                &context::style(global),
            ))?;
        }
    }
    Ok(DONE)
}

fn row(config: &Config, prepared: &Prepared, digests: &mut Digests) -> Row {
    let instance = &prepared.instance;
    let module = prepared.ready.as_ref().ok().map(|(module, _)| module);
    let failure = prepared.ready.as_ref().err();
    let digest = match module {
        Some(module) => Some(module.info.digest.clone()),
        // Also for a module that was refused: the operator compares it, and `check release` takes it.
        None => digests.of(&instance.module, config.allowance.limits.module_bytes).ok(),
    };
    let pin = match &instance.module {
        ModuleSource::File(path) => digest.as_ref().and_then(|digest| config.pin_policy.pin(path, digest)),
        ModuleSource::Builtin(_) => None,
    };
    Row {
        name: instance.name.clone(),
        module: instance.module.to_string(),
        version: module.map(|module| module.info.version.clone()),
        digest,
        channel: instance.channel.clone(),
        code: module.map(|module| module.code),
        pin,
        not_granted: prepared.not_granted().into_iter().map(str::to_owned).collect(),
        reason: failure.map(|failure| failure.reason),
        detail: failure.map(|failure| failure.detail.clone()),
    }
}

/// Paths are relative where possible, as in the lock file, because that is shorter.
fn cells(config: &Config, row: &Row) -> Vec<String> {
    let version = row.version.clone().unwrap_or_default();
    let digest = row.digest.as_deref().and_then(|digest| digest.get(..DIGITS)).unwrap_or_default().to_owned();
    vec![row.name.clone(), pin_path(&row.module, &config.base_dir), version, digest, row.channel.clone(), state(row)]
}

/// `ready (cached, pinned)`, `ready (cached, not granted: process.*)`, or `trap (pinned): …`.
fn state(row: &Row) -> String {
    // The detail of this reason already describes the pin.
    let pin = row.pin.filter(|_| row.reason != Some(Reason::NotPinned));
    let mut facts: Vec<_> =
        row.code.map(code_words).into_iter().chain(pin.map(Pin::words)).map(str::to_owned).collect();
    if !row.not_granted.is_empty() {
        facts.push(format!("not granted: {}", row.not_granted.join(", ")));
    }
    let facts = if facts.is_empty() { String::new() } else { format!(" ({})", facts.join(", ")) };
    match (&row.reason, &row.detail) {
        (Some(reason), Some(detail)) => format!("{}{facts}: {detail}", reason.as_str()),
        _ => format!("ready{facts}"),
    }
}

fn code_words(code: Code) -> &'static str {
    match code {
        Code::Cached => "cached",
        Code::Compiled => "compiled",
        Code::Uncached => "compiled, not cached",
    }
}
