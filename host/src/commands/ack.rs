//! `checkpost ack`: somebody looks after an alert.

use jiff::Timestamp;

use crate::alert::AlertKey;
use crate::clean;
use crate::cli::{AckArgs, Global};
use crate::quiet::Acknowledgement;
use crate::report::format::time;
use crate::store::Store;

use super::hold::{self, HoldError, named};
use super::{CommandError, DONE, context, print};

pub(super) fn run(global: &Global, args: &AckArgs) -> Result<u8, CommandError> {
    let now = Timestamp::now();
    let config = context::config(global, None)?;
    let mut store = hold::existing(&config.database.value)?;
    let key = store.alert_of_notification(args.id)?.ok_or(HoldError::NoNotification(args.id))?;
    let said = if args.remove { remove(&mut store, key, now)? } else { acknowledge(&mut store, key, args, now)? };
    print(&format!("{}\n", clean::line(&said)))?;
    Ok(DONE)
}

fn remove(store: &mut Store, key: AlertKey, now: Timestamp) -> Result<String, CommandError> {
    match store.remove_acknowledgement(&key, now)? {
        true => Ok(format!("{} is no longer acknowledged", named(&key))),
        false => Err(HoldError::NotAcknowledged(key).into()),
    }
}

fn acknowledge(store: &mut Store, key: AlertKey, args: &AckArgs, now: Timestamp) -> Result<String, CommandError> {
    let until = hold::end(now, args.duration, args.until, now)?;
    let alerts = store.alerts()?;
    let Some(alert) = alerts.get(&key).filter(|alert| alert.is_bad()) else {
        return Err(HoldError::NotBad(key).into());
    };
    let acknowledgement = Acknowledgement {
        id: 0,
        level: alert.worst(),
        key,
        sticky: args.sticky,
        until,
        author: hold::author(args.author.as_deref())?,
        comment: hold::said("comment", args.comment.as_deref().unwrap_or_default(), "what is done about it")?,
        created: now,
    };
    store.acknowledge(&acknowledgement)?;
    let Acknowledgement { key, level, .. } = &acknowledgement;
    let at_the_latest = until.map_or(String::new(), |until| format!(", at the latest until {}", time(until)));
    let until_worse = if args.sticky { "" } else { " or worse" };
    Ok(format!("{} is acknowledged at {} until it is over{until_worse}{at_the_latest}", named(key), level.level()))
}
