//! `checkpost collect`: the readings of this moment, neither judged nor stored.

use jiff::Timestamp;

use crate::cli::{CollectArgs, Global, ListFormat};
use crate::collect::{self, Request};
use crate::metric::{Labels, Snapshot};
use crate::report::style::Style;
use crate::report::table::{self, Column::*};

use super::{CommandError, DONE, context, print, print_json};

pub(super) fn run(global: &Global, args: &CollectArgs) -> Result<u8, CommandError> {
    let config = context::config(global, None)?;
    let interfaces = config.collect.interfaces.as_deref();
    let snapshot = collect::collect(&Request { interfaces, ..Request::new(Timestamp::now()) });
    match args.format {
        ListFormat::Json => print_json(&snapshot)?,
        ListFormat::Text => print(&text(&snapshot, &context::style(global)))?,
    }
    Ok(DONE)
}

fn text(snapshot: &Snapshot, style: &Style) -> String {
    let row = |sample: &crate::metric::Sample| {
        vec![sample.name.to_string(), sample.value.to_string(), labels_text(&sample.labels)]
    };
    let rows = snapshot.samples.iter().map(row).collect();
    let mut text = table::render(&[Text("METRIC"), Number("VALUE"), Text("LABELS")], rows, style);
    for diagnostic in &snapshot.diagnostics {
        text.push_str(&format!("{}: {}\n", diagnostic.source, diagnostic.message));
    }
    text
}

fn labels_text(labels: &Labels) -> String {
    labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
}
