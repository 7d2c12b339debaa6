//! Whether anybody hears of it: the heartbeat and the routes.

use jiff::{SignedDuration, Timestamp};

use super::{About, Finding};
use crate::config::Config;
use crate::report::format::{count, time};
use crate::store::{DeliveryFilter, RouteRow, Store, StoreError};

pub(super) fn examine(config: &Config, tell: &mut dyn FnMut(Finding)) {
    tell(heartbeat(config));
    for way in &config.routes {
        let problems = way.outlet.check();
        if problems.is_empty() {
            tell(About::Route.ok(format!("'{}': {}", way.route.name, way.outlet.transport)));
        }
        for problem in problems {
            tell(About::Route.failed(format!("'{}' cannot send: {problem}", way.route.name)));
        }
    }
}

fn heartbeat(config: &Config) -> Finding {
    let Some(heartbeat) = &config.heartbeat else {
        return About::Heartbeat.ok("none: nobody is told when runs no longer come").remedy("set [heartbeat]");
    };
    let address = heartbeat.address().and_then(|url| heartbeat.trust.pem().map(|_| url));
    match address {
        Ok(url) => About::Heartbeat.ok(url.to_string()),
        Err(why) => About::Heartbeat.failed(format!("cannot be sent: {why}")),
    }
}

/// What became of messages: routes that fail, and what was given up of late.
pub(super) fn deliveries(
    config: &Config,
    store: &Store,
    now: Timestamp,
    tell: &mut dyn FnMut(Finding),
) -> Result<(), StoreError> {
    for route in store.routes()? {
        let is_there = config.routes.iter().any(|way| way.route.name == route.name);
        if route.failures > 0 && is_there {
            tell(failing(&route));
        } else if route.pending > 0 && !is_there {
            let wait = count(route.pending as usize, "message");
            tell(About::Route.warning(format!("'{}' is not in the configuration; waiting for it: {wait}", route.name)));
        }
    }
    let a_day_ago = now.checked_sub(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MIN);
    let given_up = DeliveryFilter { since: Some(a_day_ago), limit: 1_000, route: None, state: Some("expired") };
    if let given_up @ 1.. = store.deliveries(&given_up)?.len() {
        let text = format!("{} of the last day were given up", count(given_up, "message"));
        tell(About::Route.warning(text).remedy("checkpost deliveries --state expired"));
    }
    Ok(())
}

fn failing(route: &RouteRow) -> Finding {
    let since = route.failing_since.map(|since| format!(" since {}", time(since))).unwrap_or_default();
    let wait = count(route.pending as usize, "message");
    let error = route.last_error.as_deref().unwrap_or_default();
    let text = format!("'{}' fails{since}, waiting: {wait}: {error}", route.name);
    About::Route.failed(text).remedy(format!("checkpost notify test {}", route.name))
}
