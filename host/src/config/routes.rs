//! `[[route]]`: which notifications go which way, and when. By which transport is in `transport`.

use std::sync::Arc;
use std::time::Duration;

use super::instances::identifier;
use super::quiet::matchers;
use super::secret::Surroundings;
use super::section::Section;
use super::smtp::smtp;
use super::transport::{TRANSPORT_KEYS, outlet};
use super::window::{WINDOW_KEYS, window};
use super::{ConfigError, Origin, Sourced, parse_duration};
use crate::check::Status;
use crate::deliver::Way;
use crate::route::{EXPIRE_AFTER, QuietHours, RateLimit, Route};

/// The keys of a route beside those of its transport.
const KEYS: [&str; 7] = ["name", "match", "min_level", "quiet_hours", "rate_limit", "group", "expire_after"];

const LEVELS: [(&str, Status); 3] =
    [("warning", Status::Warning), ("unknown", Status::Unknown), ("critical", Status::Critical)];

/// Every `[[route]]`.
pub(super) fn routes(root: &Section<'_>, around: &Surroundings<'_>) -> Result<Vec<Way>, ConfigError> {
    let relay = smtp(root, around)?;
    let keys: Vec<_> = KEYS.into_iter().chain(TRANSPORT_KEYS).collect();
    let mut ways: Vec<(Way, Origin)> = Vec::new();
    for Sourced { value: section, origin } in root.sections("route", &keys)? {
        let route = route(&section, &origin)?;
        if let Some((_, first)) = ways.iter().find(|(way, _)| way.route.name == route.name) {
            let problem = format!("route '{}' is there already, at {first}: names must be unique", route.name);
            return Err(ConfigError::line(origin, problem));
        }
        let outlet = Arc::new(outlet(&section, &origin, relay.as_ref(), around)?);
        ways.push((Way { route, outlet }, origin));
    }
    Ok(ways.into_iter().map(|(way, _)| way).collect())
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
        expire_after: long(section, "expire_after")?.unwrap_or(EXPIRE_AFTER),
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
        messages: table.whole("messages", 1..=1_000, 10)?,
        per: long(&table, "per")?.unwrap_or(Duration::from_secs(3_600)),
    }))
}

/// A length of time that is not shorter than a minute.
fn long(table: &Section<'_>, key: &str) -> Result<Option<Duration>, ConfigError> {
    let allowed = "a length of time such as \"24h\", not less than a minute";
    let least = Duration::from_secs(60);
    let duration = table.read(key, allowed, |value| parse_duration(value.as_str()?).ok().filter(|d| *d >= least))?;
    Ok(duration.map(|duration| duration.value))
}
