//! `checkpost notify test`: whether a message arrives by a route.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::cli::Global;
use crate::collect;
use crate::deliver::sample;
use crate::logging;

use super::{CommandError, DONE, context, print};

/// How long it may take.
const TIMEOUT: Duration = Duration::from_secs(30);

pub(super) fn test(global: &Global, route: &str) -> Result<u8, CommandError> {
    let config = context::config(global, None)?;
    let Some(way) = config.routes.iter().find(|way| way.route.name == route) else {
        let names: Vec<_> = config.routes.iter().map(|way| way.route.name.as_str()).collect();
        let known =
            if names.is_empty() { "there is none".to_owned() } else { format!("there are {}", names.join(", ")) };
        return Err(CommandError::Unknown(format!("no route is called {route:?}: {known}")));
    };
    // Of recipients that are refused, a log line tells, and a test has no log.
    logging::start_on_stderr();
    let now = Timestamp::now();
    let message = sample(route, &collect::host().name, &format!("test-{}", now.as_millisecond()), now);
    let started = Instant::now();
    way.outlet
        .send(&message, started + TIMEOUT)
        .map_err(|error| CommandError::NotDelivered { route: route.to_owned(), why: error.text })?;
    print(&format!("route {route}: delivered in {} ms\n", started.elapsed().as_millis()))?;
    Ok(DONE)
}
