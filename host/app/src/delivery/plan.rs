//! Which messages notifications become, given what the outbox has sent lately.

use jiff::Timestamp;

use checkpost_alerting::alert::Notification;
use checkpost_alerting::route::{Planned, Route, plan};
use checkpost_store::{Store, StoreError};

/// The messages of notifications on these routes, by the limits in force now.
///
/// # Errors
/// When the database cannot be read.
pub fn plan_messages<'a>(
    store: &Store,
    routes: impl IntoIterator<Item = &'a Route> + Clone,
    notifications: &[Notification],
    host: &str,
    now: Timestamp,
) -> Result<Vec<Planned>, StoreError> {
    if notifications.is_empty() {
        return Ok(Vec::new());
    }
    let limits = routes.clone().into_iter().filter_map(|route| Some((route.name.as_str(), route.rate_limit?.messages)));
    let recent = store.recent_deliveries(limits, now)?;
    Ok(plan(routes, notifications, host, &recent, now))
}
