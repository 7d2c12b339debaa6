//! Past samples, for checks.

use std::time::Instant;

use checkpost_model::check::Grants;
use checkpost_model::metric::Series;

use super::*;
use crate::history::POINTS;

const START: &str = "2025-01-01T00:00:00Z";

/// One cycle a minute. The CPU time of both cores is the minute.
fn store(minutes: i64) -> Store {
    let mut store = Store::in_memory().unwrap();
    for minute in 0..minutes {
        let at = time(START) + jiff::SignedDuration::from_mins(minute);
        let mut snapshot = Snapshot::new(at, Host::example("boot-1"));
        for cpu in ["0", "1"] {
            snapshot.push("system.cpu.time", [("cpu.logical_number", cpu)], minute as f64);
        }
        snapshot.push("system.memory.limit", Labels::none(), 1.0);
        snapshot.push("process.count", Labels::none(), 1.0);
        store.save_cycle(&cycle_of(snapshot, Vec::new())).unwrap();
    }
    store
}

fn ms(minute: i64) -> i64 {
    time(START).as_millisecond() + minute * 60_000
}

fn in_an_hour() -> Instant {
    Instant::now() + Duration::from_secs(3_600)
}

/// Reads windows, each of a metric, labels and its first minute, up to a minute.
fn history(store: &Store, windows: &[(&str, &Labels, i64)], until: i64, max_points: usize) -> History {
    let grants = &Grants(vec!["system.*".to_owned()]);
    let windows: Vec<_> =
        windows.iter().map(|(metric, labels, from)| Window { metric, labels, from_ms: ms(*from) }).collect();
    store.history(&HistoryQuery { windows, grants, until_ms: ms(until) }, max_points, in_an_hour()).unwrap()
}

fn read(store: &Store, metric: &str, labels: &Labels, minutes: std::ops::Range<i64>, max_points: usize) -> Vec<Series> {
    match history(store, &[(metric, labels, minutes.start)], minutes.end, max_points) {
        History::Read(history) => history,
        other => panic!("{other:?}"),
    }
}

fn values(series: &Series) -> Vec<f64> {
    series.points.iter().map(|(_, value)| *value).collect()
}

#[test]
fn window_has_its_points_oldest_first() {
    let store = store(10);
    let history = read(&store, "system.cpu.time", &Labels::from([("cpu.logical_number", "1")]), 3..6, 100);
    assert_eq!(history.len(), 1);
    assert_eq!(values(&history[0]), [3.0, 4.0, 5.0]);
    assert_eq!(history[0].points[0].0, time("2025-01-01T00:03:00Z").as_millisecond());
    assert!(read(&store, "system.cpu.time", &Labels::none(), 10..20, 100).is_empty());
}

#[test]
fn pattern_without_labels_reads_all_series_sorted() {
    let history = read(&store(2), "system.*", &Labels::none(), 0..2, 100);
    let names: Vec<_> = history.iter().map(|series| (series.name.as_str(), series.labels.iter().next())).collect();
    let cpu = |number| ("system.cpu.time", Some(("cpu.logical_number", number)));
    assert_eq!(names, [cpu("0"), cpu("1"), ("system.memory.limit", None)]);
}

#[test]
fn metrics_that_are_not_granted_are_not_read() {
    assert!(read(&store(2), "process.count", &Labels::none(), 0..2, 100).is_empty());
    let count: usize = read(&store(3), "*", &Labels::none(), 0..3, 9).iter().map(|series| series.points.len()).sum();
    assert_eq!(count, 9, "they do not count for the limit");
}

#[test]
fn points_above_the_limit_are_not_read() {
    let all = |max_points| history(&store(10), &[("system.cpu.time", &Labels::none(), 0)], 10, max_points);
    assert!(matches!(all(20), History::Read(_)));
    assert_eq!(all(19), History::TooMany);
    assert_eq!(all(0), History::TooMany);
}

#[test]
fn windows_that_overlap_are_read_once_for_the_longest() {
    let none = Labels::none();
    let windows: Vec<_> = (0..1_000).map(|second| ("system.cpu.*", &none, 3 + second % 5)).collect();
    let History::Read(history) = history(&store(10), &windows, 10, 14) else { panic!("two series of seven points") };
    assert_eq!(history.iter().map(values).collect::<Vec<_>>(), [[3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]; 2]);
}

#[test]
fn reading_ends_at_the_deadline() {
    let labels = Labels::none();
    let windows = vec![Window { metric: "system.*", labels: &labels, from_ms: 0 }];
    let query = HistoryQuery { windows, grants: &Grants::default(), until_ms: i64::MAX };
    assert_eq!(store(1).history(&query, 100, Instant::now()).unwrap(), History::TooLate);
}

#[test]
fn cycles_outside_the_window_are_not_scanned() {
    let store = Store::in_memory().unwrap();
    let mut statement = store.conn.prepare(&format!("EXPLAIN QUERY PLAN {POINTS}")).unwrap();
    let plan: Vec<String> =
        statement.query_map((1, 2, 3, 4), |row| row.get("detail")).unwrap().map(Result::unwrap).collect();
    assert!(plan[0].contains("SEARCH runs USING COVERING INDEX runs_by_time"), "{plan:?}");
    assert!(plan[1].contains("SEARCH samples USING PRIMARY KEY (run_id=? AND series_id=?)"), "{plan:?}");
}
