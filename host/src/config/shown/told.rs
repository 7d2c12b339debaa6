//! The sections of who is told and when not: as the file has them, with what holds where it says nothing.

use jiff::civil::Time;

use super::page::Page;
use super::value::{length, whole};
use crate::config::Config;
use crate::deliver::{Encryption, Relay, Transport};

pub(super) fn maintenance(config: &Config, page: &mut Page<'_>) {
    for (item, maintenance) in page.root.items("maintenance").into_iter().zip(&config.quiet.maintenance) {
        let window = &maintenance.window;
        page.item("maintenance", item);
        page.written_with(|page| {
            page.default("start", window.start.strftime("%H:%M").to_string());
            let end =
                if window.end == Time::midnight() { "24:00".into() } else { window.end.strftime("%H:%M").to_string() };
            page.default("end", end);
            page.default("time_zone", window.zone.iana_name().unwrap_or("UTC"));
        });
    }
}

pub(super) fn smtp(config: &Config, page: &mut Page<'_>) {
    if page.origin_at_top("smtp").is_none() {
        return;
    }
    page.section("smtp");
    // Without a route that sends mail it has no effect.
    let relay = config.routes.iter().find_map(|route| match &route.outlet.transport {
        Transport::Email(email) => Some(&email.relay),
        _ => None,
    });
    page.written_with(|page| relay.into_iter().for_each(|relay| each_of_relay(relay, page)));
}

fn each_of_relay(relay: &Relay, page: &mut Page<'_>) {
    page.default("port", whole(relay.port));
    page.default(
        "tls",
        match relay.encryption {
            Encryption::StartTls => "starttls",
            Encryption::Implicit => "implicit",
            Encryption::None => "none",
        },
    );
    page.default("timeout", length(relay.timeout));
    page.default("accept_invalid_certificates", relay.trust.accept_invalid_certificates);
}

pub(super) fn routes(config: &Config, page: &mut Page<'_>) {
    for (item, way) in page.root.items("route").into_iter().zip(&config.routes) {
        let route = &way.route;
        page.item("route", item);
        page.written_with(|page| {
            page.default("min_level", route.min_level.as_str());
            page.default("group", route.group);
            page.default("expire_after", length(route.expire_after));
        });
    }
}

pub(super) fn heartbeat(config: &Config, page: &mut Page<'_>) {
    if let Some(heartbeat) = &config.heartbeat {
        page.section("heartbeat");
        page.written_with(|page| page.default("timeout_seconds", whole(heartbeat.timeout.as_secs())));
    }
}
