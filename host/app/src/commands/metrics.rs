//! `checkpost metrics`: the headline figures of past cycles.

use checkpost_report::format::{mb, or_absent, percent, time};
use checkpost_report::table::{self, Column::*};
use checkpost_store::{MetricsRow, Store};

use crate::cli::{Global, ListArgs, ListFormat};

use super::context;
use super::error::CommandError;
use super::exit_code::DONE;
use super::output::{print, print_json};

pub(super) fn run(global: &Global, args: &ListArgs) -> Result<u8, CommandError> {
    let config = context::config(global, None)?;
    let since = context::since(args.since);
    let rows = Store::open_existing(&config.database.value)?.metrics(since, args.limit as usize)?;
    match args.format {
        ListFormat::Json => print_json(&rows)?,
        ListFormat::Text if rows.is_empty() => print("no metrics stored\n")?,
        ListFormat::Text => {
            let columns = [
                Text("TIME"),
                Text("HOST"),
                Number("CPU"),
                Number("MEMORY"),
                Number("DISK"),
                Number("SENT"),
                Number("RECEIVED"),
            ];
            print(&table::render(&columns, rows.iter().map(row).collect(), &context::style(global)))?;
        }
    }
    Ok(DONE)
}

fn row(row: &MetricsRow) -> Vec<String> {
    let headline = &row.headline;
    vec![
        time(row.timestamp),
        row.hostname.clone(),
        or_absent(headline.cpu_percent, percent),
        or_absent(headline.memory_percent, percent),
        or_absent(headline.disk_percent, percent),
        or_absent(headline.network_sent_bytes, mb),
        or_absent(headline.network_received_bytes, mb),
    ]
}
