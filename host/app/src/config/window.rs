//! Windows of time, as `[[maintenance]]` and `[[route.quiet_hours]]` have them.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use toml::Spanned;
use toml::de::DeValue;

use checkpost_alerting::suppression::{Days, Window};

use super::error::ConfigError;
use super::origin::Sourced;
use super::section::Section;
use super::toml_value::integer;

/// The keys of a window.
pub(super) const WINDOW_KEYS: [&str; 7] = ["days", "month_days", "start", "end", "time_zone", "from", "until"];

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// The window of a table. Without any of these keys the window is always open: from midnight to midnight, UTC.
pub(super) fn window(section: &Section<'_>) -> Result<Window, ConfigError> {
    let zone = section.read("time_zone", "the name of a time zone, such as \"Europe/Berlin\"", |value| {
        TimeZone::get(value.as_str()?).ok()
    })?;
    let start = section.read("start", "a time of day, such as \"22:00\"", |value| time(value.as_str()?))?;
    let end =
        section.read("end", "a time of day, such as \"06:00\", or \"24:00\"", |value| match value.as_str()? {
            "24:00" => Some((Time::midnight(), true)),
            text => Some((time(text)?, false)),
        })?;
    let start = start.map_or(Time::midnight(), |start| start.value);
    if let Some(Sourced { value: (at, false), origin }) = &end
        && *at == start
    {
        let why = "must differ from start; a whole day is \"00:00\" to \"24:00\"";
        return Err(ConfigError::value(origin.clone(), section.key("end"), quoted(at.strftime("%H:%M")), why));
    }
    Ok(Window {
        zone: zone.map_or(TimeZone::UTC, |zone| zone.value),
        start,
        end: end.map_or(Time::midnight(), |end| end.value.0),
        days: days(section)?,
    })
}

fn days(section: &Section<'_>) -> Result<Days, ConfigError> {
    let weekdays = section.read("days", "a list of days: mon, tue, wed, thu, fri, sat, sun", |value| {
        list(value, |value| {
            let text = value.as_str()?;
            WEEKDAYS.iter().find(|(name, _)| *name == text).map(|(_, day)| *day)
        })
    })?;
    let month_days = "a list of days of the month: 1 to 31, or -1 to -31 from its end";
    let month_days = section.read("month_days", month_days, |value| {
        list(value, |value| i8::try_from(integer(value)?).ok().filter(|day| (1..=31).contains(&day.unsigned_abs())))
    })?;
    let date = |key| section.read(key, "a date, such as \"2026-11-24\"", date);
    let (from, until) = (date("from")?, date("until")?);
    if let (Some(from), Some(until)) = (&from, &until)
        && until.value < from.value
    {
        let why = format!("must not be before from ({})", from.value);
        return Err(ConfigError::value(until.origin.clone(), section.key("until"), quoted(until.value), why));
    }
    Ok(Days {
        weekdays: weekdays.map(|days| days.value).unwrap_or_default(),
        month_days: month_days.map(|days| days.value).unwrap_or_default(),
        from: from.map(|from| from.value),
        until: until.map(|until| until.value),
    })
}

fn quoted(value: impl std::fmt::Display) -> String {
    format!("\"{value}\"")
}

/// The items of a list. An empty list is an error: its window would never open.
fn list<'a, T>(value: &'a DeValue<'a>, read: impl Fn(&'a DeValue<'a>) -> Option<T>) -> Option<Vec<T>> {
    let list = value.as_array().filter(|list| !list.is_empty())?;
    list.iter().map(Spanned::get_ref).map(read).collect()
}

fn time(text: &str) -> Option<Time> {
    Time::strptime("%H:%M", text).ok()
}

/// A date of TOML, or a string with a date.
fn date(value: &DeValue<'_>) -> Option<Date> {
    let text = match value {
        DeValue::Datetime(date) => date.to_string(),
        _ => value.as_str()?.to_owned(),
    };
    Date::strptime("%Y-%m-%d", text).ok()
}
