//! Delivery: the heartbeat, the routes, and messages that are pending or abandoned.

use jiff::{SignedDuration, Timestamp};

use checkpost_report::format::{count, time};
use checkpost_store::{DeliveryFilter, RouteRow, Store, StoreError};

use crate::config::Config;

use super::finding::{About, Finding};

pub(super) fn examine(config: &Config, report: &mut dyn FnMut(Finding)) {
    report(heartbeat(config));
    for configured in &config.routes {
        let name = &configured.route.name;
        let problems = configured.receiver.check();
        if problems.is_empty() {
            report(About::Route.ok(format!("'{name}': {}", configured.receiver.transport)));
        }
        for problem in problems {
            report(About::Route.failed(format!("'{name}' cannot send: {problem}")));
        }
    }
}

fn heartbeat(config: &Config) -> Finding {
    let Some(heartbeat) = &config.heartbeat else {
        return About::Heartbeat.ok("none: nobody is notified when runs stop").remedy("set [heartbeat]");
    };
    let url = heartbeat.parsed_url().and_then(|url| heartbeat.trust.pem().map(|_| url));
    match url {
        Ok(url) => About::Heartbeat.ok(url.to_string()),
        Err(error) => About::Heartbeat.failed(format!("cannot be sent: {error}")),
    }
}

/// Reports routes that fail, pending messages of removed routes, and recently abandoned messages.
pub(super) fn deliveries(
    config: &Config,
    store: &Store,
    now: Timestamp,
    report: &mut dyn FnMut(Finding),
) -> Result<(), StoreError> {
    for route in store.routes()? {
        let is_configured = config.routes.iter().any(|configured| configured.route.name == route.name);
        if route.failures > 0 && is_configured {
            report(failing_route(&route));
        } else if route.pending > 0 && !is_configured {
            let pending = count(route.pending as usize, "message");
            let text = format!("'{}' is not in the configuration; pending: {pending}", route.name);
            report(About::Route.warning(text));
        }
    }
    let a_day_ago = now.checked_sub(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MIN);
    let abandoned = DeliveryFilter { since: Some(a_day_ago), limit: 1_000, route: None, state: Some("expired") };
    if let abandoned @ 1.. = store.deliveries(&abandoned)?.len() {
        let text = format!("{} abandoned in the last day", count(abandoned, "message"));
        report(About::Route.warning(text).remedy("checkpost deliveries --state expired"));
    }
    Ok(())
}

fn failing_route(route: &RouteRow) -> Finding {
    let failing = route.failing_since.map(|since| format!("has been failing since {}", time(since)));
    let failing = failing.unwrap_or_else(|| "is failing".to_owned());
    let pending = count(route.pending as usize, "message");
    let error = route.last_error.as_deref().unwrap_or_default();
    let text = format!("'{}' {failing}, {pending} pending: {error}", route.name);
    About::Route.failed(text).remedy(format!("checkpost notify test {}", route.name))
}
