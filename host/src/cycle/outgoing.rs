//! The way out of a cycle: its messages are stored with it, and sent when it is stored.

use std::io;
use std::time::Instant;

use jiff::Timestamp;

use crate::alert::Notification;
use crate::config::Config;
use crate::deliver::{self, Alarm};
use crate::lock::{self, Purpose};
use crate::route::Planned;
use crate::store::{Store, StoreError};

/// Why messages were not sent, or not recorded as sent. They wait for the next run.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// The lock could not be made.
    #[error("cannot lock the deliveries: {0}")]
    Lock(#[from] io::Error),
    /// The database is at fault.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The messages of a cycle, by route.
pub(super) fn messages(
    store: &Store,
    config: &Config,
    notifications: &[Notification],
    host: &str,
    now: Timestamp,
) -> Result<Vec<Planned>, StoreError> {
    if notifications.is_empty() {
        return Ok(Vec::new());
    }
    deliver::messages(store, config.routes.iter().map(|way| &way.route), notifications, host, now)
}

/// Sends what waits, until the deadline. Another process that is at it sends this, too.
///
/// The run lock is not needed and should not be held: a relay that hangs must not keep the next cycle from measuring.
///
/// # Errors
/// When the database or its lock is at fault. A message that does not arrive is no error: it waits.
pub fn deliver(
    config: &Config,
    store: &mut Store,
    clock: &dyn Fn() -> Timestamp,
    deadline: Instant,
) -> Result<(), DeliveryError> {
    let database = &config.database.value;
    // What a route that is gone left behind is looked after by a run that has routes.
    if config.routes.is_empty() {
        return Ok(());
    }
    let Some(_lock) = lock::take(database, Purpose::Deliver)? else { return Ok(()) };
    Ok(deliver::deliver(store, &config.routes, clock, deadline)?)
}

/// Tells people, past the database, that a cycle was not stored; or, when this one was, that it is over.
pub fn alarm(config: &Config, host: &str, error: Option<&str>, now: Timestamp, deadline: Instant) {
    let alarm = Alarm::of(&config.database.value);
    match error {
        Some(error) => alarm.raise(&config.routes, host, error, now, deadline),
        None => alarm.clear(&config.routes, host, now, deadline),
    }
}
