//! `checkpost notifications`: stored notifications, sent or suppressed.

mod follow;
mod message;

use checkpost_alerting::alert::{Notification, Stored};
use checkpost_report::format::time;
use checkpost_report::json::stored_notification;
use checkpost_report::table::{self, Column::*};
use checkpost_store::{NotificationFilter, Store};

use crate::cli::{Global, ListFormat, NotificationsArgs};

use super::context;
use super::error::CommandError;
use super::exit_code::DONE;
use super::output::{print, print_json};

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
    let stored = Store::open_existing(&config.database.value)?.notifications(&filter)?;
    match args.list.format {
        ListFormat::Json => print_json(&stored.iter().map(stored_notification).collect::<Vec<_>>())?,
        ListFormat::Text if stored.is_empty() => print("no notifications stored\n")?,
        ListFormat::Text => {
            let columns = [Number("ID"), Text("TIME"), Text("LEVEL"), Text("KIND"), Text("CHECK"), Text("MESSAGE")];
            print(&table::render(&columns, stored.iter().map(row).collect(), &context::style(global)))?;
        }
    }
    Ok(DONE)
}

fn row(stored: &Stored<Notification>) -> Vec<String> {
    let Stored { id, time: sent_at, value, .. } = stored;
    let (level, kind) = (value.level.level().to_owned(), value.kind.as_str().to_owned());
    vec![id.to_string(), time(*sent_at), level, kind, value.check.clone(), message::message(value)]
}
