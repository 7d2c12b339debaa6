//! `checkpost ack`: acknowledges an alert, or removes the acknowledgement.

use jiff::Timestamp;

use checkpost_alerting::alert::AlertKey;
use checkpost_alerting::suppression::Acknowledgement;
use checkpost_model::clean;
use checkpost_report::format::time;
use checkpost_store::Store;

use crate::cli::{AckArgs, Global};

use super::context;
use super::error::CommandError;
use super::exit_code::DONE;
use super::output::print;
use super::suppression::{SuppressionError, author, end, nonempty, open_existing};

pub(super) fn run(global: &Global, args: &AckArgs) -> Result<u8, CommandError> {
    let now = Timestamp::now();
    let config = context::config(global, None)?;
    let mut store = open_existing(&config.database.value)?;
    let key = store.alert_of_notification(args.id)?.ok_or(SuppressionError::NoNotification(args.id))?;
    let line = if args.remove { remove(&mut store, key, now)? } else { acknowledge(&mut store, key, args, now)? };
    print(&format!("{}\n", clean::line(&line)))?;
    Ok(DONE)
}

/// Returns the line to print.
fn remove(store: &mut Store, key: AlertKey, now: Timestamp) -> Result<String, CommandError> {
    match store.remove_acknowledgement(&key, now)? {
        true => Ok(format!("{} is no longer acknowledged", key.name())),
        false => Err(SuppressionError::NotAcknowledged(key).into()),
    }
}

/// Returns the line to print.
fn acknowledge(store: &mut Store, key: AlertKey, args: &AckArgs, now: Timestamp) -> Result<String, CommandError> {
    let until = end(now, args.duration, args.until, now)?;
    let alerts = store.alerts()?;
    let Some(alert) = alerts.get(&key).filter(|alert| alert.is_bad()) else {
        return Err(SuppressionError::NotBad(key).into());
    };
    let comment = args.comment.as_deref().unwrap_or_default();
    let acknowledgement = Acknowledgement {
        id: 0,
        level: alert.worst(),
        key,
        sticky: args.sticky,
        until,
        author: author(args.author.as_deref())?,
        comment: nonempty("comment", comment, "say what is being done about the alert")?,
        created: now,
    };
    store.acknowledge(&acknowledgement)?;
    let Acknowledgement { key, level, .. } = &acknowledgement;
    let or_worse = if args.sticky { "" } else { " or gets worse" };
    let at_the_latest = until.map_or(String::new(), |until| format!(", at the latest at {}", time(until)));
    Ok(format!("{} is acknowledged at {} until it ends{or_worse}{at_the_latest}", key.name(), level.level()))
}
