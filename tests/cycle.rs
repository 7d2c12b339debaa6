//! One cycle: measured, judged, stored, reported.

use std::time::{Duration, Instant};

use crate::support::{Site, check, skip};

/// The two queries that people use in their scripts.
const METRICS: &str = "SELECT timestamp, hostname, cpu_percent, memory_percent, disk_percent FROM system_metrics ORDER BY timestamp DESC LIMIT 10;";
const NOTIFICATIONS: &str = "SELECT title, level, message, sent_at FROM notifications WHERE channel = 'system_monitoring' ORDER BY sent_at DESC LIMIT 10;";

fn sqlite3(site: &Site, sql: &str) -> Vec<String> {
    let output = std::process::Command::new("sqlite3").arg(site.path("data/automation.db")).arg(sql).output();
    match output {
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
        }
        // Without the tool, the library runs the same SQL.
        Err(_) => {
            let database = site.database();
            let mut statement = database.prepare(sql).unwrap();
            let columns = statement.column_count();
            let text = |row: &rusqlite::Row<'_>, column| match row.get_ref(column).unwrap() {
                rusqlite::types::ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                other => format!("{other:?}"),
            };
            let line = |row: &rusqlite::Row<'_>| {
                Ok((0..columns).map(|column| text(row, column)).collect::<Vec<_>>().join("|"))
            };
            statement.query_map([], line).unwrap().map(Result::unwrap).collect()
        }
    }
}

#[test]
fn first_run_reports_and_both_queries_answer() {
    let site = Site::new();
    let output = site.execute(&["run"], 0);
    for part in ["Checkpost system report", "CPU", "Memory", "Disk", "Network", "Thresholds", "> 80%", "> 85%", "> 90%"]
    {
        assert!(output.stdout.contains(part), "{part} is not in\n{}", output.stdout);
    }
    assert_eq!(output.stderr, "");
    let rows = sqlite3(&site, METRICS);
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(sqlite3(&site, NOTIFICATIONS).len() as i64, site.count("notifications"));
    assert!(site.count("samples") > 10, "every reading is stored");
}

#[test]
fn low_thresholds_raise_notifications() {
    let site = Site::new();
    let mut run = site.checkpost(&["run"]);
    run.env("CPU_THRESHOLD", "0.01").env("MEMORY_THRESHOLD", "0.01").env("DISK_THRESHOLD", "0.01");
    run.assert().success();
    let rows = sqlite3(&site, NOTIFICATIONS);
    for part in ["Memory usage is ", "threshold: 0.01%)", "Disk usage of / is "] {
        assert!(rows.iter().any(|row| row.contains(part)), "{part} is not in {rows:?}");
    }
}

#[test]
fn second_cycle_measures_the_cpu_since_the_first() {
    let site = Site::new();
    let interval = |report: &serde_json::Value| {
        let run_id = report["run_id"].as_i64().unwrap();
        site.value::<f64>(&format!(
            "SELECT value FROM samples JOIN series ON series.id = series_id WHERE name = 'checkpost.cpu.interval' AND run_id = {run_id}"
        ))
    };
    let started = Instant::now();
    let first = interval(&site.run_json());
    assert!((0.25..5.0).contains(&first), "{first}");
    // Not a wait for the code: only real time makes a real interval, and it must be at least 5 s.
    std::thread::sleep(Duration::from_millis(5_300));
    let second = interval(&site.run_json());
    let elapsed = started.elapsed().as_secs_f64();
    assert!((5.0..=elapsed).contains(&second), "{second} of {elapsed}");
}

#[test]
fn load_on_all_cores_is_critical() {
    let site = Site::new();
    let stop = std::sync::atomic::AtomicBool::new(false);
    let cores = std::thread::available_parallelism().unwrap().get();
    let of_host = site.run_json()["metrics"]["cpu_count"].as_u64().unwrap();
    if cores as u64 != of_host {
        return skip("this container may not use all cores of the host");
    }
    let report = std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    std::hint::spin_loop()
                }
            });
        }
        let report = site.run_json();
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        report
    });
    let cpu = check(&report, "cpu");
    assert_eq!(cpu["status"], "critical", "{cpu:#}");
    // Asserts the evaluation, not the notification: parallel tests may have loaded the CPUs, and raised the alert,
    // before.
    let run_id = &report["run_id"];
    let of_run = format!("evaluations WHERE status = 'critical' AND instance = 'cpu' AND run_id = {run_id}");
    assert_eq!(site.count(&of_run), 1);
}

#[test]
fn raised_status_clears_at_the_lower_line() {
    let memory = |threshold: &str, clear: &str| {
        format!("[[check]]\nname = \"memory\"\n[check.settings]\nthreshold = {threshold}\n{clear}\n")
    };
    let site = Site::with_config(&memory("0.01", ""));
    assert_eq!(check(&site.run_json(), "memory")["status"], "warning");
    // Usage is now between the two lines: the status stays raised because it was raised.
    site.write("checkpost.toml", memory("99.9", "clear = 0.01"));
    assert_eq!(check(&site.run_json(), "memory")["status"], "warning");
    site.write("checkpost.toml", memory("99.9", ""));
    assert_eq!(check(&site.run_json(), "memory")["status"], "ok");
}

#[test]
fn unreadable_row_does_not_stop_later_runs() {
    let site = Site::new();
    site.run_json();
    site.database().execute_batch("UPDATE hosts SET facts = '{}'").unwrap();
    assert_eq!(site.run_json()["run_id"], 2);
    assert!(site.log().contains("ignoring a row of an earlier cycle"), "{}", site.log());
}
