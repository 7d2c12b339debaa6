//! `checkpost doctor`: finds problems of an installation that keep runs from working. It changes nothing, because files
//! that it created as root would be in the way of the user that runs checkpost.

mod database;
mod delivery;
mod files;
mod finding;
mod modules;
mod owners;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::config::Config;

pub use finding::{About, Finding, State};

/// Examines everything as of `now`. Each finding is reported at once, because the next examination may hang.
pub fn examine(config: &Config, now: Timestamp, report: &mut dyn FnMut(Finding)) {
    report(configuration(config));
    let not_ready = modules::examine(config, report);
    database::examine(config, now, &not_ready, report);
    files::examine(config, report);
    owners::examine(config, report);
    report(time_zone());
    delivery::examine(config, report);
}

fn configuration(config: &Config) -> Finding {
    About::Configuration.ok(match &config.file {
        Some(file) => file.display().to_string(),
        None => format!("no file, using defaults; relative paths start at {}", config.base_dir.display()),
    })
}

/// The time zone of the machine, in which windows without a zone of their own are.
fn time_zone() -> Finding {
    match TimeZone::try_system() {
        Ok(zone) => About::TimeZone.ok(zone.iana_name().unwrap_or("the zone of the machine, which has no name")),
        Err(error) => {
            let text = format!("the time zone of the machine is unknown: {error}");
            About::TimeZone.warning(text).remedy("set TZ, or /etc/localtime")
        }
    }
}
