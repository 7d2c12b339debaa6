//! Silences, acknowledgements and suppressed notifications.

use tempfile::tempdir;

use checkpost_alerting::alert::AlertKey;
use checkpost_alerting::suppression::{Acknowledgement, Matchers, Silence};

use super::*;

const TEXT: &str = "check=disk subject=~/mnt/.*";

fn at(minutes: i64) -> Timestamp {
    time("2026-01-01T00:00:00Z") + jiff::SignedDuration::from_mins(minutes)
}

fn silence(starts: i64, ends: i64) -> Silence {
    Silence {
        id: 0,
        matchers: Matchers::parse(TEXT).unwrap(),
        starts: at(starts),
        ends: at(ends),
        author: "alice".to_owned(),
        comment: "new 'disks'; DROP TABLE silences".to_owned(),
        created: at(0),
    }
}

fn acknowledgement(subject: &str) -> Acknowledgement {
    Acknowledgement {
        id: 1,
        key: AlertKey { instance: "disk".to_owned(), subject: subject.to_owned() },
        level: Status::Warning,
        sticky: true,
        until: Some(at(60)),
        author: "alice".to_owned(),
        comment: "on it".to_owned(),
        created: at(0),
    }
}

fn ids(silences: &[Silence]) -> Vec<i64> {
    silences.iter().map(|silence| silence.id).collect()
}

#[test]
fn silence_is_read_as_it_was_added() {
    let mut store = Store::in_memory().unwrap();
    assert_eq!(store.add_silence(&silence(0, 10)).unwrap(), 1);
    let [read] = &store.silences(at(0)).unwrap()[..] else { panic!("one silence") };
    assert_eq!((read.id, read.matchers.to_string().as_str()), (1, TEXT));
    assert_eq!((read.starts, read.ends, read.created), (at(0), at(10), at(0)));
    assert_eq!((read.author.as_str(), read.comment.as_str()), ("alice", "new 'disks'; DROP TABLE silences"));
}

#[test]
fn silences_that_have_ended_are_not_read() {
    let mut store = Store::in_memory().unwrap();
    for (starts, ends) in [(0, 10), (0, 20), (30, 40)] {
        store.add_silence(&silence(starts, ends)).unwrap();
    }
    assert_eq!(ids(&store.silences(at(0)).unwrap()), [1, 2, 3]);
    assert_eq!(ids(&store.silences(at(10)).unwrap()), [2, 3]);
    assert_eq!(ids(&store.silences(Timestamp::MIN).unwrap()), [1, 2, 3]);
}

#[test]
fn silence_ends_once() {
    let mut store = Store::in_memory().unwrap();
    store.add_silence(&silence(0, 10)).unwrap();
    assert_eq!(store.expire_silence(1, at(5)).unwrap(), Expiry::Ended);
    assert_eq!(store.expire_silence(1, at(6)).unwrap(), Expiry::AlreadyEnded(at(5)));
    assert_eq!(store.expire_silence(2, at(6)).unwrap(), Expiry::NotFound);
    assert!(store.silences(at(5)).unwrap().is_empty());
}

#[test]
fn silence_that_ends_before_it_starts_never_starts() {
    let mut store = Store::in_memory().unwrap();
    store.add_silence(&silence(30, 40)).unwrap();
    assert_eq!(store.expire_silence(1, at(5)).unwrap(), Expiry::Ended);
    assert_eq!(store.expire_silence(1, at(6)).unwrap(), Expiry::AlreadyEnded(at(30)));
    let [read] = &store.silences(Timestamp::MIN).unwrap()[..] else { panic!("one silence") };
    assert!((0..60).all(|minute| !read.is_active(at(minute))));
    assert!(!read.is_active_or_pending(at(5)));
}

#[test]
fn silence_that_cannot_be_read_is_left_out() {
    let mut store = Store::in_memory().unwrap();
    for _ in 0..3 {
        store.add_silence(&silence(0, 10)).unwrap();
    }
    let damage =
        "UPDATE silences SET matchers = 'chekc=disk' WHERE id = 1; UPDATE silences SET matchers = '' WHERE id = 2";
    store.conn.execute_batch(damage).unwrap();
    assert_eq!(ids(&store.silences(at(0)).unwrap()), [3], "a silence without matchers would suppress everything");
}

#[test]
fn acknowledgement_replaces_the_one_before() {
    let mut store = Store::in_memory().unwrap();
    store.acknowledge(&acknowledgement("/")).unwrap();
    store.acknowledge(&acknowledgement("/var")).unwrap();
    let again = Acknowledgement { id: 3, sticky: false, until: None, ..acknowledgement("/") };
    assert_eq!(store.acknowledge(&again).unwrap(), 3);
    let other = Acknowledgement { id: 2, ..acknowledgement("/var") };
    assert_eq!(store.acknowledgements().unwrap(), [other, again]);
    assert_eq!(count(&store, "acknowledgements"), 3, "the first one stays as a record");
}

#[test]
fn acknowledgement_is_removed_once() {
    let mut store = Store::in_memory().unwrap();
    store.acknowledge(&acknowledgement("/")).unwrap();
    let key = acknowledgement("/").key;
    assert!(store.remove_acknowledgement(&key, at(5)).unwrap());
    assert!(!store.remove_acknowledgement(&key, at(6)).unwrap());
    assert!(store.acknowledgements().unwrap().is_empty());
    let ended: i64 = store.conn.query_row("SELECT ended_ms FROM acknowledgements", (), |row| row.get(0)).unwrap();
    assert_eq!(ended, at(5).as_millisecond());
}

#[test]
fn acknowledgements_end_in_the_transaction_of_the_cycle() {
    let mut store = Store::in_memory().unwrap();
    for subject in ["/", "/var"] {
        store.acknowledge(&acknowledgement(subject)).unwrap();
    }
    let mut ending = cycle("2026-01-01T00:05:00Z");
    ending.ended_acknowledgements = vec![1];
    store
        .conn
        .execute_batch("CREATE TEMP TRIGGER refuse AFTER INSERT ON notifications BEGIN SELECT RAISE(ABORT, ''); END")
        .unwrap();
    store.save_cycle(&ending).unwrap_err();
    assert_eq!(store.acknowledgements().unwrap().len(), 2);
    store.conn.execute_batch("DROP TRIGGER refuse").unwrap();
    store.save_cycle(&ending).unwrap();
    assert_eq!(store.acknowledgements().unwrap()[0].key.subject, "/var");
    assert_eq!(count(&store, &format!("acknowledgements WHERE ended_ms = {}", at(5).as_millisecond())), 1);
}

#[test]
fn notification_is_stored_with_the_reason_for_its_suppression() {
    let mut store = Store::in_memory().unwrap();
    let mut cycle = cycle("2026-01-01T00:05:00Z");
    cycle.notifications[0].suppressed = Some("silence 3: new disks".to_owned());
    store.save_cycle(&cycle).unwrap();
    let filter = NotificationFilter { since: None, limit: 10, channel: None, level: None };
    let read: Vec<_> = store.notifications(&filter).unwrap().into_iter().map(|row| row.value.suppressed).collect();
    assert_eq!(read, [Some("silence 3: new disks".to_owned()), None]);
}

#[test]
fn alert_of_a_notification_is_found() {
    let mut store = Store::in_memory().unwrap();
    store.save_cycle(&cycle("2026-01-01T00:05:00Z")).unwrap();
    let key = AlertKey { instance: "disk".to_owned(), subject: "/var".to_owned() };
    let found = [1, 2, 3].map(|id| store.alert_of_notification(id).unwrap());
    assert!(found.contains(&Some(key)), "{found:?}");
    assert_eq!(found[2], None);
}

#[test]
fn silences_are_added_while_cycles_are_stored() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("automation.db");
    Store::open(&path).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            (0..20).for_each(|_| {
                Store::open(&path).unwrap().save_cycle(&cycle("2026-01-01T00:05:00Z")).unwrap();
            })
        });
        scope.spawn(|| {
            (0..20).for_each(|_| {
                let mut store = Store::open(&path).unwrap();
                let id = store.add_silence(&silence(0, 10)).unwrap();
                assert_eq!(store.expire_silence(id, at(5)).unwrap(), Expiry::Ended);
            })
        });
    });
    let store = Store::open_existing(&path).unwrap();
    assert_eq!((count(&store, "runs"), count(&store, "silences")), (20, 20));
}
