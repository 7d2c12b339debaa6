//! `[[route]]` without its transport: matchers, level, quiet hours, rate limit, expiry.

use std::time::Duration;

use jiff::civil::time;

use checkpost_alerting::route::{EXPIRE_AFTER, RateLimit, Route};
use checkpost_alerting::suppression::AlertLabels;
use checkpost_model::check::Status;

use super::*;

fn routes(toml: &str) -> Vec<Route> {
    let config = Site::new(&[("checkpost.toml", toml)]).load(&[]);
    config.routes.into_iter().map(|configured| configured.route).collect()
}

#[test]
fn route_without_keys_takes_everything_at_once() {
    let [route] = &routes("[[route]]\nname = \"me\"\n[route.stdout]")[..] else { panic!("one route") };
    assert!(route.matchers.is_empty() && route.quiet_hours.is_empty() && route.group);
    assert_eq!((route.min_level, route.rate_limit), (Status::Warning, None));
    assert_eq!(route.expire_after, EXPIRE_AFTER);
}

#[test]
fn route_has_every_key_of_the_file() {
    let routes = routes(
        r#"
            [[route]]
            name = "ops"
            match = ['check=disk', 'owner=alice']
            min_level = "critical"
            rate_limit = { messages = 5, per = "2h" }
            group = false
            expire_after = "12h"
            [route.stdout]
            [[route.quiet_hours]]
            start = "22:00"
            end = "06:00"
            time_zone = "Europe/Berlin"
            except = "unknown"
            [[route.quiet_hours]]
            days = ["sun"]
            except = "none"
        "#,
    );
    let [route] = &routes[..] else { panic!("one route") };
    assert_eq!((route.name.as_str(), route.min_level, route.group), ("ops", Status::Critical, false));
    assert!(route.matchers.match_all(&VAR) && !route.matchers.match_all(&AlertLabels { owner: "bob", ..VAR }));
    assert_eq!(route.rate_limit, Some(RateLimit { messages: 5, per: Duration::from_secs(7_200) }));
    assert_eq!(route.expire_after, Duration::from_secs(12 * 3_600));
    let [night, sunday] = &route.quiet_hours[..] else { panic!("two windows") };
    assert_eq!((night.window.start, night.except), (time(22, 0, 0, 0), Some(Status::Unknown)));
    assert_eq!(sunday.except, None);
}

#[test]
fn quiet_hours_except_critical_by_default() {
    let toml = "[[route]]\nname = \"me\"\n[route.stdout]\n[[route.quiet_hours]]\nstart = \"22:00\"\nend = \"06:00\"";
    assert_eq!(routes(toml)[0].quiet_hours[0].except, Some(Status::Critical));
}

#[test]
fn mistake_in_a_route_is_one_line_with_origin_and_remedy() {
    let route = |rest: &str| format!("[[route]]\nname = \"me\"\n{rest}\n[route.stdout]");
    assert_refused("[[route]]\n[route.stdout]", "1: this [[route]] has no name");
    let twice = route("") + "\n" + &route("");
    assert_refused(&twice, "5: route 'me' is already defined at DIR/checkpost.toml:1; names must be unique");
    let name = "2: route.name is \"a b\": must be 1 to 64 of the characters a-z, A-Z, 0-9, '-', '_' and '.'";
    assert_refused("[[route]]\nname = \"a b\"\n[route.stdout]", name);
    assert_refused(
        &route("match = ['check=disk', 'chekc=cpu']"),
        "3: route.match is \"chekc=cpu\": column 1: expected one of check, subject, channel, owner, host, level",
    );
    assert_refused(
        &route("min_level = \"ok\""),
        "3: route.min_level is \"ok\": must be \"warning\", \"unknown\" or \"critical\"",
    );
    assert_refused(
        &route("rate_limit = { messages = 0 }"),
        "3: route.rate_limit.messages is 0: must be a whole number from 1 to 1000",
    );
    assert_refused(
        &route("expire_after = \"1s\""),
        "3: route.expire_after is \"1s\": must be a duration of at least a minute, such as \"24h\"",
    );
    assert_refused(
        "[[route]]\nname = \"me\"",
        "1: a [[route]] must have exactly one of the tables email, slack, webhook, command, desktop or stdout",
    );
}
