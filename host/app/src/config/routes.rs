//! `[[route]]`: which notifications go to which receiver, and when. `transport` reads how they get there.

use std::sync::Arc;
use std::time::Duration;

use checkpost_alerting::route::{EXPIRE_AFTER, QuietHours, RateLimit, Route};
use checkpost_model::check::Status;
use checkpost_notify::Receiver;

use super::duration::parse_duration;
use super::error::ConfigError;
use super::identifier::identifier;
use super::matchers::matchers;
use super::origin::{Origin, Sourced};
use super::secret::Context;
use super::section::Section;
use super::smtp::smtp;
use super::transport::{TRANSPORT_KEYS, receiver};
use super::window::{WINDOW_KEYS, window};

/// The keys of a route, without those of its transport.
const KEYS: [&str; 7] = ["name", "match", "min_level", "quiet_hours", "rate_limit", "group", "expire_after"];

const LEVELS: [(&str, Status); 3] =
    [("warning", Status::Warning), ("unknown", Status::Unknown), ("critical", Status::Critical)];

/// A route with its receiver.
#[derive(Clone, Debug)]
pub struct ConfiguredRoute {
    /// Which notifications go to the receiver, and when.
    pub route: Route,
    /// The receiver, with the transport to it.
    pub receiver: Arc<Receiver>,
}

/// Every `[[route]]`.
pub(super) fn routes(root: &Section<'_>, context: &Context<'_>) -> Result<Vec<ConfiguredRoute>, ConfigError> {
    let relay = smtp(root, context)?;
    let keys: Vec<_> = KEYS.into_iter().chain(TRANSPORT_KEYS).collect();
    let mut routes: Vec<(ConfiguredRoute, Origin)> = Vec::new();
    for Sourced { value: section, origin } in root.sections("route", &keys)? {
        let route = route(&section, &origin)?;
        if let Some((_, first)) = routes.iter().find(|(configured, _)| configured.route.name == route.name) {
            let problem = format!("route '{}' is already defined at {first}; names must be unique", route.name);
            return Err(ConfigError::line(origin, problem));
        }
        let receiver = Arc::new(receiver(&section, &origin, relay.as_ref(), context)?);
        routes.push((ConfiguredRoute { route, receiver }, origin));
    }
    Ok(routes.into_iter().map(|(configured, _)| configured).collect())
}

fn route(section: &Section<'_>, origin: &Origin) -> Result<Route, ConfigError> {
    let no_name = || ConfigError::line(origin.clone(), "this [[route]] has no name");
    Ok(Route {
        name: identifier(section.text("name")?.ok_or_else(no_name)?, "route.name")?,
        matchers: matchers(section, "match")?.unwrap_or_default(),
        min_level: section.choice("min_level", &LEVELS)?.unwrap_or(Status::Warning),
        quiet_hours: quiet_hours(section)?,
        rate_limit: rate_limit(section)?,
        group: section.flag("group", true)?,
        expire_after: minutes_or_longer(section, "expire_after")?.unwrap_or(EXPIRE_AFTER),
    })
}

/// `[[route.quiet_hours]]`.
fn quiet_hours(route: &Section<'_>) -> Result<Vec<QuietHours>, ConfigError> {
    let keys: Vec<_> = WINDOW_KEYS.into_iter().chain(["except"]).collect();
    let except: Vec<_> = LEVELS.map(|(name, level)| (name, Some(level))).into_iter().chain([("none", None)]).collect();
    let hours = |entry: Sourced<Section<'_>>| {
        let except = entry.value.choice("except", &except)?.unwrap_or(Some(Status::Critical));
        Ok(QuietHours { window: window(&entry.value)?, except })
    };
    route.sections("quiet_hours", &keys)?.into_iter().map(hours).collect()
}

fn rate_limit(route: &Section<'_>) -> Result<Option<RateLimit>, ConfigError> {
    let Some(table) = route.section("rate_limit", &["messages", "per"])? else { return Ok(None) };
    Ok(Some(RateLimit {
        messages: table.integer("messages", 1..=1_000, 10)?,
        per: minutes_or_longer(&table, "per")?.unwrap_or(Duration::from_secs(3_600)),
    }))
}

/// A duration of at least a minute.
fn minutes_or_longer(table: &Section<'_>, key: &str) -> Result<Option<Duration>, ConfigError> {
    let allowed = "a duration of at least a minute, such as \"24h\"";
    let least = Duration::from_secs(60);
    let duration = table.read(key, allowed, |value| parse_duration(value.as_str()?).ok().filter(|d| *d >= least))?;
    Ok(duration.map(|duration| duration.value))
}
