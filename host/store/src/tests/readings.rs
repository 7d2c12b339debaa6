//! Past measures of one subject, for `checkpost alerts`.

use checkpost_alerting::alert::AlertKey;

use super::*;
use crate::readings::{LAST_RUNS, LATEST};

fn key(subject: &str) -> AlertKey {
    AlertKey { instance: "disk".to_owned(), subject: subject.to_owned() }
}

/// One run a minute, each with its measure of `/var`, if it has a verdict on it.
fn store(runs: &[Option<f64>]) -> Store {
    let mut store = Store::in_memory().unwrap();
    for (minute, value) in runs.iter().enumerate() {
        let var = |value| {
            let mut verdict = verdict("/var", Status::Warning);
            verdict.measures[0].value = value;
            verdict
        };
        let verdicts: Vec<_> = value.map(var).into_iter().chain([verdict("/", Status::Ok)]).collect();
        let snapshot = snapshot(&format!("2025-01-01T00:{minute:02}:00Z"), "boot-1", 0);
        store.save_cycle(&cycle_of(snapshot, vec![evaluation("disk", Ok(verdicts))])).unwrap();
    }
    store
}

fn last(readings: &Readings) -> (f64, &str) {
    let last = readings.last.as_ref().unwrap();
    (last.value, last.unit.as_str())
}

#[test]
fn last_runs_are_oldest_first_and_a_run_without_a_verdict_is_a_gap() {
    let store = store(&[Some(1.0), Some(2.0), None, Some(4.0)]);
    let readings = store.readings(&key("/var"), 3).unwrap();
    assert_eq!(readings.runs, [Some(2.0), None, Some(4.0)]);
    assert_eq!(last(&readings), (4.0, "%"));
    assert_eq!(store.readings(&key("/var"), 20).unwrap().runs.len(), 4, "only four runs exist");
}

#[test]
fn subject_that_is_gone_has_its_last_reading() {
    let store = store(&[Some(1.0), Some(2.0), None, None]);
    let readings = store.readings(&key("/var"), 2).unwrap();
    assert_eq!(readings.runs, [None, None]);
    assert_eq!(last(&readings), (2.0, "%"));
    assert_eq!(store.readings(&key("/nosuch"), 1).unwrap(), Readings { last: None, runs: vec![None] });
}

#[test]
fn failed_check_is_a_gap() {
    let mut store = store(&[Some(1.0)]);
    let failure = Failure::new(Reason::Trap, "unreachable");
    let cycle = cycle_of(snapshot("2025-01-01T01:00:00Z", "boot-1", 0), vec![evaluation("disk", Err(failure))]);
    store.save_cycle(&cycle).unwrap();
    assert_eq!(store.readings(&key("/var"), 20).unwrap().runs, [Some(1.0), None]);
}

#[test]
fn rows_that_cannot_be_read_are_gaps() {
    let store = store(&[Some(1.0); 7]);
    let odd = [
        "'[]'",
        "'{\"value\": 1}'",
        "'[{\"name\": \"used\", \"value\": null, \"unit\": \"%\"}]'",
        "'[{\"name\": \"used\", \"value\": 1e999, \"unit\": \"%\"}]'",
        "'[{\"name\": \"inodes\", \"value\": 7, \"unit\": \"1\"}]'",
    ];
    for (index, measures) in odd.iter().enumerate() {
        let sql = format!(
            "UPDATE verdicts SET measures = {measures} WHERE subject = '/var' AND evaluation_id =
             (SELECT id FROM evaluations WHERE run_id = {})",
            index + 2
        );
        assert_eq!(store.conn.execute(&sql, ()).unwrap(), 1, "{sql}");
    }
    let readings = store.readings(&key("/var"), 20).unwrap();
    assert_eq!(readings.runs, [Some(1.0), None, None, None, None, None, Some(1.0)]);
    let odd_unit = "[{\"name\":\"a\",\"value\":1,\"unit\":\"\\u001b[31m and very long it is\"}]";
    store.conn.execute("UPDATE verdicts SET measures = ?", [odd_unit]).unwrap();
    assert_eq!(last(&store.readings(&key("/var"), 20).unwrap()).1, "\\u{1b}[31m …");
}

#[test]
fn readings_are_found_by_their_keys() {
    let store = Store::in_memory().unwrap();
    let plan = |sql: &str, parameters: &[&dyn rusqlite::ToSql]| {
        let mut statement = store.conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let steps = statement.query_map(parameters, |row| row.get::<_, String>("detail")).unwrap();
        steps.map(Result::unwrap).collect::<Vec<_>>().join("\n")
    };
    let runs = plan(LAST_RUNS, &[&"disk", &"/var", &20]);
    assert!(runs.contains("sqlite_autoindex_evaluations_1 (run_id=? AND instance=?)"), "{runs}");
    assert!(runs.contains("SEARCH verdicts USING PRIMARY KEY (evaluation_id=? AND subject=?)"), "{runs}");
    assert!(!runs.contains("SCAN evaluations") && !runs.contains("SCAN verdicts"), "{runs}");
    let latest = plan(LATEST, &[&"disk", &"/var"]);
    assert!(latest.contains("USING INDEX evaluations_that_judged (instance=?)"), "{latest}");
    assert!(!latest.contains("TEMP B-TREE") && !latest.contains("SCAN"), "{latest}");
}
