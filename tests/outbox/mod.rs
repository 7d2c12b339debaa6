//! From a transition to a message that arrived: the outbox, in whole runs against a real endpoint.

mod broken_database;
mod killed;
mod limits;
mod sending;

use serde_json::Value;

use crate::support::Site;
use crate::support::servers::Endpoint;

/// A route by webhook that tells of `memory` only: what else this machine is like is nobody's business.
fn route(name: &str, url: &str, more: &str) -> String {
    format!("[[route]]\nname = \"{name}\"\nmatch = [\"check=memory\"]\n{more}\n[route.webhook]\nurl = \"{url}\"\n")
}

/// A configuration in which memory is bad, or is not, with these routes.
fn config(is_bad: bool, routes: &str) -> String {
    let threshold = if is_bad { 0.001 } else { 99.9 };
    format!("{routes}\n[[check]]\nname = \"memory\"\n[check.settings]\nthreshold = {threshold}\ncritical = 100\n")
}

/// A site in which memory is bad, whose route leads to the endpoint.
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
    serde_json::from_str(&site.says(&["deliveries", "--format", "json"], 0).stdout).unwrap()
}

/// Lets the time pass that a route or a message waits.
fn wait_is_over(site: &Site) {
    site.database().execute_batch("UPDATE routes SET retry_ms = 0; UPDATE deliveries SET due_ms = 0").unwrap();
}
