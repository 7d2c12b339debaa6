//! `checkpost notifications`: what people were told, and what they were not and why.

use crate::cli::{Global, ListFormat, NotificationsArgs};
use crate::report::format::time;
use crate::report::table::{self, Column::*};
use crate::store::{NotificationFilter, NotificationRow, Store};

use super::{CommandError, DONE, context, follow, print, print_json};

pub(super) fn run(global: &Global, args: &NotificationsArgs) -> Result<u8, CommandError> {
    let config = context::config(global, None)?;
    let filter = NotificationFilter {
        since: context::since(args.list.since),
        channel: args.channel.clone(),
        level: args.level,
        limit: args.list.limit as usize,
    };
    if args.follow {
        return follow::run(&config, filter, args.list.format, &context::style(global));
    }
    let rows = Store::open_existing(&config.database.value)?.notifications(&filter)?;
    match args.list.format {
        ListFormat::Json => print_json(&rows)?,
        ListFormat::Text if rows.is_empty() => print("no notifications stored\n")?,
        ListFormat::Text => {
            let columns = [Number("ID"), Text("TIME"), Text("LEVEL"), Text("KIND"), Text("CHECK"), Text("MESSAGE")];
            print(&table::render(&columns, rows.iter().map(row).collect(), &context::style(global)))?;
        }
    }
    Ok(DONE)
}

fn row(row: &NotificationRow) -> Vec<String> {
    let (id, time) = (row.id.to_string(), time(row.sent_at));
    vec![id, time, row.level.clone(), row.kind.clone(), row.check_name.clone(), message(row)]
}

/// What it says, and why that went to nobody.
pub(super) fn message(row: &NotificationRow) -> String {
    let why = row.suppressed.as_ref().map_or(String::new(), |why| format!(" (not told: {why})"));
    format!("{}{why}", row.message)
}
