//! The outbox: what is stored with a cycle, who may send it when, and what becomes of it.

use super::super::outbox;
use super::*;
use crate::alert::Kind;
use crate::route::LONGEST_WAIT;

const START: &str = "2026-11-24T12:00:00Z";

fn at(seconds: i64) -> Timestamp {
    time(START) + jiff::SignedDuration::from_secs(seconds)
}

/// A message of the first notifications of a cycle.
fn message(route: &str, notifications: usize, due: i64, held: Option<&str>) -> Planned {
    Planned {
        route: route.to_owned(),
        notifications: (0..notifications).collect(),
        due: at(due),
        held: held.map(str::to_owned),
        expires: at(86_400),
    }
}

fn save(store: &mut Store, when: i64, deliveries: Vec<Planned>) -> i64 {
    let cycle = Cycle { deliveries, ..cycle(&at(when).to_string()) };
    store.save_cycle(&cycle.record()).unwrap()
}

fn store_with(deliveries: Vec<Planned>) -> Store {
    let mut store = Store::in_memory().unwrap();
    save(&mut store, 0, deliveries);
    store
}

fn rows(store: &Store) -> Vec<DeliveryRow> {
    let everything = DeliveryFilter { since: None, limit: 100, route: None, state: None };
    let mut rows = store.deliveries(&everything).unwrap();
    rows.reverse();
    rows
}

fn ids(store: &mut Store, route: &str, now: i64) -> Option<i64> {
    store.claim(route, at(now)).unwrap().map(|claimed| claimed.id)
}

#[test]
fn messages_are_stored_with_their_cycle_and_go_with_it() {
    let mut store = store_with(vec![message("ops", 2, 0, None), message("chat", 1, 0, None)]);
    let [ops, chat] = &rows(&store)[..] else { panic!("two messages") };
    assert_eq!((ops.route.as_str(), ops.state.as_str(), &ops.notifications), ("ops", "pending", &vec![1, 2]));
    assert_eq!((ops.run_id, ops.attempts, ops.created, ops.expires), (1, 0, at(0), at(86_400)));
    assert!(ops.key.len() == 32 && ops.key != chat.key, "{ops:?}");
    assert_eq!(store.waiting_routes().unwrap(), ["chat", "ops"]);

    let claimed = store.claim("ops", at(0)).unwrap().unwrap();
    assert_eq!((claimed.id, claimed.attempts, &claimed.key), (ops.id, 1, &ops.key));
    let told: Vec<_> = claimed.items.iter().map(|item| (item.id, item.level, item.kind, item.check.as_str())).collect();
    assert_eq!(
        told,
        [(1, Status::Unknown, Kind::Unknown, "loop"), (2, Status::Warning, Kind::Raised, "disk")],
        "the worst first"
    );
    assert_eq!((claimed.items[1].owner.as_str(), claimed.items[1].subject.as_str()), ("alice", "/var"));

    store.conn.execute("DELETE FROM runs", ()).unwrap();
    assert_eq!((count(&store, "deliveries"), count(&store, "delivery_notifications")), (0, 0));
}

#[test]
fn a_message_is_not_sent_before_it_is_due() {
    let mut store = store_with(vec![message("ops", 1, 100, Some("quiet hours"))]);
    assert_eq!(ids(&mut store, "ops", 99), None);
    assert_eq!(store.next_delivery("ops", at(40)).unwrap(), Some(Duration::from_secs(60)));
    assert_eq!(ids(&mut store, "ops", 100), Some(1));
    assert_eq!(store.next_delivery("chat", at(0)).unwrap(), None);
}

#[test]
fn what_was_written_before_the_clock_went_back_does_not_wait_for_that_time() {
    let mut store = store_with(vec![message("ops", 1, 100, Some("quiet hours"))]);
    assert_eq!(ids(&mut store, "ops", -1_000_000), Some(1));
    let next = Next::Route(Duration::from_secs(60));
    store.not_delivered(1, "ops", "refused", &next, at(0)).unwrap();
    assert_eq!(ids(&mut store, "ops", -1), None);
    assert_eq!(ids(&mut store, "ops", -2 * LONGEST_WAIT.as_secs() as i64), Some(1));
}

#[test]
fn held_messages_of_a_route_become_one() {
    let mut store = store_with(vec![message("ops", 1, 100, Some("rate limit"))]);
    save(&mut store, 50, vec![message("ops", 2, 100, Some("rate limit")), message("chat", 1, 100, Some("rate limit"))]);
    save(&mut store, 60, vec![message("ops", 1, 90, Some("quiet hours"))]);
    let found: Vec<_> = rows(&store).into_iter().map(|row| (row.route, row.notifications)).collect();
    let expected = [("ops", vec![1, 3, 4]), ("chat", vec![3]), ("ops", vec![5])];
    assert_eq!(found, expected.map(|(route, ids)| (route.to_owned(), ids)));
}

#[test]
fn what_is_being_sent_is_joined_by_nothing() {
    let mut store = store_with(vec![message("ops", 1, 100, Some("rate limit"))]);
    // The clock of the process that sends it is ahead.
    assert_eq!(ids(&mut store, "ops", 100), Some(1));
    save(&mut store, 50, vec![message("ops", 1, 100, Some("rate limit"))]);
    assert_eq!(rows(&store).len(), 2);
}

#[test]
fn a_message_that_arrived_is_not_sent_again() {
    let mut store = store_with(vec![message("ops", 1, 0, None)]);
    store.claim("ops", at(1)).unwrap().unwrap();
    store.delivered(1, "ops", at(2)).unwrap();
    assert_eq!(store.claim("ops", at(3)).unwrap(), None);
    let row = &rows(&store)[0];
    assert_eq!((row.state.as_str(), row.finished, row.attempts), ("delivered", Some(at(2)), 1));
    assert_eq!(store.waiting_routes().unwrap(), [""; 0]);
    assert_eq!(store.routes().unwrap()[0].last_delivered, Some(at(2)));
}

#[test]
fn a_message_whose_process_was_killed_is_sent_again_with_the_same_key() {
    let mut store = store_with(vec![message("ops", 1, 0, None)]);
    let first = store.claim("ops", at(1)).unwrap().unwrap();
    let second = store.claim("ops", at(2)).unwrap().unwrap();
    assert_eq!((second.key, second.attempts), (first.key, 2));
}

#[test]
fn a_route_that_fails_waits_with_all_its_messages_and_is_well_again_with_the_first_that_arrives() {
    let mut store =
        store_with(vec![message("ops", 1, 0, None), message("ops", 2, 0, None), message("chat", 1, 0, None)]);
    for (seconds, id) in [(1, 1), (61, 2)] {
        assert_eq!(ids(&mut store, "ops", seconds), Some(id));
        let next = Next::Route(Duration::from_secs(60));
        store.not_delivered(id, "ops", "connection refused", &next, at(seconds)).unwrap();
        assert_eq!(ids(&mut store, "ops", seconds + 59), None);
    }
    assert_eq!(store.failures("ops").unwrap(), 2);
    assert_eq!(store.next_delivery("ops", at(61)).unwrap(), Some(Duration::from_secs(60)));
    let ops = store.routes().unwrap().into_iter().find(|route| route.name == "ops").unwrap();
    assert_eq!((ops.failures, ops.failing_since, ops.pending), (2, Some(at(1)), 2));
    assert_eq!(ops.last_error.as_deref(), Some("connection refused"));
    assert_eq!(ids(&mut store, "chat", 62), Some(3), "another route goes on");

    assert_eq!(ids(&mut store, "ops", 121), Some(1));
    store.delivered(1, "ops", at(121)).unwrap();
    assert_eq!(store.failures("ops").unwrap(), 0);
    assert_eq!(ids(&mut store, "ops", 121), Some(2));
}

#[test]
fn a_message_that_is_refused_does_not_hold_up_the_next() {
    let mut store = store_with(vec![message("ops", 1, 0, None), message("ops", 2, 0, None)]);
    assert_eq!(ids(&mut store, "ops", 1), Some(1));
    store.not_delivered(1, "ops", "too large", &Next::Message(Duration::from_secs(60)), at(1)).unwrap();
    assert_eq!(ids(&mut store, "ops", 2), Some(2));
    store.delivered(2, "ops", at(2)).unwrap();
    assert_eq!((ids(&mut store, "ops", 60), ids(&mut store, "ops", 61)), (None, Some(1)));
    assert_eq!(rows(&store)[0].reason.as_deref(), Some("too large"));
}

#[test]
fn what_is_given_up_is_told_on_the_other_routes() {
    let mut store = store_with(vec![message("ops", 2, 0, None)]);
    let claimed = store.claim("ops", at(90_000)).unwrap().unwrap();
    let notice = Notification {
        kind: Kind::Undelivered,
        subject: "ops".to_owned(),
        ..cycle(START).notifications.swap_remove(0)
    };
    let planned = [message("chat", 1, 90_000, None)];
    let doomed = store.doomed(&claimed, "ops", With::Nothing, at(90_000)).unwrap();
    assert_eq!((&doomed.deliveries, doomed.notifications, doomed.first_and_last), (&vec![1], 2, (1, 2)));
    let given_up = GivenUp { doomed: &doomed, reason: "connection refused", notice: &notice, planned: &planned };
    store.give_up(&claimed, &given_up, at(90_000)).unwrap();

    let rows = rows(&store);
    assert_eq!((rows[0].state.as_str(), rows[0].finished), ("expired", Some(at(90_000))));
    assert_eq!(rows[0].reason.as_deref(), Some("connection refused"));
    let told = store.claim("chat", at(90_000)).unwrap().unwrap();
    assert_eq!((told.items[0].kind, told.items[0].subject.as_str()), (Kind::Undelivered, "ops"));
    assert_eq!((told.run_id, told.items[0].time), (claimed.run_id, at(90_000)));
    assert_eq!(store.claim("ops", at(90_001)).unwrap(), None);
}

#[test]
fn what_waits_for_something_else_than_the_limit_does_not_count_for_it() {
    let deliveries = [(-50, None), (-10, None), (400, Some("quiet hours")), (300, Some("rate limit"))];
    let store = store_with(deliveries.map(|(due, held)| message("ops", 1, due, held)).into());
    let recent = store.recent_deliveries([("ops", 2), ("chat", 2)], at(0)).unwrap();
    assert_eq!(recent["ops"], [at(300), at(-10)]);
    assert_eq!(recent["chat"], []);
}

#[test]
fn a_row_that_cannot_be_understood_does_not_stop_its_message() {
    let mut store = store_with(vec![message("ops", 1, 0, None)]);
    store.conn.execute("UPDATE notifications SET kind = 'x', sent_at = 'y', previous_level = 'z'", ()).unwrap();
    let claimed = store.claim("ops", at(1)).unwrap().unwrap();
    assert_eq!((claimed.items[0].kind, claimed.items[0].previous_level), (Kind::Unknown, Status::Unknown));
}

#[test]
fn what_expired_on_a_route_is_given_up_together_and_so_is_all_of_a_route_that_is_gone() {
    let later = Planned { expires: at(200_000), ..message("ops", 1, 0, None) };
    let other = message("chat", 1, 0, None);
    let mut store = store_with(vec![message("ops", 1, 0, None), message("ops", 2, 0, None), later, other]);
    let claimed = store.claim("ops", at(90_000)).unwrap().unwrap();
    for (with, expected) in [(With::Nothing, vec![1]), (With::Expired, vec![1, 2]), (With::All, vec![1, 2, 3])] {
        let mut doomed = store.doomed(&claimed, "ops", with, at(90_000)).unwrap();
        doomed.deliveries.sort_unstable();
        assert_eq!((doomed.deliveries, doomed.is_news), (expected, true), "{with:?}");
    }
    store.conn.execute("UPDATE notifications SET kind = 'undelivered'", ()).unwrap();
    assert!(!store.doomed(&claimed, "ops", With::All, at(90_000)).unwrap().is_news);
}

#[test]
fn a_message_that_breaks_its_receiver_comes_after_those_that_were_tried_less() {
    let mut store = store_with(vec![message("ops", 1, 0, None), message("ops", 2, 0, None)]);
    let claimed: Vec<_> = (1..=4).map(|seconds| ids(&mut store, "ops", seconds).unwrap()).collect();
    assert_eq!(claimed, [1, 2, 1, 2]);
}

#[test]
fn a_refused_message_waits_also_after_a_clock_that_went_back() {
    let mut store = store_with(vec![message("ops", 1, 0, None)]);
    let before = -1_000_000;
    assert_eq!(ids(&mut store, "ops", before), Some(1));
    store.not_delivered(1, "ops", "too large", &Next::Message(Duration::from_secs(60)), at(before)).unwrap();
    assert_eq!((ids(&mut store, "ops", before + 59), ids(&mut store, "ops", before + 60)), (None, Some(1)));
    // Refused when the clock was ahead.
    store.not_delivered(1, "ops", "too large", &Next::Message(Duration::from_secs(60)), at(2_000_000)).unwrap();
    assert_eq!(ids(&mut store, "ops", 100), Some(1));
}

#[test]
fn a_held_message_does_not_grow_for_ever_and_nothing_joins_one_that_is_due_before() {
    let mut store = store_with(vec![message("ops", 1, 100, Some("quiet hours"))]);
    save(&mut store, 10, vec![message("ops", 1, 300, Some("quiet hours"))]);
    assert_eq!(rows(&store).len(), 2, "the second window is open for longer");
    for run in 0..300 {
        save(&mut store, 20 + run, vec![message("ops", 2, 400, Some("quiet hours"))]);
    }
    let sizes: Vec<_> = rows(&store)[2..].iter().map(|row| row.notifications.len()).collect();
    assert_eq!(sizes, [500, 100]);
}

#[test]
fn what_waits_is_found_by_an_index_however_many_were_delivered() {
    let store = Store::in_memory().unwrap();
    for sql in [outbox::WAITING_ROUTES, outbox::RECENT, outbox::NEXT] {
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
