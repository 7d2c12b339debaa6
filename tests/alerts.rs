//! Alerts from run to run: which notifications a run stores, and what the next process still knows.

use std::fs;

use serde_json::Value;

use crate::support::Site;

/// A configuration in which the memory check warns, or does not.
fn memory(is_bad: bool, alert: &str) -> String {
    let threshold = if is_bad { 0.001 } else { 99.9 };
    format!("{alert}\n[[check]]\nname = \"memory\"\n[check.settings]\nthreshold = {threshold}\ncritical = 100\n")
}

/// The kinds of the notifications of a check, by run.
fn notified(site: &Site, check: &str) -> Vec<(i64, String)> {
    let database = site.database();
    let sql = "SELECT run_id, kind FROM notifications WHERE check_name = ? ORDER BY id";
    let mut statement = database.prepare(sql).unwrap();
    let rows = statement.query_map([check], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

fn alerts(site: &Site, arguments: &[&str]) -> Vec<Value> {
    let output = site.execute(&[&["alerts", "--format", "json"], arguments].concat(), 0);
    let alerts: Vec<Value> = serde_json::from_str(&output.stdout).unwrap();
    alerts.into_iter().filter(|alert| alert["check"] == "memory").collect()
}

/// Makes all stored alert times this many seconds older, as if the last run had been earlier.
fn age(site: &Site, seconds: i64) {
    let database = site.database();
    let read = |state: String| -> Value { serde_json::from_str(&state).unwrap() };
    let states: Vec<(String, String, String)> = database
        .prepare("SELECT instance, subject, state FROM alerts")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    for (instance, subject, state) in states {
        let mut state = read(state);
        for value in state.as_object_mut().unwrap().values_mut() {
            if let Some(Ok(time)) = value.as_str().map(str::parse::<jiff::Timestamp>) {
                *value = (time - jiff::SignedDuration::from_secs(seconds)).to_string().into();
            }
        }
        let sql = "UPDATE alerts SET state = ? WHERE instance = ? AND subject = ?";
        database.execute(sql, (state.to_string(), instance, subject)).unwrap();
    }
}

#[test]
fn alert_and_its_recovery_are_notified_once_each() {
    let site = Site::with_config(&memory(true, ""));
    for _ in 0..3 {
        site.run_json();
    }
    assert_eq!(notified(&site, "memory"), [(1, "raised".to_owned())]);
    let [alert] = &alerts(&site, &[])[..] else { panic!("one alert") };
    assert_eq!(
        (&alert["phase"], &alert["level"], &alert["told"]),
        (&"firing".into(), &"warning".into(), &"warning".into())
    );
    let text = site.execute(&["alerts"], 0).stdout;
    assert!(text.contains("WARNING") && text.contains("firing") && text.contains("Memory usage is "), "{text}");

    site.write("checkpost.toml", memory(false, ""));
    for _ in 0..2 {
        site.run_json();
    }
    assert_eq!(notified(&site, "memory"), [(1, "raised".to_owned()), (4, "resolved".to_owned())]);
    assert_eq!(alerts(&site, &[]).len(), 0);
    // The other checks may have notifications, too.
    let rows: Vec<Value> =
        serde_json::from_str(&site.execute(&["notifications", "--format", "json"], 0).stdout).unwrap();
    let resolved = rows.iter().find(|row| row["check_name"] == "memory" && row["kind"] == "resolved").unwrap();
    assert_eq!(resolved["level"], "OK", "{resolved:#}");
}

#[test]
fn alert_shows_its_last_value_and_recent_readings() {
    let site = Site::with_config(&memory(true, ""));
    for _ in 0..3 {
        site.run_json();
    }
    // Run 2 gets no verdict; further down, every run gets measures that cannot be parsed.
    let delete = "DELETE FROM verdicts WHERE evaluation_id = (SELECT id FROM evaluations WHERE run_id = 2 AND instance = 'memory')";
    site.database().execute_batch(delete).unwrap();
    let [alert] = &alerts(&site, &[])[..] else { panic!("one alert") };
    let readings = alert["readings"].as_array().unwrap();
    assert_eq!((readings.len(), &readings[1], &alert["unit"]), (3, &Value::Null, &"%".into()), "{alert:#}");
    assert_eq!((&readings[2], &alert["marks"]), (&alert["value"], &Value::Array(Vec::new())), "{alert:#}");
    let value = format!("{:.1}%  ", alert["value"].as_f64().unwrap());
    let text = site.execute(&["alerts"], 0).stdout;
    assert!(text.contains(&value) && text.contains(['▁', '▄', '█']), "{text}");
    assert!(site.execute(&["alerts", "--ascii"], 0).stdout.is_ascii());
    site.database().execute_batch("UPDATE verdicts SET measures = '[7]'").unwrap();
    let [alert] = &alerts(&site, &[])[..] else { panic!("one alert") };
    assert_eq!(alert["readings"], serde_json::json!([null, null, null]));
}

#[test]
fn late_cycle_is_a_warning_next_to_the_alerts() {
    let site = Site::with_config(&memory(true, ""));
    site.run_json();
    assert_eq!(site.execute(&["alerts"], 0).stderr, "", "after a single cycle it is not known when the next is due");
    site.write("checkpost.toml", format!("interval = \"5m\"\n{}", memory(true, "")));
    assert_eq!(site.execute(&["alerts"], 0).stderr, "");
    site.database().execute_batch("UPDATE runs SET started_at_ms = started_at_ms - 900000").unwrap();
    let output = site.execute(&["alerts", "--format", "json"], 0);
    let warning = output.stderr.trim_end();
    assert!(warning.starts_with("checkpost: warning: the last cycle began at ") && warning.lines().count() == 1);
    assert!(warning.contains(", 15 min ") && warning.contains("one is due every 5 min (interval)"), "{warning}");
    assert!(serde_json::from_str::<Vec<Value>>(&output.stdout).is_ok());
    site.database().execute_batch("DELETE FROM runs").unwrap();
    let output = site.execute(&["alerts"], 0);
    assert!(output.stderr.starts_with("checkpost: warning: there has been no cycle yet: "), "{}", output.stderr);
}

#[test]
fn every_run_mode_notifies_in_every_run() {
    let site = Site::with_config(&memory(true, "[alert]\nnotify = \"every-run\""));
    for _ in 0..3 {
        site.run_json();
    }
    let raised = |run| (run, "raised".to_owned());
    assert_eq!(notified(&site, "memory"), [raised(1), raised(2), raised(3)]);
}

#[test]
fn pending_alert_is_raised_after_its_duration_across_runs() {
    let site = Site::with_config(&memory(true, "[alert]\nfor = \"10m\""));
    let report = site.run_json();
    assert_eq!(report["notifications"].as_array().unwrap().len(), 0, "{report:#}");
    assert_eq!(alerts(&site, &[])[0]["phase"], "pending");
    age(&site, 300);
    site.run_json();
    assert_eq!(notified(&site, "memory"), []);
    age(&site, 300);
    site.run_json();
    assert_eq!(notified(&site, "memory"), [(3, "raised".to_owned())]);
}

#[test]
fn reminder_is_sent_after_the_repeat_interval() {
    let site = Site::with_config(&memory(true, ""));
    site.run_json();
    age(&site, 3 * 3600);
    site.run_json();
    age(&site, 3600);
    site.run_json();
    assert_eq!(notified(&site, "memory"), [(1, "raised".to_owned()), (3, "reminder".to_owned())]);
}

#[test]
fn unknown_check_is_notified_once_and_resolved_when_repaired() {
    let site = Site::new();
    site.write("checks.d/broken.wasm", "no module");
    for _ in 0..2 {
        site.run_json();
    }
    assert_eq!(notified(&site, "broken"), [(1, "unknown".to_owned())]);
    // After the repair the alert is over.
    site.drop_guest("misbehave", "broken");
    site.run_json();
    assert_eq!(notified(&site, "broken").last().unwrap().1, "resolved");
}

#[test]
fn removed_check_with_a_firing_alert_is_stale() {
    let entry =
        "[[check]]\nname = \"mine\"\nmodule = \"memory\"\n[check.settings]\nthreshold = 0.001\ncritical = 100\n";
    let site = Site::with_config(entry);
    site.run_json();
    fs::remove_file(site.path("checkpost.toml")).unwrap();
    site.run_json();
    site.run_json();
    let kinds: Vec<_> = notified(&site, "mine").into_iter().map(|(_, kind)| kind).collect();
    assert_eq!(kinds, ["raised", "stale"]);
    assert_eq!(site.count("alerts WHERE instance = 'mine'"), 0);
}

#[test]
fn unreadable_alert_state_stops_no_run() {
    let site = Site::with_config(&memory(true, ""));
    site.run_json();
    site.database().execute_batch("UPDATE alerts SET state = '{}'").unwrap();
    site.run_json();
    // The announced state is lost, so the alert is raised again.
    assert_eq!(notified(&site, "memory"), [(1, "raised".to_owned()), (2, "raised".to_owned())]);
    assert!(site.log().contains("ignoring a row of an earlier cycle"), "{}", site.log());
}

#[test]
fn failed_run_leaves_the_alert_state_of_the_previous_run() {
    let site = Site::with_config(&memory(true, ""));
    site.run_json();
    let before: String = site.value("SELECT group_concat(state) FROM alerts WHERE instance = 'memory'");
    // The trigger makes the transaction fail in its middle.
    let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON notifications BEGIN SELECT RAISE(ABORT, 'refused'); END";
    site.database().execute_batch(refuse).unwrap();
    site.write("checkpost.toml", memory(false, ""));
    site.execute(&["run"], 1);
    assert_eq!(site.count("runs"), 1);
    let after: String = site.value("SELECT group_concat(state) FROM alerts WHERE instance = 'memory'");
    assert_eq!(after, before);
    site.database().execute_batch("DROP TRIGGER refuse").unwrap();
    site.run_json();
    assert_eq!(
        notified(&site, "memory").last().unwrap().1,
        "resolved",
        "the next run notifies what the failed run could not"
    );
}
