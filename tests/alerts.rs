//! Alerts from run to run: what is told, and what the next process still knows.

use std::fs;

use serde_json::Value;

use crate::support::Site;

/// A configuration in which memory is bad, or is not.
fn memory(is_bad: bool, alert: &str) -> String {
    let threshold = if is_bad { 0.001 } else { 99.9 };
    format!("{alert}\n[[check]]\nname = \"memory\"\n[check.settings]\nthreshold = {threshold}\ncritical = 100\n")
}

/// The kinds of what was told of a check, by run.
fn told(site: &Site, check: &str) -> Vec<(i64, String)> {
    let database = site.database();
    let sql = "SELECT run_id, kind FROM notifications WHERE check_name = ? ORDER BY id";
    let mut statement = database.prepare(sql).unwrap();
    let rows = statement.query_map([check], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

fn alerts(site: &Site, arguments: &[&str]) -> Vec<Value> {
    let said = site.says(&[&["alerts", "--format", "json"], arguments].concat(), 0);
    let alerts: Vec<Value> = serde_json::from_str(&said.stdout).unwrap();
    alerts.into_iter().filter(|alert| alert["check"] == "memory").collect()
}

/// Makes everything that was kept of alerts so many seconds older, as if the last run had been earlier.
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
fn what_is_bad_is_told_once_and_so_is_its_end() {
    let site = Site::with_config(&memory(true, ""));
    for _ in 0..3 {
        site.run_json();
    }
    assert_eq!(told(&site, "memory"), [(1, "raised".to_owned())]);
    let [alert] = &alerts(&site, &[])[..] else { panic!("one alert") };
    assert_eq!(
        (&alert["phase"], &alert["level"], &alert["told"]),
        (&"firing".into(), &"warning".into(), &"warning".into())
    );
    let text = site.says(&["alerts"], 0).stdout;
    assert!(text.contains("WARNING") && text.contains("firing") && text.contains("Memory usage is "), "{text}");

    site.write("checkpost.toml", memory(false, ""));
    for _ in 0..2 {
        site.run_json();
    }
    assert_eq!(told(&site, "memory"), [(1, "raised".to_owned()), (4, "resolved".to_owned())]);
    assert_eq!(alerts(&site, &[]).len(), 0);
    // The other checks may have something to tell, too.
    let told: Vec<Value> = serde_json::from_str(&site.says(&["notifications", "--format", "json"], 0).stdout).unwrap();
    let resolved = told.iter().find(|row| row["check_name"] == "memory" && row["kind"] == "resolved").unwrap();
    assert_eq!(resolved["level"], "OK", "{resolved:#}");
}

#[test]
fn an_alert_shows_its_last_value_and_how_it_went() {
    let site = Site::with_config(&memory(true, ""));
    for _ in 0..3 {
        site.run_json();
    }
    // A run without a verdict, and one that nobody understands.
    let delete = "DELETE FROM verdicts WHERE evaluation_id = (SELECT id FROM evaluations WHERE run_id = 2 AND instance = 'memory')";
    site.database().execute_batch(delete).unwrap();
    let [alert] = &alerts(&site, &[])[..] else { panic!("one alert") };
    let readings = alert["readings"].as_array().unwrap();
    assert_eq!((readings.len(), &readings[1], &alert["unit"]), (3, &Value::Null, &"%".into()), "{alert:#}");
    assert_eq!((&readings[2], &alert["marks"]), (&alert["value"], &Value::Array(Vec::new())), "{alert:#}");
    let value = format!("{:.1}%  ", alert["value"].as_f64().unwrap());
    let text = site.says(&["alerts"], 0).stdout;
    assert!(text.contains(&value) && text.contains(['▁', '▄', '█']), "{text}");
    assert!(site.says(&["alerts", "--ascii"], 0).stdout.is_ascii());
    site.database().execute_batch("UPDATE verdicts SET measures = '[7]'").unwrap();
    let [alert] = &alerts(&site, &[])[..] else { panic!("one alert") };
    assert_eq!(alert["readings"], serde_json::json!([null, null, null]));
}

#[test]
fn a_last_cycle_that_is_late_is_said_beside_the_alerts() {
    let site = Site::with_config(&memory(true, ""));
    site.run_json();
    assert_eq!(site.says(&["alerts"], 0).stderr, "", "of one cycle nobody knows when the next is due");
    site.write("checkpost.toml", format!("interval = \"5m\"\n{}", memory(true, "")));
    assert_eq!(site.says(&["alerts"], 0).stderr, "");
    site.database().execute_batch("UPDATE runs SET started_at_ms = started_at_ms - 900000").unwrap();
    let said = site.says(&["alerts", "--format", "json"], 0);
    let warning = said.stderr.trim_end();
    assert!(warning.starts_with("checkpost: warning: the last cycle began at ") && warning.lines().count() == 1);
    assert!(warning.contains(", 15 min ") && warning.contains("one is due every 5 min (interval)"), "{warning}");
    assert!(serde_json::from_str::<Vec<Value>>(&said.stdout).is_ok());
    site.database().execute_batch("DELETE FROM runs").unwrap();
    let said = site.says(&["alerts"], 0);
    assert!(said.stderr.starts_with("checkpost: warning: there was no cycle yet: "), "{}", said.stderr);
}

#[test]
fn whoever_wants_a_row_in_every_run_has_it() {
    let site = Site::with_config(&memory(true, "[alert]\nnotify = \"every-run\""));
    for _ in 0..3 {
        site.run_json();
    }
    let raised = |run| (run, "raised".to_owned());
    assert_eq!(told(&site, "memory"), [raised(1), raised(2), raised(3)]);
}

#[test]
fn what_must_last_is_told_when_it_has_lasted_over_several_runs() {
    let site = Site::with_config(&memory(true, "[alert]\nfor = \"10m\""));
    let report = site.run_json();
    assert_eq!(report["notifications"].as_array().unwrap().len(), 0, "{report:#}");
    assert_eq!(alerts(&site, &[])[0]["phase"], "pending");
    age(&site, 300);
    site.run_json();
    assert_eq!(told(&site, "memory"), []);
    age(&site, 300);
    site.run_json();
    assert_eq!(told(&site, "memory"), [(3, "raised".to_owned())]);
}

#[test]
fn what_stays_bad_is_told_again_after_a_while() {
    let site = Site::with_config(&memory(true, ""));
    site.run_json();
    age(&site, 3 * 3600);
    site.run_json();
    age(&site, 3600);
    site.run_json();
    assert_eq!(told(&site, "memory"), [(1, "raised".to_owned()), (3, "reminder".to_owned())]);
}

#[test]
fn a_check_that_cannot_judge_is_told_once_and_resolves_nothing() {
    let site = Site::new();
    site.write("checks.d/broken.wasm", "no module");
    for _ in 0..2 {
        site.run_json();
    }
    assert_eq!(told(&site, "broken"), [(1, "unknown".to_owned())]);
    // It is repaired: what was told is over.
    site.drop_guest("misbehave", "broken");
    site.run_json();
    assert_eq!(told(&site, "broken").last().unwrap().1, "resolved");
}

#[test]
fn a_check_that_is_removed_while_it_is_bad_is_told() {
    let entry =
        "[[check]]\nname = \"mine\"\nmodule = \"memory\"\n[check.settings]\nthreshold = 0.001\ncritical = 100\n";
    let site = Site::with_config(entry);
    site.run_json();
    fs::remove_file(site.path("checkpost.toml")).unwrap();
    site.run_json();
    site.run_json();
    let kinds: Vec<_> = told(&site, "mine").into_iter().map(|(_, kind)| kind).collect();
    assert_eq!(kinds, ["raised", "stale"]);
    assert_eq!(site.count("alerts WHERE instance = 'mine'"), 0);
}

#[test]
fn a_state_that_cannot_be_understood_stops_no_run() {
    let site = Site::with_config(&memory(true, ""));
    site.run_json();
    site.database().execute_batch("UPDATE alerts SET state = '{}'").unwrap();
    site.run_json();
    // Nobody can say what was told: it is told again.
    assert_eq!(told(&site, "memory"), [(1, "raised".to_owned()), (2, "raised".to_owned())]);
    assert!(site.log().contains("cannot be understood"), "{}", site.log());
}

#[test]
fn a_killed_run_leaves_the_state_of_the_one_before() {
    let site = Site::with_config(&memory(true, ""));
    site.run_json();
    let before: String = site.value("SELECT group_concat(state) FROM alerts WHERE instance = 'memory'");
    // The write of the alerts is refused in the middle of the transaction.
    let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON notifications BEGIN SELECT RAISE(ABORT, 'refused'); END";
    site.database().execute_batch(refuse).unwrap();
    site.write("checkpost.toml", memory(false, ""));
    site.says(&["run"], 1);
    assert_eq!(site.count("runs"), 1);
    let after: String = site.value("SELECT group_concat(state) FROM alerts WHERE instance = 'memory'");
    assert_eq!(after, before);
    site.database().execute_batch("DROP TRIGGER refuse").unwrap();
    site.run_json();
    assert_eq!(told(&site, "memory").last().unwrap().1, "resolved", "what could not be told is told by the next run");
}
