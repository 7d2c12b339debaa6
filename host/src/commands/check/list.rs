//! `checkpost check list`: every instance, its module, and whether it can judge.

use std::path::Path;

use serde::Serialize;

use crate::check::Reason;
use crate::cli::{Global, ListFormat};
use crate::commands::{CommandError, DONE, context, print, print_json};
use crate::report::table::{self, Column::*};
use crate::sandbox::Prepared;
use crate::{cycle, logging};

/// One line of the list.
#[derive(Serialize)]
struct Row {
    name: String,
    module: String,
    version: Option<String>,
    digest: Option<String>,
    channel: String,
    reason: Option<Reason>,
    detail: Option<String>,
}

pub(in crate::commands) fn run(global: &Global, format: ListFormat, checks: Option<&Path>) -> Result<u8, CommandError> {
    let config = context::config(global, checks)?;
    logging::start_on_stderr();
    let instances = cycle::Instances::of(&config);
    let sandbox = cycle::sandbox(&config, instances.count())?;
    let rows: Vec<Row> = instances.prepare(&sandbox)?.iter().map(row).collect();
    match format {
        ListFormat::Json => print_json(&rows)?,
        ListFormat::Text => {
            let columns = [Text("CHECK"), Text("MODULE"), Text("VERSION"), Text("CHANNEL"), Text("STATE")];
            print(&table::render(&columns, rows.iter().map(cells).collect(), &context::style(global)))?;
        }
    }
    Ok(DONE)
}

fn row(prepared: &Prepared) -> Row {
    let instance = &prepared.instance;
    let info = prepared.ready.as_ref().ok().map(|(module, _)| &module.info);
    let failure = prepared.ready.as_ref().err();
    Row {
        name: instance.name.clone(),
        module: instance.module.to_string(),
        version: info.map(|info| info.version.clone()),
        digest: info.map(|info| info.digest.clone()),
        channel: instance.channel.clone(),
        reason: failure.map(|failure| failure.reason),
        detail: failure.map(|failure| failure.detail.clone()),
    }
}

fn cells(row: &Row) -> Vec<String> {
    let state = match (&row.reason, &row.detail) {
        (Some(reason), Some(detail)) => format!("{}: {detail}", reason.as_str()),
        _ => "ready".to_owned(),
    };
    vec![row.name.clone(), row.module.clone(), row.version.clone().unwrap_or_default(), row.channel.clone(), state]
}
