//! The outbox: adding, claiming, delivering, delaying and abandoning messages.

use checkpost_alerting::alert::Kind;
use checkpost_alerting::route::LONGEST_WAIT;

use super::*;
use crate::outbox::claim::{NEXT, PENDING_ROUTES};
use crate::outbox::enqueue::RECENT;

const START: &str = "2026-11-24T12:00:00Z";

fn at(seconds: i64) -> Timestamp {
    time(START) + jiff::SignedDuration::from_secs(seconds)
}

/// A message of the first notifications of a cycle.
fn message(route: &str, notifications: usize, due: i64, delayed: Option<&str>) -> Planned {
    Planned {
        route: route.to_owned(),
        notifications: (0..notifications).collect(),
        due: at(due),
        delayed: delayed.map(str::to_owned),
        expires: at(86_400),
    }
}

fn save(store: &mut Store, seconds: i64, messages: Vec<Planned>) -> i64 {
    let cycle = CycleRecord { messages, ..cycle(&at(seconds).to_string()) };
    store.save_cycle(&cycle).unwrap()
}

fn store_with(messages: Vec<Planned>) -> Store {
    let mut store = Store::in_memory().unwrap();
    save(&mut store, 0, messages);
    store
}

fn rows(store: &Store) -> Vec<DeliveryRow> {
    let everything = DeliveryFilter { since: None, limit: 100, route: None, state: None };
    let mut rows = store.deliveries(&everything).unwrap();
    rows.reverse();
    rows
}

fn claimed_id(store: &mut Store, route: &str, now: i64) -> Option<i64> {
    store.claim(route, at(now)).unwrap().map(|claimed| claimed.id)
}

#[test]
fn messages_are_stored_with_their_cycle_and_go_with_it() {
    let mut store = store_with(vec![message("ops", 2, 0, None), message("chat", 1, 0, None)]);
    let [ops, chat] = &rows(&store)[..] else { panic!("two messages") };
    assert_eq!((ops.route.as_str(), ops.state.as_str(), &ops.notifications), ("ops", "pending", &vec![1, 2]));
    assert_eq!((ops.run_id, ops.attempts, ops.created, ops.expires), (1, 0, at(0), at(86_400)));
    assert!(ops.key.len() == 32 && ops.key != chat.key, "{ops:?}");
    assert_eq!(store.pending_routes().unwrap(), ["chat", "ops"]);

    let claimed = store.claim("ops", at(0)).unwrap().unwrap();
    assert_eq!((claimed.id, claimed.attempts, &claimed.key), (ops.id, 1, &ops.key));
    let items: Vec<_> = claimed
        .items
        .iter()
        .map(|item| (item.id, item.value.level, item.value.kind, item.value.check.as_str()))
        .collect();
    assert_eq!(
        items,
        [(1, Status::Unknown, Kind::Unknown, "loop"), (2, Status::Warning, Kind::Raised, "disk")],
        "the worst first"
    );
    assert_eq!((claimed.items[1].value.owner.as_str(), claimed.items[1].value.subject.as_str()), ("alice", "/var"));

    store.conn.execute("DELETE FROM runs", ()).unwrap();
    assert_eq!((count(&store, "deliveries"), count(&store, "delivery_notifications")), (0, 0));
}

#[test]
fn message_is_not_sent_before_it_is_due() {
    let mut store = store_with(vec![message("ops", 1, 100, Some("quiet hours"))]);
    assert_eq!(claimed_id(&mut store, "ops", 99), None);
    assert_eq!(store.next_delivery("ops", at(40)).unwrap(), Some(Duration::from_secs(60)));
    assert_eq!(claimed_id(&mut store, "ops", 100), Some(1));
    assert_eq!(store.next_delivery("chat", at(0)).unwrap(), None);
}

#[test]
fn message_written_before_the_clock_was_set_back_does_not_wait_for_that_time() {
    let mut store = store_with(vec![message("ops", 1, 100, Some("quiet hours"))]);
    assert_eq!(claimed_id(&mut store, "ops", -1_000_000), Some(1));
    let retry = Retry::Route(Duration::from_secs(60));
    store.not_delivered(1, "ops", "refused", &retry, at(0)).unwrap();
    assert_eq!(claimed_id(&mut store, "ops", -1), None);
    assert_eq!(claimed_id(&mut store, "ops", -2 * LONGEST_WAIT.as_secs() as i64), Some(1));
}

#[test]
fn delayed_messages_of_a_route_become_one() {
    let mut store = store_with(vec![message("ops", 1, 100, Some("rate limit"))]);
    save(&mut store, 50, vec![message("ops", 2, 100, Some("rate limit")), message("chat", 1, 100, Some("rate limit"))]);
    save(&mut store, 60, vec![message("ops", 1, 90, Some("quiet hours"))]);
    let found: Vec<_> = rows(&store).into_iter().map(|row| (row.route, row.notifications)).collect();
    let expected = [("ops", vec![1, 3, 4]), ("chat", vec![3]), ("ops", vec![5])];
    assert_eq!(found, expected.map(|(route, ids)| (route.to_owned(), ids)));
}

#[test]
fn message_with_an_attempt_is_not_joined() {
    let mut store = store_with(vec![message("ops", 1, 100, Some("rate limit"))]);
    // The clock of the process that sends it is ahead.
    assert_eq!(claimed_id(&mut store, "ops", 100), Some(1));
    save(&mut store, 50, vec![message("ops", 1, 100, Some("rate limit"))]);
    assert_eq!(rows(&store).len(), 2);
}

#[test]
fn delivered_message_is_not_sent_again() {
    let mut store = store_with(vec![message("ops", 1, 0, None)]);
    store.claim("ops", at(1)).unwrap().unwrap();
    store.delivered(1, "ops", at(2)).unwrap();
    assert_eq!(store.claim("ops", at(3)).unwrap(), None);
    let row = &rows(&store)[0];
    assert_eq!((row.state.as_str(), row.finished, row.attempts), ("delivered", Some(at(2)), 1));
    assert_eq!(store.pending_routes().unwrap(), [""; 0]);
    assert_eq!(store.routes().unwrap()[0].last_delivered, Some(at(2)));
}

#[test]
fn message_whose_process_was_killed_is_sent_again_with_the_same_key() {
    let mut store = store_with(vec![message("ops", 1, 0, None)]);
    let first = store.claim("ops", at(1)).unwrap().unwrap();
    let second = store.claim("ops", at(2)).unwrap().unwrap();
    assert_eq!((second.key, second.attempts), (first.key, 2));
}

#[test]
fn failing_route_waits_with_all_messages_until_one_is_delivered() {
    let mut store =
        store_with(vec![message("ops", 1, 0, None), message("ops", 2, 0, None), message("chat", 1, 0, None)]);
    for (seconds, id) in [(1, 1), (61, 2)] {
        assert_eq!(claimed_id(&mut store, "ops", seconds), Some(id));
        let retry = Retry::Route(Duration::from_secs(60));
        store.not_delivered(id, "ops", "connection refused", &retry, at(seconds)).unwrap();
        assert_eq!(claimed_id(&mut store, "ops", seconds + 59), None);
    }
    assert_eq!(store.failures("ops").unwrap(), 2);
    assert_eq!(store.next_delivery("ops", at(61)).unwrap(), Some(Duration::from_secs(60)));
    let ops = store.routes().unwrap().into_iter().find(|route| route.name == "ops").unwrap();
    assert_eq!((ops.failures, ops.failing_since, ops.pending), (2, Some(at(1)), 2));
    assert_eq!(ops.last_error.as_deref(), Some("connection refused"));
    assert_eq!(claimed_id(&mut store, "chat", 62), Some(3), "another route goes on");

    assert_eq!(claimed_id(&mut store, "ops", 121), Some(1));
    store.delivered(1, "ops", at(121)).unwrap();
    assert_eq!(store.failures("ops").unwrap(), 0);
    assert_eq!(claimed_id(&mut store, "ops", 121), Some(2));
}

#[test]
fn refused_message_does_not_delay_the_next() {
    let mut store = store_with(vec![message("ops", 1, 0, None), message("ops", 2, 0, None)]);
    assert_eq!(claimed_id(&mut store, "ops", 1), Some(1));
    store.not_delivered(1, "ops", "too large", &Retry::Message(Duration::from_secs(60)), at(1)).unwrap();
    assert_eq!(claimed_id(&mut store, "ops", 2), Some(2));
    store.delivered(2, "ops", at(2)).unwrap();
    assert_eq!((claimed_id(&mut store, "ops", 60), claimed_id(&mut store, "ops", 61)), (None, Some(1)));
    assert_eq!(rows(&store)[0].reason.as_deref(), Some("too large"));
}

#[test]
fn abandoned_message_is_notified_on_the_other_routes() {
    let mut store = store_with(vec![message("ops", 2, 0, None)]);
    let claimed = store.claim("ops", at(90_000)).unwrap().unwrap();
    let notice = Notification {
        kind: Kind::Undelivered,
        subject: "ops".to_owned(),
        ..cycle(START).notifications.swap_remove(0)
    };
    let planned = [message("chat", 1, 90_000, None)];
    let abandoned = store.messages_to_abandon(&claimed, "ops", AbandonScope::Message, at(90_000)).unwrap();
    assert_eq!((&abandoned.deliveries, abandoned.notifications, abandoned.first_and_last), (&vec![1], 2, (1, 2)));
    let abandonment =
        Abandonment { abandoned: &abandoned, reason: "connection refused", notice: &notice, planned: &planned };
    store.abandon(&claimed, &abandonment, at(90_000)).unwrap();

    let rows = rows(&store);
    assert_eq!((rows[0].state.as_str(), rows[0].finished), ("expired", Some(at(90_000))));
    assert_eq!(rows[0].reason.as_deref(), Some("connection refused"));
    let notice = store.claim("chat", at(90_000)).unwrap().unwrap();
    assert_eq!((notice.items[0].value.kind, notice.items[0].value.subject.as_str()), (Kind::Undelivered, "ops"));
    assert_eq!((notice.run_id, notice.items[0].time), (claimed.run_id, at(90_000)));
    assert_eq!(store.claim("ops", at(90_001)).unwrap(), None);
}

#[test]
fn messages_delayed_for_another_reason_do_not_count_for_the_rate_limit() {
    let deliveries = [(-50, None), (-10, None), (400, Some("quiet hours")), (300, Some("rate limit"))];
    let store = store_with(deliveries.map(|(due, delayed)| message("ops", 1, due, delayed)).into());
    let recent = store.recent_deliveries([("ops", 2), ("chat", 2)], at(0)).unwrap();
    assert_eq!(recent["ops"], [at(300), at(-10)]);
    assert_eq!(recent["chat"], []);
}

#[test]
fn notification_that_cannot_be_read_does_not_stop_its_message() {
    let mut store = store_with(vec![message("ops", 1, 0, None)]);
    store.conn.execute("UPDATE notifications SET kind = 'x', sent_at = 'y', previous_level = 'z'", ()).unwrap();
    let claimed = store.claim("ops", at(1)).unwrap().unwrap();
    assert_eq!((claimed.items[0].value.kind, claimed.items[0].value.previous_level), (Kind::Unknown, Status::Unknown));
}

#[test]
fn expired_messages_of_a_route_are_abandoned_together_and_all_of_a_removed_route() {
    let later = Planned { expires: at(200_000), ..message("ops", 1, 0, None) };
    let other = message("chat", 1, 0, None);
    let mut store = store_with(vec![message("ops", 1, 0, None), message("ops", 2, 0, None), later, other]);
    let claimed = store.claim("ops", at(90_000)).unwrap().unwrap();
    for (scope, expected) in
        [(AbandonScope::Message, vec![1]), (AbandonScope::Expired, vec![1, 2]), (AbandonScope::Route, vec![1, 2, 3])]
    {
        let mut abandoned = store.messages_to_abandon(&claimed, "ops", scope, at(90_000)).unwrap();
        abandoned.deliveries.sort_unstable();
        assert_eq!((abandoned.deliveries, abandoned.is_notified), (expected, true), "{scope:?}");
    }
    store.conn.execute("UPDATE notifications SET kind = 'undelivered'", ()).unwrap();
    assert!(!store.messages_to_abandon(&claimed, "ops", AbandonScope::Route, at(90_000)).unwrap().is_notified);
}

#[test]
fn message_that_was_tried_often_comes_last() {
    let mut store = store_with(vec![message("ops", 1, 0, None), message("ops", 2, 0, None)]);
    let claimed: Vec<_> = (1..=4).map(|seconds| claimed_id(&mut store, "ops", seconds).unwrap()).collect();
    assert_eq!(claimed, [1, 2, 1, 2]);
}

#[test]
fn refused_message_waits_also_after_the_clock_was_set_back() {
    let mut store = store_with(vec![message("ops", 1, 0, None)]);
    let before = -1_000_000;
    assert_eq!(claimed_id(&mut store, "ops", before), Some(1));
    store.not_delivered(1, "ops", "too large", &Retry::Message(Duration::from_secs(60)), at(before)).unwrap();
    assert_eq!(
        (claimed_id(&mut store, "ops", before + 59), claimed_id(&mut store, "ops", before + 60)),
        (None, Some(1))
    );
    // Refused when the clock was ahead.
    store.not_delivered(1, "ops", "too large", &Retry::Message(Duration::from_secs(60)), at(2_000_000)).unwrap();
    assert_eq!(claimed_id(&mut store, "ops", 100), Some(1));
}

#[test]
fn delayed_message_has_a_size_limit_and_is_not_joined_by_later_ones() {
    let mut store = store_with(vec![message("ops", 1, 100, Some("quiet hours"))]);
    save(&mut store, 10, vec![message("ops", 1, 300, Some("quiet hours"))]);
    assert_eq!(rows(&store).len(), 2, "the second window ends later");
    for run in 0..300 {
        save(&mut store, 20 + run, vec![message("ops", 2, 400, Some("quiet hours"))]);
    }
    let sizes: Vec<_> = rows(&store)[2..].iter().map(|row| row.notifications.len()).collect();
    assert_eq!(sizes, [500, 100]);
}

#[test]
fn pending_messages_are_found_by_an_index() {
    let store = Store::in_memory().unwrap();
    for sql in [PENDING_ROUTES, RECENT, NEXT] {
        let mut plan = store.conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let parameters = vec![0; plan.parameter_count()];
        let steps: Vec<String> = plan
            .query_map(rusqlite::params_from_iter(parameters), |row| row.get("detail"))
            .unwrap()
            .map(Result::unwrap)
            .filter(|step: &String| step.contains("deliveries"))
            .collect();
        assert!(steps.len() == 1 && steps[0].contains("USING") && steps[0].contains("INDEX deliveries_"), "{steps:?}");
    }
}
