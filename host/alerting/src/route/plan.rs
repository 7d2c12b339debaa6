//! The plan of a cycle: which of its notifications become which messages, and when these are sent.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use checkpost_model::check::Status;

use super::{QuietHours, RateLimit, Route};
use crate::alert::Notification;
use crate::suppression::AlertLabels;

/// A message that a cycle puts into the outbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// The name of the route.
    pub route: String,
    /// The notifications, as positions among those of the cycle; at least one.
    pub notifications: Vec<usize>,
    /// When the message is due.
    pub due: Timestamp,
    /// Why the message is delayed, if it is. A delayed message is merged into one that is already delayed on the route.
    pub delayed: Option<String>,
    /// When the message is abandoned.
    pub expires: Timestamp,
}

/// For each route with a rate limit, when its last messages were due, latest first, as many as the limit allows. A
/// delayed message is due in the future.
pub type Recent = BTreeMap<String, Vec<Timestamp>>;

/// The messages of a cycle at `now`. Each notification that is not suppressed is in one message of each route that
/// takes it.
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
    let mut delayed: BTreeMap<Delay, Vec<usize>> = BTreeMap::new();
    let mut at_once = Vec::new();
    for (position, notification) in notifications.iter().enumerate().filter(matches) {
        match route.delayed_until(notification, now) {
            Some(due) => delayed.entry(Delay { due, reason: "quiet hours" }).or_default().push(position),
            None => at_once.push(position),
        }
    }
    let mut gate = Gate::of(route.rate_limit, recent.get(&route.name), now);
    let messages = if route.group { vec![at_once] } else { at_once.into_iter().map(|one| vec![one]).collect() };
    let mut planned = Vec::new();
    for positions in messages.into_iter().filter(|positions| !positions.is_empty()) {
        match gate.pass() {
            None => planned.push(route.message(positions, now, None)),
            Some(due) => delayed.entry(Delay { due, reason: "rate limit" }).or_default().extend(positions),
        }
    }
    planned
        .extend(delayed.into_iter().map(|(delay, positions)| route.message(positions, delay.due, Some(delay.reason))));
    planned
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Delay {
    due: Timestamp,
    reason: &'static str,
}

impl Route {
    /// Whether the route takes a notification.
    fn takes(&self, notification: &Notification, host: &str) -> bool {
        let labels = labels(notification, host);
        notification.suppressed.is_none()
            && labels.level.severity() >= self.min_level.severity()
            && self.matchers.match_all(&labels)
    }

    fn delayed_until(&self, notification: &Notification, now: Timestamp) -> Option<Timestamp> {
        let level = alert_level(notification);
        let applies = |hours: &&QuietHours| hours.except.is_none_or(|except| level.severity() < except.severity());
        self.quiet_hours.iter().filter(applies).filter_map(|hours| hours.window.closes(now)).max()
    }

    fn message(&self, notifications: Vec<usize>, due: Timestamp, delayed: Option<&str>) -> Planned {
        Planned {
            route: self.name.clone(),
            notifications,
            due,
            delayed: delayed.map(str::to_owned),
            expires: later(due, self.expire_after),
        }
    }
}

/// The labels that matchers compare.
fn labels<'a>(notification: &'a Notification, host: &'a str) -> AlertLabels<'a> {
    AlertLabels {
        check: &notification.check,
        subject: &notification.subject,
        channel: &notification.channel,
        owner: &notification.owner,
        host,
        level: alert_level(notification),
    }
}

/// The level of the alert. A recovery has the level of the alert that it ends.
fn alert_level(notification: &Notification) -> Status {
    let levels = [notification.level, notification.previous_level];
    levels.into_iter().max_by_key(|level| level.severity()).unwrap_or(notification.level)
}

/// Passes as many messages as a rate limit allows.
struct Gate {
    limit: Option<RateLimit>,
    /// When the last messages were due, the latest first.
    recent: Vec<Timestamp>,
    now: Timestamp,
}

impl Gate {
    fn of(limit: Option<RateLimit>, recent: Option<&Vec<Timestamp>>, now: Timestamp) -> Self {
        Self { limit, recent: recent.cloned().unwrap_or_default(), now }
    }

    /// Counts a message and returns `None` if it may be sent now, else the time at which it is due.
    fn pass(&mut self) -> Option<Timestamp> {
        let limit = self.limit?;
        // While a message is delayed, the next ones are merged into it.
        let delayed = self.recent.first().filter(|due| **due > self.now).copied();
        let full = self.recent.get(limit.messages - 1).map(|due| later(*due, limit.per));
        let due = delayed.or(full).filter(|due| *due > self.now);
        // If the clock went back, the times of earlier messages are in the future and must not lengthen the delay.
        let due = due.map(|due| due.min(later(self.now, limit.per)));
        if due.is_none() {
            self.recent.insert(0, self.now);
        }
        due
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
    use crate::route::EXPIRE_AFTER;
    use crate::suppression::{Days, Matchers, Window};

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
            is_found: false,
            channel: "system_monitoring".to_owned(),
            owner: "alice".to_owned(),
            level,
            previous_level: Status::Ok,
            kind: Kind::Raised,
            title: "High".to_owned(),
            message: "It is high.".to_owned(),
            check: check.to_owned(),
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
    fn cycle_is_one_message() {
        let both = [notification("cpu", Status::Critical), notification("disk", Status::Warning)];
        let [message] = &planned(route(""), &both, &[])[..] else { panic!("one message") };
        assert_eq!((&message.notifications, message.due, &message.delayed), (&vec![0, 1], now(), &None));
        assert_eq!(message.expires, now() + jiff::SignedDuration::from_hours(24));
    }

    #[test]
    fn notifications_without_grouping_are_single_messages() {
        let both = [notification("cpu", Status::Critical), notification("disk", Status::Warning)];
        let messages = planned(Route { group: false, ..route("") }, &both, &[]);
        assert_eq!(messages.iter().map(|m| m.notifications.clone()).collect::<Vec<_>>(), [[0], [1]]);
    }

    #[test]
    fn route_takes_matching_notifications() {
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
    fn recovery_of_a_critical_takes_the_route_of_critical() {
        let critical = Route { min_level: Status::Critical, ..route("level=critical") };
        let end = |previous_level| Notification { previous_level, ..notification("cpu", Status::Ok) };
        assert_eq!(planned(critical.clone(), &[end(Status::Critical)], &[]).len(), 1);
        assert_eq!(planned(critical, &[end(Status::Warning)], &[]).len(), 0);
    }

    #[test]
    fn suppressed_notification_takes_no_route() {
        let suppressed =
            Notification { suppressed: Some("silence 3".to_owned()), ..notification("cpu", Status::Critical) };
        assert_eq!(planned(route(""), &[suppressed], &[]), []);
    }

    #[test]
    fn route_at_its_limit_waits_until_the_period_has_passed() {
        let one = [notification("cpu", Status::Critical)];
        let [message] = &planned(limited(2, 600), &one, &[ago(60), ago(400)])[..] else { panic!("one message") };
        assert_eq!((message.due, message.delayed.as_deref()), (ago(-200), Some("rate limit")));
        let [message] = &planned(limited(2, 600), &one, &[ago(60), ago(600)])[..] else { panic!("one message") };
        assert_eq!((message.due, &message.delayed), (now(), &None));
    }

    #[test]
    fn delayed_message_delays_the_next_one_until_the_same_time() {
        let one = [notification("cpu", Status::Critical)];
        let [message] = &planned(limited(5, 600), &one, &[ago(-100)])[..] else { panic!("one message") };
        assert_eq!((message.due, message.delayed.as_deref()), (ago(-100), Some("rate limit")));
    }

    #[test]
    fn clock_that_went_back_does_not_delay_beyond_the_period() {
        let one = [notification("cpu", Status::Critical)];
        let [message] = &planned(limited(1, 600), &one, &[ago(-1_000_000)])[..] else { panic!("one message") };
        assert_eq!(message.due, ago(-600));
    }

    fn quiet_route(except: Option<Status>) -> Route {
        let window =
            Window { zone: TimeZone::UTC, start: time(11, 0, 0, 0), end: time(13, 0, 0, 0), days: Days::default() };
        Route { quiet_hours: vec![QuietHours { window, except }], ..route("") }
    }

    #[test]
    fn quiet_hours_delay_messages_below_their_exception() {
        let both = [notification("cpu", Status::Critical), notification("disk", Status::Warning)];
        let [first, second] = &planned(quiet_route(Some(Status::Critical)), &both, &[])[..] else { panic!("two") };
        assert_eq!((&first.notifications, first.due, &first.delayed), (&vec![0], now(), &None));
        assert_eq!((&second.notifications, second.due), (&vec![1], ago(-3_600)));
        assert_eq!(second.delayed.as_deref(), Some("quiet hours"));
        assert_eq!(planned(quiet_route(None), &both, &[]).len(), 1);
    }

    proptest! {
        #[test]
        fn notification_is_in_one_message_of_a_route(
            count in 0usize..20, limit in 0usize..4, recent in proptest::collection::vec(-1_000i64..1_000, 0..4),
            group in any::<bool>(), quiet in any::<bool>(),
        ) {
            let hours = if quiet { quiet_route(Some(Status::Critical)).quiet_hours } else { Vec::new() };
            let rate_limit = (limit > 0).then_some(RateLimit { messages: limit, per: Duration::from_secs(600) });
            let route = Route { rate_limit, group, quiet_hours: hours, ..route("") };
            let level = |n| if n % 3 == 0 { Status::Critical } else { Status::Warning };
            let notifications: Vec<_> = (0..count).map(|n| notification("cpu", level(n))).collect();
            let mut recent: Vec<_> = recent.into_iter().map(ago).collect();
            recent.sort_by_key(|due| std::cmp::Reverse(*due));
            recent.truncate(limit);
            let messages = planned(route, &notifications, &recent);

            let mut sent: Vec<_> = messages.iter().flat_map(|message| message.notifications.clone()).collect();
            sent.sort_unstable();
            prop_assert_eq!(sent, (0..count).collect::<Vec<_>>());
            prop_assert!(messages.iter().all(|message| message.due >= now() && message.expires > message.due));
            prop_assert!(messages.iter().all(|message| (message.due > now()) == message.delayed.is_some()));
            let at_once = messages.iter().filter(|message| message.delayed.is_none()).count();
            let lately = recent.iter().filter(|due| **due > ago(600)).count();
            prop_assert!(limit == 0 || at_once == 0 || at_once + lately <= limit.max(lately));
        }
    }
}
