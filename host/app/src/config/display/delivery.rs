//! `[heartbeat]`, `[smtp]` and `[[route]]`, as the file has them, with the defaults of keys that it leaves out.

use checkpost_notify::{Encryption, Relay, Transport};

use super::page::Page;
use super::value::{duration, integer};
use crate::config::Config;

pub(super) fn smtp(config: &Config, page: &mut Page<'_>) {
    if page.origin_at_top("smtp").is_none() {
        return;
    }
    page.section("smtp");
    // The relay is known from a route that uses it. Without one, the section has no effect, and its defaults are not shown.
    let relay = config.routes.iter().find_map(|route| match &route.receiver.transport {
        Transport::Email(email) => Some(&email.relay),
        _ => None,
    });
    page.written_with(|page| relay.into_iter().for_each(|relay| relay_defaults(relay, page)));
}

fn relay_defaults(relay: &Relay, page: &mut Page<'_>) {
    page.default("port", integer(relay.port));
    page.default(
        "tls",
        match relay.encryption {
            Encryption::StartTls => "starttls",
            Encryption::Implicit => "implicit",
            Encryption::None => "none",
        },
    );
    page.default("timeout", duration(relay.timeout));
    page.default("accept_invalid_certificates", relay.trust.accept_invalid_certificates);
}

pub(super) fn routes(config: &Config, page: &mut Page<'_>) {
    for (item, configured) in page.root.items("route").into_iter().zip(&config.routes) {
        let route = &configured.route;
        page.item("route", item);
        page.written_with(|page| {
            page.default("min_level", route.min_level.as_str());
            page.default("group", route.group);
            page.default("expire_after", duration(route.expire_after));
        });
    }
}

pub(super) fn heartbeat(config: &Config, page: &mut Page<'_>) {
    if let Some(heartbeat) = &config.heartbeat {
        page.section("heartbeat");
        page.written_with(|page| page.default("timeout_seconds", integer(heartbeat.timeout.as_secs())));
    }
}
