//! Queries of commands and of operators.

use super::*;
use crate::previous::{LATEST_RUN, LATEST_STATUSES};

fn everything() -> NotificationFilter {
    NotificationFilter { since: None, limit: 100, channel: None, level: None }
}

fn plan(store: &Store, sql: &str) -> String {
    let steps: Vec<String> = store
        .conn
        .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
        .unwrap()
        .query_map(rusqlite::params_from_iter(sql.matches('?')), |row| row.get("detail"))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    steps.join("\n")
}

fn columns(store: &Store, table: &str) -> Vec<String> {
    let statement = store.conn.prepare(&format!("SELECT * FROM {table}")).unwrap();
    statement.column_names().map(str::to_owned).collect()
}

#[test]
fn public_tables_have_the_documented_columns() {
    let store = Store::in_memory().unwrap();
    assert_eq!(
        columns(&store, "system_metrics").join(", "),
        "run_id, timestamp, hostname, platform, cpu_percent, cpu_count, memory_percent, memory_used_bytes, \
         memory_total_bytes, disk_percent, disk_used_bytes, disk_total_bytes, network_sent_bytes, network_received_bytes"
    );
    assert_eq!(
        columns(&store, "notifications").join(", "),
        "id, run_id, channel, level, title, message, sent_at, hostname, check_name, subject, kind, owner, previous_level, suppressed, found"
    );
}

#[test]
fn public_queries_use_an_index() {
    let mut store = Store::in_memory().unwrap();
    store.save_cycle(&cycle("2025-10-27T14:20:01.005Z")).unwrap();
    let metrics = "SELECT timestamp, hostname, cpu_percent, memory_percent, disk_percent FROM system_metrics \
                   ORDER BY timestamp DESC LIMIT 10;";
    let row: (String, String, f64, Option<f64>, Option<f64>) =
        store.conn.query_row(metrics, (), |row| row.try_into()).unwrap();
    assert_eq!(row, ("2025-10-27 14:20:01.005".to_owned(), "web-1".to_owned(), 85.5, None, None));
    assert_eq!(plan(&store, metrics), "SCAN system_metrics USING INDEX system_metrics_by_time");

    let notifications = "SELECT title, level, message, sent_at FROM notifications \
                         WHERE channel = 'system_monitoring' ORDER BY sent_at DESC LIMIT 10;";
    let mut statement = store.conn.prepare(notifications).unwrap();
    let rows: Vec<(String, String, String, String)> =
        statement.query_map((), |row| row.try_into()).unwrap().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| row.3 == "2025-10-27 14:20:01.005"));
    assert_eq!(plan(&store, notifications), "SEARCH notifications USING INDEX notifications_by_channel (channel=?)");
}

#[test]
fn queries_of_a_cycle_scan_no_table() {
    let store = Store::in_memory().unwrap();
    for sql in [LATEST_RUN, LATEST_STATUSES] {
        let plan = plan(&store, sql);
        assert!(!plan.contains("SCAN runs") && !plan.contains("SCAN evaluations"), "{plan}");
        assert!(plan.contains("runs_by_host") || plan.contains("evaluations_that_judged"), "{plan}");
    }
}

#[test]
fn metrics_are_newest_first_since_a_time() {
    let mut store = Store::in_memory().unwrap();
    for minute in [0, 5, 10] {
        store.save_cycle(&cycle(&format!("2025-01-01T00:{minute:02}:00Z"))).unwrap();
    }
    let ids = |since: Option<&str>, limit| -> Vec<i64> {
        store.metrics(since.map(time), limit).unwrap().iter().map(|row| row.run_id).collect()
    };
    assert_eq!(ids(None, 2), [3, 2]);
    assert_eq!(ids(Some("2025-01-01T00:05:00Z"), 10), [3, 2]);
    assert_eq!(ids(Some("2025-01-01T00:05:00.001Z"), 10), [3]);
    let row = store.metrics(None, 1).unwrap().remove(0);
    assert_eq!(row.timestamp, time("2025-01-01T00:10:00Z"));
    assert_eq!((row.headline.cpu_percent, row.headline.cpu_count), (Some(85.5), Some(4)));
    assert_eq!((row.headline.memory_total_bytes, row.headline.disk_percent), (Some(8_589_934_592), None));
}

#[test]
fn notifications_are_newest_first_and_the_worst_of_a_cycle_first() {
    let mut store = Store::in_memory().unwrap();
    for minute in [0, 5] {
        store.save_cycle(&cycle(&format!("2025-01-01T00:{minute:02}:00Z"))).unwrap();
    }
    let rows = store.notifications(&everything()).unwrap();
    let found: Vec<_> =
        rows.iter().map(|row| (row.run_id, row.value.level.level(), row.value.check.as_str())).collect();
    assert_eq!(found, [(2, "UNKNOWN", "loop"), (2, "WARNING", "disk"), (1, "UNKNOWN", "loop"), (1, "WARNING", "disk")]);
    assert_eq!(rows[1].value.subject, "/var");
    assert_eq!(rows[1].time, time("2025-01-01T00:05:00Z"));
}

#[test]
fn notifications_are_filtered_by_time_channel_and_level() {
    let mut store = Store::in_memory().unwrap();
    let mut second = cycle("2025-01-01T00:05:00Z");
    second.notifications[0].channel = "security_check".to_owned();
    store.save_cycle(&cycle("2025-01-01T00:00:00Z")).unwrap();
    store.save_cycle(&second).unwrap();
    let found = |filter: NotificationFilter| store.notifications(&filter).unwrap().len();
    assert_eq!(found(everything()), 4);
    assert_eq!(found(NotificationFilter { limit: 1, ..everything() }), 1);
    assert_eq!(found(NotificationFilter { since: Some(time("2025-01-01T00:01:00Z")), ..everything() }), 2);
    assert_eq!(found(NotificationFilter { channel: Some("security_check".to_owned()), ..everything() }), 1);
    assert_eq!(found(NotificationFilter { channel: Some("' OR 1 --".to_owned()), ..everything() }), 0);
    assert_eq!(found(NotificationFilter { level: Some(Status::Warning), ..everything() }), 2);
    let both = NotificationFilter {
        channel: Some("system_monitoring".to_owned()),
        level: Some(Status::Unknown),
        ..everything()
    };
    assert_eq!(found(both), 1);
}

#[test]
fn hostile_text_is_stored_unchanged() {
    let mut store = Store::in_memory().unwrap();
    let text = "'; DROP TABLE runs; -- \u{0} \u{202e} <b>\n";
    let mut cycle = cycle("2025-01-01T00:00:00Z");
    cycle.notifications[0].message = text.to_owned();
    store.save_cycle(&cycle).unwrap();
    assert_eq!(store.notifications(&everything()).unwrap()[0].value.message, text);
}

#[test]
fn integrity_check_counts_the_rows() {
    let mut store = Store::in_memory().unwrap();
    assert_eq!(store.check().unwrap().newest, None);
    for minute in [0, 5] {
        store.save_cycle(&cycle(&format!("2025-01-01T00:{minute:02}:00Z"))).unwrap();
    }
    let summary = store.check().unwrap();
    assert_eq!((summary.runs, summary.samples, summary.notifications), (2, 16, 4));
    assert_eq!(summary.schema_version, SCHEMA_VERSION);
    assert_eq!(summary.oldest, Some(time("2025-01-01T00:00:00Z")));
    assert_eq!(summary.newest, Some(time("2025-01-01T00:05:00Z")));
}

#[test]
fn integrity_check_finds_dangling_references() {
    let mut store = Store::in_memory().unwrap();
    store.save_cycle(&cycle("2025-01-01T00:00:00Z")).unwrap();
    store.conn.execute_batch("PRAGMA foreign_keys = OFF; DELETE FROM series WHERE id = 1").unwrap();
    let error = store.check().unwrap_err().to_string();
    assert!(error.contains("a row of samples refers to a missing row of series"), "{error}");
}
