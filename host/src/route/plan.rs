//! Which notifications of a cycle become which messages, and from when on they may go.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::{QuietHours, RateLimit, Route};
use crate::alert::Notification;
use crate::check::Status;
use crate::quiet::Facts;

/// A message that is to go one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The name of the route.
    pub route: String,
    /// What it tells: positions among the notifications of the cycle, at least one.
    pub notifications: Vec<usize>,
    /// Not before.
    pub due: Timestamp,
    /// Why it waits, if it does. Then it joins what waits there already.
    pub held: Option<String>,
    /// When it is given up.
    pub expires: Timestamp,
}

/// For each route with a limit, when its last messages were due, the latest first, as many as the limit allows: one that
/// waits lies ahead.
pub type Recent = BTreeMap<String, Vec<Timestamp>>;

/// The messages of a cycle at `now`. Each notification that nothing keeps quiet is in one message of each route that it
/// matches.
pub fn plan<'a>(
    routes: impl IntoIterator<Item = &'a Route>,
    notifications: &[Notification],
    host: &str,
    recent: &Recent,
    now: Timestamp,
) -> Vec<Planned> {
    routes.into_iter().flat_map(|route| of_route(route, notifications, host, recent, now)).collect()
}

fn of_route(
    route: &Route,
    notifications: &[Notification],
    host: &str,
    recent: &Recent,
    now: Timestamp,
) -> Vec<Planned> {
    let matches = |(_, notification): &(usize, &Notification)| route.takes(notification, host);
    let mut waiting: BTreeMap<Wait, Vec<usize>> = BTreeMap::new();
    let mut at_once = Vec::new();
    for (position, notification) in notifications.iter().enumerate().filter(matches) {
        match route.quiet_until(notification, now) {
            Some(due) => waiting.entry(Wait { due, why: "quiet hours" }).or_default().push(position),
            None => at_once.push(position),
        }
    }
    let mut gate = Gate::of(route.rate_limit, recent.get(&route.name), now);
    let messages = if route.group { vec![at_once] } else { at_once.into_iter().map(|one| vec![one]).collect() };
    let mut planned = Vec::new();
    for positions in messages.into_iter().filter(|positions| !positions.is_empty()) {
        match gate.pass() {
            None => planned.push(route.message(positions, now, None)),
            Some(due) => waiting.entry(Wait { due, why: "rate limit" }).or_default().extend(positions),
        }
    }
    planned.extend(waiting.into_iter().map(|(wait, positions)| route.message(positions, wait.due, Some(wait.why))));
    planned
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Wait {
    due: Timestamp,
    why: &'static str,
}

impl Route {
    /// Whether something goes here.
    pub fn takes(&self, notification: &Notification, host: &str) -> bool {
        let facts = facts(notification, host);
        notification.suppressed.is_none()
            && facts.level.severity() >= self.min_level.severity()
            && self.matchers.match_all(&facts)
    }

    fn quiet_until(&self, notification: &Notification, now: Timestamp) -> Option<Timestamp> {
        let level = about(notification);
        let waits = |hours: &&QuietHours| hours.except.is_none_or(|except| level.severity() < except.severity());
        self.quiet_hours.iter().filter(waits).filter_map(|hours| hours.window.closes(now)).max()
    }

    fn message(&self, notifications: Vec<usize>, due: Timestamp, why: Option<&str>) -> Planned {
        Planned {
            route: self.name.clone(),
            notifications,
            due,
            held: why.map(str::to_owned),
            expires: later(due, self.expire_after),
        }
    }
}

/// What of a notification can be matched.
fn facts<'a>(notification: &'a Notification, host: &'a str) -> Facts<'a> {
    Facts {
        check: &notification.check_name,
        subject: &notification.subject,
        channel: &notification.channel,
        owner: &notification.owner,
        host,
        level: about(notification),
    }
}

/// What it is about: an end is about what ends.
fn about(notification: &Notification) -> Status {
    let levels = [notification.level, notification.previous_level];
    levels.into_iter().max_by_key(|level| level.severity()).unwrap_or(notification.level)
}

/// Lets through what a limit allows.
struct Gate {
    limit: Option<RateLimit>,
    /// The latest first.
    recent: Vec<Timestamp>,
    now: Timestamp,
}

impl Gate {
    fn of(limit: Option<RateLimit>, recent: Option<&Vec<Timestamp>>, now: Timestamp) -> Self {
        Self { limit, recent: recent.cloned().unwrap_or_default(), now }
    }

    /// `None`: it may go, and has been counted. Else, from when on.
    fn pass(&mut self) -> Option<Timestamp> {
        let limit = self.limit?;
        // One that waits already takes the next one along.
        let waiting = self.recent.first().filter(|due| **due > self.now).copied();
        let full = self.recent.get(limit.messages - 1).map(|due| later(*due, limit.per));
        let wait = waiting.or(full).filter(|due| *due > self.now);
        // After a clock that went back nothing waits longer than it would have at most.
        let wait = wait.map(|due| due.min(later(self.now, limit.per)));
        if wait.is_none() {
            self.recent.insert(0, self.now);
        }
        wait
    }
}

fn later(time: Timestamp, by: Duration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use jiff::civil::time;
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    use super::*;
    use crate::alert::Kind;
    use crate::quiet::{Days, Matchers, Window};
    use crate::route::EXPIRE_AFTER;

    fn route(matchers: &str) -> Route {
        Route {
            name: "ops".to_owned(),
            matchers: Matchers::parse(matchers).unwrap(),
            min_level: Status::Warning,
            quiet_hours: Vec::new(),
            rate_limit: None,
            group: true,
            expire_after: EXPIRE_AFTER,
        }
    }

    fn notification(check: &str, level: Status) -> Notification {
        Notification {
            channel: "system_monitoring".to_owned(),
            owner: "alice".to_owned(),
            level,
            previous_level: Status::Ok,
            kind: Kind::Raised,
            title: "High".to_owned(),
            message: "It is high.".to_owned(),
            check_name: check.to_owned(),
            subject: "/var".to_owned(),
            suppressed: None,
        }
    }

    fn now() -> Timestamp {
        "2026-11-24T12:00:00Z".parse().unwrap()
    }

    fn ago(seconds: i64) -> Timestamp {
        now() - jiff::SignedDuration::from_secs(seconds)
    }

    fn limited(messages: usize, seconds: u64) -> Route {
        Route { rate_limit: Some(RateLimit { messages, per: Duration::from_secs(seconds) }), ..route("") }
    }

    fn planned(route: Route, notifications: &[Notification], recent: &[Timestamp]) -> Vec<Planned> {
        let recent = Recent::from([(route.name.clone(), recent.to_vec())]);
        plan(&[route], notifications, "web-1", &recent, now())
    }

    #[test]
    fn a_cycle_is_one_message() {
        let both = [notification("cpu", Status::Critical), notification("disk", Status::Warning)];
        let [message] = &planned(route(""), &both, &[])[..] else { panic!("one message") };
        assert_eq!((&message.notifications, message.due, &message.held), (&vec![0, 1], now(), &None));
        assert_eq!(message.expires, now() + jiff::SignedDuration::from_hours(24));
    }

    #[test]
    fn without_grouping_each_is_its_own_message() {
        let both = [notification("cpu", Status::Critical), notification("disk", Status::Warning)];
        let messages = planned(Route { group: false, ..route("") }, &both, &[]);
        assert_eq!(messages.iter().map(|m| m.notifications.clone()).collect::<Vec<_>>(), [[0], [1]]);
    }

    #[test]
    fn a_route_takes_what_it_matches() {
        let both = [notification("cpu", Status::Critical), notification("disk", Status::Warning)];
        for (matchers, expected) in [
            ("check=disk", vec![vec![1]]),
            ("owner=alice host=web-1 channel=system_monitoring subject=/var", vec![vec![0, 1]]),
            ("owner=bob", vec![]),
            ("level=critical", vec![vec![0]]),
        ] {
            let messages = planned(route(matchers), &both, &[]);
            assert_eq!(messages.into_iter().map(|m| m.notifications).collect::<Vec<_>>(), expected, "{matchers}");
        }
    }

    #[test]
    fn the_end_of_what_was_critical_goes_where_critical_goes() {
        let critical = Route { min_level: Status::Critical, ..route("level=critical") };
        let end = |previous_level| Notification { previous_level, ..notification("cpu", Status::Ok) };
        assert_eq!(planned(critical.clone(), &[end(Status::Critical)], &[]).len(), 1);
        assert_eq!(planned(critical, &[end(Status::Warning)], &[]).len(), 0);
    }

    #[test]
    fn what_is_kept_quiet_goes_nowhere() {
        let quiet = Notification { suppressed: Some("silence 3".to_owned()), ..notification("cpu", Status::Critical) };
        assert_eq!(planned(route(""), &[quiet], &[]), []);
    }

    #[test]
    fn a_route_at_its_limit_waits_until_the_oldest_is_old_enough() {
        let one = [notification("cpu", Status::Critical)];
        let [message] = &planned(limited(2, 600), &one, &[ago(60), ago(400)])[..] else { panic!("one message") };
        assert_eq!((message.due, message.held.as_deref()), (ago(-200), Some("rate limit")));
        let [message] = &planned(limited(2, 600), &one, &[ago(60), ago(600)])[..] else { panic!("one message") };
        assert_eq!((message.due, &message.held), (now(), &None));
    }

    #[test]
    fn what_comes_while_one_waits_goes_with_it() {
        let one = [notification("cpu", Status::Critical)];
        let [message] = &planned(limited(5, 600), &one, &[ago(-100)])[..] else { panic!("one message") };
        assert_eq!((message.due, message.held.as_deref()), (ago(-100), Some("rate limit")));
    }

    #[test]
    fn after_a_clock_that_went_back_nothing_waits_longer_than_the_limit_says() {
        let one = [notification("cpu", Status::Critical)];
        let [message] = &planned(limited(1, 600), &one, &[ago(-1_000_000)])[..] else { panic!("one message") };
        assert_eq!(message.due, ago(-600));
    }

    fn quiet_now(except: Option<Status>) -> Route {
        let window =
            Window { zone: TimeZone::UTC, start: time(11, 0, 0, 0), end: time(13, 0, 0, 0), days: Days::default() };
        Route { quiet_hours: vec![QuietHours { window, except }], ..route("") }
    }

    #[test]
    fn in_quiet_hours_messages_wait_for_their_end_and_the_worst_does_not() {
        let both = [notification("cpu", Status::Critical), notification("disk", Status::Warning)];
        let [first, second] = &planned(quiet_now(Some(Status::Critical)), &both, &[])[..] else { panic!("two") };
        assert_eq!((&first.notifications, first.due, &first.held), (&vec![0], now(), &None));
        assert_eq!((&second.notifications, second.due), (&vec![1], ago(-3_600)));
        assert_eq!(second.held.as_deref(), Some("quiet hours"));
        assert_eq!(planned(quiet_now(None), &both, &[]).len(), 1);
    }

    proptest! {
        #[test]
        fn each_notification_is_in_one_message_of_each_route(
            count in 0usize..20, limit in 0usize..4, recent in proptest::collection::vec(-1_000i64..1_000, 0..4),
            group in any::<bool>(), quiet in any::<bool>(),
        ) {
            let hours = if quiet { quiet_now(Some(Status::Critical)).quiet_hours } else { Vec::new() };
            let rate_limit = (limit > 0).then_some(RateLimit { messages: limit, per: Duration::from_secs(600) });
            let route = Route { rate_limit, group, quiet_hours: hours, ..route("") };
            let level = |n| if n % 3 == 0 { Status::Critical } else { Status::Warning };
            let notifications: Vec<_> = (0..count).map(|n| notification("cpu", level(n))).collect();
            let mut recent: Vec<_> = recent.into_iter().map(ago).collect();
            recent.sort_by_key(|due| std::cmp::Reverse(*due));
            recent.truncate(limit);
            let messages = planned(route, &notifications, &recent);

            let mut told: Vec<_> = messages.iter().flat_map(|message| message.notifications.clone()).collect();
            told.sort_unstable();
            prop_assert_eq!(told, (0..count).collect::<Vec<_>>());
            prop_assert!(messages.iter().all(|message| message.due >= now() && message.expires > message.due));
            prop_assert!(messages.iter().all(|message| (message.due > now()) == message.held.is_some()));
            let at_once = messages.iter().filter(|message| message.held.is_none()).count();
            let lately = recent.iter().filter(|due| **due > ago(600)).count();
            prop_assert!(limit == 0 || at_once == 0 || at_once + lately <= limit.max(lately));
        }
    }
}
