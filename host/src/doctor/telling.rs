//! Whether anybody hears of it: the heartbeat and the routes.

use super::{About, Finding};
use crate::config::Config;

pub(super) fn examine(config: &Config, tell: &mut dyn FnMut(Finding)) {
    tell(heartbeat(config));
    for route in &config.routes {
        let problems = route.outlet.check();
        if problems.is_empty() {
            tell(About::Route.ok(format!("'{}': {}", route.name, route.outlet.transport)));
        }
        for problem in problems {
            tell(About::Route.failed(format!("'{}' cannot send: {problem}", route.name)));
        }
    }
}

fn heartbeat(config: &Config) -> Finding {
    let Some(heartbeat) = &config.heartbeat else {
        return About::Heartbeat.ok("none: nobody is told when runs no longer come").remedy("set [heartbeat]");
    };
    let address = heartbeat.address().and_then(|url| heartbeat.trust.pem().map(|_| url));
    match address {
        Ok(url) => About::Heartbeat.ok(url.to_string()),
        Err(why) => About::Heartbeat.failed(format!("cannot be sent: {why}")),
    }
}
