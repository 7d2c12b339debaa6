//! From a transition to an arrived message: the outbox, in whole runs against a real endpoint.

mod alarm;
mod delays;
mod killed;
mod sending;

use serde_json::Value;

use crate::support::Site;
use crate::support::servers::Endpoint;

/// A webhook route for `memory` only: the state of the rest of this machine does not matter.
fn route(name: &str, url: &str, more: &str) -> String {
    format!("[[route]]\nname = \"{name}\"\nmatch = [\"check=memory\"]\n{more}\n[route.webhook]\nurl = \"{url}\"\n")
}

/// A configuration with these routes in which the memory check warns, or does not.
fn config(is_bad: bool, routes: &str) -> String {
    let threshold = if is_bad { 0.001 } else { 99.9 };
    format!("{routes}\n[[check]]\nname = \"memory\"\n[check.settings]\nthreshold = {threshold}\ncritical = 100\n")
}

/// A site in which the memory check warns, and whose route leads to the endpoint.
fn site(endpoint: &Endpoint) -> Site {
    Site::with_config(&config(true, &route("ops", &endpoint.url("/ops"), "")))
}

/// The bodies of requests, as messages.
fn messages(endpoint: &Endpoint, count: usize) -> Vec<Value> {
    endpoint
        .requests(count)
        .iter()
        .map(|request| serde_json::from_str(request["body"].as_str().unwrap()).unwrap())
        .collect()
}

fn deliveries(site: &Site) -> Vec<Value> {
    serde_json::from_str(&site.execute(&["deliveries", "--format", "json"], 0).stdout).unwrap()
}

/// Ends the waits of all routes and messages.
fn end_waits(site: &Site) {
    site.database().execute_batch("UPDATE routes SET retry_ms = 0; UPDATE deliveries SET due_ms = 0").unwrap();
}
