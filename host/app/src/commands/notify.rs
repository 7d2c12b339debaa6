//! `checkpost notify test`: sends a test message on one route.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use checkpost_notify::test_message;

use crate::cli::Global;
use crate::config::Config;
use crate::logging;

use super::context;
use super::error::CommandError;
use super::exit_code::DONE;
use super::output::print;

/// The longest time that the delivery may take.
const TIMEOUT: Duration = Duration::from_secs(30);

pub(super) fn test(global: &Global, route: &str) -> Result<u8, CommandError> {
    let config = context::config(global, None)?;
    let Some(configured) = config.routes.iter().find(|configured| configured.route.name == route) else {
        return Err(CommandError::UnknownRoute { route: route.to_owned(), configured: names(&config) });
    };
    // Transports log refused recipients, and this command has no log file.
    logging::start_on_stderr();
    let now = Timestamp::now();
    let key = format!("test-{}", now.as_millisecond());
    let message = test_message(route, &checkpost_collect::host().name, &key, now);
    let started = Instant::now();
    configured
        .receiver
        .send(&message, started + TIMEOUT)
        .map_err(|error| CommandError::NotDelivered { route: route.to_owned(), error: error.text })?;
    print(&format!("route {route}: delivered in {} ms\n", started.elapsed().as_millis()))?;
    Ok(DONE)
}

fn names(config: &Config) -> String {
    match &config.routes.iter().map(|configured| configured.route.name.as_str()).collect::<Vec<_>>()[..] {
        [] => "no route is configured".to_owned(),
        names => format!("configured routes are {}", names.join(", ")),
    }
}
