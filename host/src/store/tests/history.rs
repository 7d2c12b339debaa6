//! Past readings, as checks ask for them.

use super::super::history::POINTS;
use super::*;
use crate::check::Grants;
use crate::metric::Series;

const START: &str = "2025-01-01T00:00:00Z";

/// A cycle a minute, the CPU time of the first of two cores being the minute.
fn store(minutes: i64) -> Store {
    let mut store = Store::in_memory().unwrap();
    for minute in 0..minutes {
        let at = time(START) + jiff::SignedDuration::from_mins(minute);
        let mut snapshot = Snapshot::new(at, host("boot-1"));
        for cpu in ["0", "1"] {
            snapshot.push("system.cpu.time", [("cpu.logical_number", cpu)], minute as f64);
        }
        snapshot.push("system.memory.limit", Labels::none(), 1.0);
        snapshot.push("process.count", Labels::none(), 1.0);
        store.save_cycle(&cycle_of(snapshot, Vec::new()).record()).unwrap();
    }
    store
}

fn read(store: &Store, metric: &str, labels: &Labels, minutes: std::ops::Range<i64>, max_points: usize) -> Vec<Series> {
    let ms = |minute: i64| time(START).as_millisecond() + minute * 60_000;
    let grants = &Grants(vec!["system.*".to_owned()]);
    let query =
        HistoryQuery { metric, labels, grants, from_ms: ms(minutes.start), until_ms: ms(minutes.end), max_points };
    store.history(&query).unwrap()
}

fn values(series: &Series) -> Vec<f64> {
    series.points.iter().map(|(_, value)| *value).collect()
}

#[test]
fn a_window_holds_what_was_measured_in_it_oldest_first() {
    let store = store(10);
    let history = read(&store, "system.cpu.time", &Labels::from([("cpu.logical_number", "1")]), 3..6, 100);
    assert_eq!(history.len(), 1);
    assert_eq!(values(&history[0]), [3.0, 4.0, 5.0]);
    assert_eq!(history[0].points[0].0, time("2025-01-01T00:03:00Z").as_millisecond());
    assert!(read(&store, "system.cpu.time", &Labels::none(), 10..20, 100).is_empty());
}

#[test]
fn a_pattern_and_no_labels_bring_all_series_sorted() {
    let history = read(&store(2), "system.*", &Labels::none(), 0..2, 100);
    let names: Vec<_> = history.iter().map(|series| (series.name.as_str(), series.labels.iter().next())).collect();
    let cpu = |number| ("system.cpu.time", Some(("cpu.logical_number", number)));
    assert_eq!(names, [cpu("0"), cpu("1"), ("system.memory.limit", None)]);
}

#[test]
fn what_is_not_granted_stays_where_it_is() {
    assert!(read(&store(2), "process.count", &Labels::none(), 0..2, 100).is_empty());
    let count: usize = read(&store(3), "*", &Labels::none(), 0..3, 9).iter().map(|series| series.points.len()).sum();
    assert_eq!(count, 9, "nor does it use up the limit");
}

#[test]
fn one_more_than_the_limit_tells_that_there_are_more() {
    let store = store(10);
    let points =
        |max| read(&store, "system.cpu.time", &Labels::none(), 0..10, max).iter().map(|s| s.points.len()).sum();
    let count: usize = points(20);
    assert_eq!(count, 20, "all of them");
    let count: usize = points(13);
    assert_eq!(count, 14);
}

#[test]
fn only_the_cycles_of_the_window_are_looked_at() {
    let store = Store::in_memory().unwrap();
    let mut statement = store.conn.prepare(&format!("EXPLAIN QUERY PLAN {POINTS}")).unwrap();
    let plan: Vec<String> =
        statement.query_map((1, 2, 3, 4), |row| row.get("detail")).unwrap().map(Result::unwrap).collect();
    assert!(plan[0].contains("SEARCH runs USING COVERING INDEX runs_by_time"), "{plan:?}");
    assert!(plan[1].contains("SEARCH samples USING PRIMARY KEY (run_id=? AND series_id=?)"), "{plan:?}");
}
