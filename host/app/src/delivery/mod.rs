//! Delivery: takes messages out of the outbox to their receivers, and raises an alarm when the outbox itself fails.
//!
//! [`plan_messages`] turns the notifications of a cycle into messages, which are stored with the cycle. [`deliver()`]
//! sends the messages of stored cycles. [`alarm()`] notifies without the database when the database is what failed.

mod alarm;
mod plan;
mod worker;

use std::io;
use std::time::Instant;

use jiff::Timestamp;

use crate::config::Config;
use crate::lock::{self, Purpose};
use alarm::Alarm;
use checkpost_store::{Store, StoreError};

pub use plan::plan_messages;

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

/// Sends pending messages until the deadline. When another process is delivering, it sends these messages too.
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
    // Messages of a removed route are abandoned by the next run that has routes.
    if config.routes.is_empty() {
        return Ok(());
    }
    let Some(_lock) = lock::take(&config.database.value, Purpose::Deliver)? else { return Ok(()) };
    Ok(worker::deliver(store, &config.routes, clock, deadline)?)
}

/// Notifies every route, without the database, that a cycle was not stored; or, without an error, that cycles are stored
/// again.
pub fn alarm(config: &Config, host: &str, error: Option<&str>, now: Timestamp, deadline: Instant) {
    let alarm = Alarm::of(&config.database.value);
    match error {
        Some(error) => alarm.raise(&config.routes, host, error, now, deadline),
        None => alarm.clear(&config.routes, host, now, deadline),
    }
}
