//! What people and commands read.

use super::*;

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
fn the_public_tables_have_the_public_columns() {
    let store = Store::in_memory().unwrap();
    assert_eq!(
        columns(&store, "system_metrics").join(", "),
        "run_id, timestamp, hostname, platform, cpu_percent, cpu_count, memory_percent, memory_used_bytes, \
         memory_total_bytes, disk_percent, disk_used_bytes, disk_total_bytes, network_sent_bytes, network_received_bytes"
    );
    assert_eq!(
        columns(&store, "notifications").join(", "),
        "id, run_id, channel, level, title, message, sent_at, hostname, check_name, subject, kind, owner, previous_level, suppressed"
    );
}

#[test]
fn the_two_public_queries_answer_from_an_index() {
    let mut store = Store::in_memory().unwrap();
    store.save_cycle(&cycle("2025-10-27T14:20:01.005Z").record()).unwrap();
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
fn the_reads_of_a_cycle_walk_no_table() {
    let store = Store::in_memory().unwrap();
    for sql in [super::previous::LATEST_RUN, super::previous::LATEST_STATUSES] {
        let plan = plan(&store, sql);
        assert!(!plan.contains("SCAN runs") && !plan.contains("SCAN evaluations"), "{plan}");
        assert!(plan.contains("runs_by_host") || plan.contains("evaluations_that_judged"), "{plan}");
    }
}

#[test]
fn metrics_come_newest_first_from_a_time_on() {
    let mut store = Store::in_memory().unwrap();
    for minute in [0, 5, 10] {
        store.save_cycle(&cycle(&format!("2025-01-01T00:{minute:02}:00Z")).record()).unwrap();
    }
    let ids = |since: Option<&str>, limit| -> Vec<i64> {
        store.metrics(since.map(time), limit).unwrap().iter().map(|row| row.run_id).collect()
    };
    assert_eq!(ids(None, 2), [3, 2]);
    assert_eq!(ids(Some("2025-01-01T00:05:00Z"), 10), [3, 2]);
    assert_eq!(ids(Some("2025-01-01T00:05:00.001Z"), 10), [3]);
    let row = store.metrics(None, 1).unwrap().remove(0);
    assert_eq!(row.timestamp, time("2025-01-01T00:10:00Z"));
    assert_eq!((row.cpu_percent, row.cpu_count), (Some(85.5), Some(4)));
    assert_eq!((row.memory_total_bytes, row.disk_percent), (Some(8_589_934_592), None));
}

#[test]
fn notifications_come_newest_first_and_the_worst_of_a_cycle_first() {
    let mut store = Store::in_memory().unwrap();
    for minute in [0, 5] {
        store.save_cycle(&cycle(&format!("2025-01-01T00:{minute:02}:00Z")).record()).unwrap();
    }
    let rows = store.notifications(&everything()).unwrap();
    let told: Vec<_> = rows.iter().map(|row| (row.run_id, row.level.as_str(), row.check_name.as_str())).collect();
    assert_eq!(told, [(2, "UNKNOWN", "loop"), (2, "WARNING", "disk"), (1, "UNKNOWN", "loop"), (1, "WARNING", "disk")]);
    assert_eq!(rows[1].subject, "/var");
    assert_eq!(rows[1].sent_at, time("2025-01-01T00:05:00Z"));
}

#[test]
fn notifications_are_filtered_by_time_channel_and_level() {
    let mut store = Store::in_memory().unwrap();
    let mut second = cycle("2025-01-01T00:05:00Z");
    second.notifications[0].channel = "security_check".to_owned();
    store.save_cycle(&cycle("2025-01-01T00:00:00Z").record()).unwrap();
    store.save_cycle(&second.record()).unwrap();
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
fn hostile_text_is_kept_as_it_is() {
    let mut store = Store::in_memory().unwrap();
    let text = "'; DROP TABLE runs; -- \u{0} \u{202e} <b>\n";
    let mut cycle = cycle("2025-01-01T00:00:00Z");
    cycle.notifications[0].message = text.to_owned();
    store.save_cycle(&cycle.record()).unwrap();
    assert_eq!(store.notifications(&everything()).unwrap()[0].message, text);
}

#[test]
fn a_check_counts_what_is_there() {
    let mut store = Store::in_memory().unwrap();
    assert_eq!(store.check().unwrap().newest, None);
    for minute in [0, 5] {
        store.save_cycle(&cycle(&format!("2025-01-01T00:{minute:02}:00Z")).record()).unwrap();
    }
    let summary = store.check().unwrap();
    assert_eq!((summary.runs, summary.samples, summary.notifications), (2, 16, 4));
    assert_eq!(summary.schema_version, SCHEMA_VERSION);
    assert_eq!(summary.oldest, Some(time("2025-01-01T00:00:00Z")));
    assert_eq!(summary.newest, Some(time("2025-01-01T00:05:00Z")));
}

#[test]
fn a_check_finds_rows_that_refer_to_nothing() {
    let mut store = Store::in_memory().unwrap();
    store.save_cycle(&cycle("2025-01-01T00:00:00Z").record()).unwrap();
    store.conn.execute_batch("PRAGMA foreign_keys = OFF; DELETE FROM series WHERE id = 1").unwrap();
    let error = store.check().unwrap_err().to_string();
    assert!(error.contains("a row of samples refers to one of series that is missing"), "{error}");
}
