//! Saving a cycle, and reading what the next one needs of it.

use super::*;

#[test]
fn snapshot_is_read_as_it_was_saved() {
    let mut store = Store::in_memory().unwrap();
    let cycle = cycle("2025-10-27T14:20:01.005Z");
    store.save_cycle(&cycle).unwrap();
    let mut back = store.previous_snapshot("boot-1").unwrap().unwrap();
    back.samples.sort_by(|a, b| (&a.name, &a.labels).cmp(&(&b.name, &b.labels)));
    let mut expected = cycle.snapshot.clone();
    expected.samples.sort_by(|a, b| (&a.name, &a.labels).cmp(&(&b.name, &b.labels)));
    // Only samples that rates need are read.
    expected.samples.retain(|sample| sample.name == "system.cpu.time");
    expected.diagnostics.clear();
    assert_eq!(back, expected);
}

#[test]
fn previous_snapshot_is_the_latest_of_this_boot() {
    let mut store = Store::in_memory().unwrap();
    assert_eq!(store.previous_snapshot("boot-1").unwrap(), None);
    for (at, boot) in
        [("2025-01-01T00:00:00Z", "one"), ("2025-01-01T00:05:00Z", "one"), ("2025-01-01T00:10:00Z", "two")]
    {
        store.save_cycle(&cycle_of(snapshot(at, boot, 3), Vec::new())).unwrap();
    }
    let mut time_of = |boot| store.previous_snapshot(boot).unwrap().map(|snapshot| snapshot.time.to_string());
    assert_eq!(time_of("one").as_deref(), Some("2025-01-01T00:05:00Z"));
    assert_eq!(time_of("two").as_deref(), Some("2025-01-01T00:10:00Z"));
    assert_eq!(time_of("three"), None);
}

#[test]
fn process_times_are_those_of_the_last_cycle_or_none() {
    let mut store = Store::in_memory().unwrap();
    let times = |cpu_ticks| ProcessTimes::new(vec![ProcessTime { pid: 7, start_ticks: 100, cpu_ticks }]);
    let mut back = |at: &str, times: Option<ProcessTimes>| {
        let mut cycle = cycle_of(snapshot(at, "boot-1", 0), Vec::new());
        cycle.snapshot.process_times = times;
        store.save_cycle(&cycle).unwrap();
        assert!(count(&store, "process_times") <= 1);
        store.previous_snapshot("boot-1").unwrap().unwrap().process_times
    };
    assert_eq!(back("2025-01-01T00:00:00Z", Some(times(1))), Some(times(1)));
    assert_eq!(back("2025-01-01T00:05:00Z", Some(times(2))), Some(times(2)));
    assert_eq!(back("2025-01-01T00:10:00Z", None), None);
}

#[test]
fn process_times_of_another_version_count_as_absent() {
    let mut store = Store::in_memory().unwrap();
    let mut cycle = cycle("2025-01-01T00:00:00Z");
    cycle.snapshot.process_times = Some(ProcessTimes::default());
    store.save_cycle(&cycle).unwrap();
    store.conn.execute_batch("UPDATE process_times SET times = x'ff00'").unwrap();
    assert_eq!(store.previous_snapshot("boot-1").unwrap().unwrap().process_times, None);
}

#[test]
fn cost_of_the_last_cycle_is_read_with_its_evaluations_on_demand() {
    let mut store = Store::in_memory().unwrap();
    let before = store.last_cycle_cost(true).unwrap();
    assert_eq!((before.duration, before.evaluations), (None, vec![]));
    assert!(before.database_bytes.unwrap() > 0);
    store.save_cycle(&cycle("2025-01-01T00:00:00Z")).unwrap();
    store.save_cycle(&cycle("2025-01-01T00:05:00Z")).unwrap();
    let last = store.last_cycle_cost(true).unwrap();
    assert_eq!(last.duration, Some(Duration::from_millis(42)));
    let cost = |instance: &str| (instance.to_owned(), 123_456, Duration::from_micros(55));
    assert_eq!(last.evaluations, [cost("disk"), cost("loop")]);
    assert_eq!(store.last_cycle_cost(false).unwrap().evaluations, []);
}

#[test]
fn alerts_are_those_of_the_last_cycle() {
    let mut store = Store::in_memory().unwrap();
    assert_eq!(store.alerts().unwrap(), Alerts::new());
    let first = cycle("2025-01-01T00:00:00Z");
    store.save_cycle(&first).unwrap();
    let stored = store.alerts().unwrap();
    assert_eq!(stored, first.alerts);
    let keys: Vec<_> = stored.keys().map(|key| (key.instance.as_str(), key.subject.as_str())).collect();
    assert_eq!(keys, [("disk", "/var"), ("loop", "")]);
    // Alerts outlive the cycles that raised them.
    store.conn.execute_batch("DELETE FROM runs").unwrap();
    assert_eq!(store.alerts().unwrap(), first.alerts);
    store.save_cycle(&cycle_of(snapshot("2025-01-01T00:05:00Z", "boot-1", 0), Vec::new())).unwrap();
    assert_eq!(store.alerts().unwrap(), Alerts::new());
}

#[test]
fn alert_that_cannot_be_read_is_left_out() {
    let mut store = Store::in_memory().unwrap();
    store.save_cycle(&cycle("2025-01-01T00:00:00Z")).unwrap();
    store.conn.execute_batch("UPDATE alerts SET state = '{}' WHERE instance = 'disk'").unwrap();
    let alerts = store.alerts().unwrap();
    assert_eq!(alerts.keys().map(|key| key.instance.as_str()).collect::<Vec<_>>(), ["loop"]);
}

#[test]
fn alert_that_has_not_changed_is_not_written_again() {
    let mut store = Store::in_memory().unwrap();
    let first = cycle("2025-01-01T00:00:00Z");
    store.save_cycle(&first).unwrap();
    let states = |store: &Store| -> Vec<String> {
        let mut statement = store.conn.prepare("SELECT state FROM alerts ORDER BY instance").unwrap();
        statement.query_map((), |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let written = states(&store);
    let mut second = cycle_of(snapshot("2025-01-01T00:05:00Z", "boot-1", 0), Vec::new());
    second.previous_alerts = store.alerts().unwrap();
    second.alerts = second.previous_alerts.clone();
    for alert in second.alerts.values_mut() {
        alert.last_seen = second.snapshot.time;
    }
    let changed = second.alerts.values_mut().next_back().unwrap();
    changed.message = "changed".to_owned();
    store.save_cycle(&second).unwrap();
    assert_eq!(states(&store)[0], written[0]);
    assert!(states(&store)[1].contains("changed"));
    assert_eq!(store.alerts().unwrap(), second.alerts, "every alert was seen in the last run");
}

#[test]
fn alert_that_could_not_be_read_is_replaced_or_deleted() {
    for (instance, is_kept) in [("disk", true), ("loop", false)] {
        let mut store = Store::in_memory().unwrap();
        store.save_cycle(&cycle("2025-01-01T00:00:00Z")).unwrap();
        store.conn.execute("UPDATE alerts SET state = '{}' WHERE instance = ?", [instance]).unwrap();
        let mut next = cycle("2025-01-01T00:05:00Z");
        next.previous_alerts = store.alerts().unwrap();
        next.alerts.retain(|key, _| is_kept || key.instance != instance);
        store.save_cycle(&next).unwrap();
        assert_eq!(store.alerts().unwrap(), next.alerts, "{instance}");
    }
}

#[test]
fn host_facts_that_change_within_a_boot_are_stored_apart() {
    let mut store = Store::in_memory().unwrap();
    let mut second = cycle_of(snapshot("2025-01-01T00:05:00Z", "one", 1), Vec::new());
    second.snapshot.host.os_description = "Debian GNU/Linux 13".to_owned();
    store.save_cycle(&cycle_of(snapshot("2025-01-01T00:00:00Z", "one", 1), Vec::new())).unwrap();
    store.save_cycle(&second).unwrap();
    assert_eq!(store.previous_snapshot("one").unwrap().unwrap().host, second.snapshot.host);
    assert_eq!(count(&store, "hosts"), 2);
}

#[test]
fn hosts_series_modules_and_settings_are_stored_once() {
    let mut store = Store::in_memory().unwrap();
    for minute in 0..3 {
        // Every run reads it, and then knows the ids of its series.
        store.previous_snapshot("boot-1").unwrap();
        store.save_cycle(&cycle(&format!("2025-01-01T00:0{minute}:00Z"))).unwrap();
    }
    for (table, rows) in [("runs", 3), ("hosts", 1), ("series", 8), ("samples", 24), ("modules", 1), ("settings", 1)] {
        assert_eq!(count(&store, table), rows, "{table}");
    }
}

#[test]
fn evaluation_is_stored_with_its_module_settings_and_failure() {
    let mut store = Store::in_memory().unwrap();
    store.save_cycle(&cycle("2025-01-01T00:00:00Z")).unwrap();
    let sql = "SELECT concat_ws('|', instance, status, reason, detail, fuel, duration_us, modules.name, size_bytes,
            first_seen_ms, settings.body, settings.digest)
        FROM evaluations JOIN modules ON modules.id = module_id JOIN settings ON settings.id = settings_id ORDER BY 1";
    let rows: Vec<String> =
        store.conn.prepare(sql).unwrap().query_map((), |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    // printf '{"warning":90.0}' | sha256sum
    let same = r#"123456|55|disk|50000|1735689600000|{"warning":90.0}|018c6698d9b73b73"#;
    assert!(rows[0].starts_with(&format!("disk|warning|{same}")), "{}", rows[0]);
    assert!(rows[1].starts_with(&format!("loop|unknown|out_of_fuel|used 500000000|{same}")), "{}", rows[1]);
    let verdict: (String, String) = store
        .conn
        .query_row("SELECT measures, attributes FROM verdicts WHERE subject = '/var'", (), |row| row.try_into())
        .unwrap();
    assert_eq!(verdict.0, r#"[{"name":"used","value":91.0,"unit":"%","warning":90.0,"critical":null}]"#);
    assert_eq!(verdict.1, r#"{"owner":"storage team"}"#);
}

#[test]
fn module_that_could_not_be_loaded_has_no_row() {
    let mut store = Store::in_memory().unwrap();
    let mut broken = evaluation("broken", Err(Failure::new(Reason::InvalidModule, "not WebAssembly")));
    broken.module = None;
    store.save_cycle(&cycle_of(snapshot("2025-01-01T00:00:00Z", "one", 1), vec![broken])).unwrap();
    assert_eq!(count(&store, "modules"), 0);
    assert_eq!(count(&store, "evaluations WHERE module_id IS NULL AND reason = 'invalid_module'"), 1);
}

#[test]
fn previous_statuses_are_those_of_the_last_judgement_of_each_instance() {
    let mut store = Store::in_memory().unwrap();
    assert!(store.previous_statuses().unwrap().is_empty());
    let failure = || Failure::new(Reason::Trap, "unreachable");
    let cycles = [
        vec![
            evaluation("cpu", Ok(vec![verdict("", Status::Critical)])),
            evaluation("disk", Ok(vec![verdict("/", Status::Ok), verdict("/var", Status::Warning)])),
            evaluation("loop", Err(failure())),
        ],
        vec![evaluation("cpu", Ok(vec![verdict("", Status::Ok)])), evaluation("disk", Err(failure()))],
        vec![evaluation("disk", Err(failure()))],
    ];
    for (minute, evaluations) in cycles.into_iter().enumerate() {
        let snapshot = snapshot(&format!("2025-01-01T00:0{minute}:00Z"), "one", 1);
        store.save_cycle(&cycle_of(snapshot, evaluations)).unwrap();
    }
    let statuses = store.previous_statuses().unwrap();
    assert_eq!(statuses.len(), 2);
    assert_eq!(statuses["cpu"], [(String::new(), Status::Ok)]);
    assert_eq!(statuses["disk"], [("/".to_owned(), Status::Ok), ("/var".to_owned(), Status::Warning)]);
}

#[test]
fn cycle_that_fails_at_the_end_leaves_no_rows() {
    let mut store = Store::in_memory().unwrap();
    let mut bad = cycle("2025-01-01T00:00:00Z");
    // The second evaluation of an instance is refused, after all samples have been written.
    bad.evaluations.push(bad.evaluations[0].clone());
    let error = store.save_cycle(&bad).unwrap_err();
    assert!(error.to_string().contains("UNIQUE constraint failed: evaluations.run_id"), "{error}");
    for table in TABLES {
        assert_eq!(count(&store, table), 0, "{table}");
    }
    // The connection is still usable.
    store.save_cycle(&cycle("2025-01-01T00:05:00Z")).unwrap();
}

#[test]
fn sample_that_is_not_finite_is_refused() {
    let mut store = Store::in_memory().unwrap();
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut bad = cycle("2025-01-01T00:00:00Z");
        bad.snapshot.samples[0].value = value;
        let error = store.save_cycle(&bad).unwrap_err();
        assert!(error.to_string().contains("constraint failed"), "{error}");
        assert_eq!(count(&store, "samples"), 0);
    }
    let mut extremes = cycle("2025-01-01T00:00:00Z");
    extremes.snapshot.samples[0].value = f64::MAX;
    extremes.snapshot.samples[1].value = f64::MIN_POSITIVE;
    store.save_cycle(&extremes).unwrap();
}

#[test]
fn run_is_deleted_with_all_of_its_rows() {
    let mut store = Store::in_memory().unwrap();
    let run_id = store.save_cycle(&cycle("2025-01-01T00:00:00Z")).unwrap();
    store.conn.execute("DELETE FROM runs WHERE id = ?", [run_id]).unwrap();
    for table in ["samples", "diagnostics", "system_metrics", "notifications", "evaluations", "verdicts"] {
        assert_eq!(count(&store, table), 0, "{table}");
    }
    store.check().unwrap();
}
