//! The document is what it says: it round-trips, and its form holds still.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use checkpost_alerting::alert::{Alert, AlertKey, Announced, Kind, Missing, Notification, Phase, Rule, Text};
use checkpost_alerting::route::Planned;
use checkpost_model::check::{
    Allowance, Evaluation, Failure, Measure, ModuleInfo, Reason, SettingValue, Settings, Status, Verdict,
};
use checkpost_model::metric::{Host, Labels, ProcessTime, ProcessTimes, Snapshot};
use jiff::Timestamp;

use crate::{CycleRecord, EvaluationInputs, Schema, Threshold};

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A cycle with one of everything: a warning, a failure, a suppressed notification, a delayed message.
fn record() -> CycleRecord {
    let now = time("2026-11-24T12:05:00.25Z");
    let mut snapshot = Snapshot::new(now, Host::example("boot-1"));
    snapshot.push("system.cpu.utilization", Labels::none(), 0.1 + 0.2);
    let mountpoint = Labels::from([("system.filesystem.mountpoint", "/var \"x\"\n한")]);
    snapshot.push("system.filesystem.utilization", mountpoint, 0.915);
    snapshot.diagnose("filesystem", "/mnt/nfs: stuck");
    snapshot.process_times = Some(ProcessTimes::new(vec![ProcessTime { pid: 7, start_ticks: u64::MAX, cpu_ticks: 3 }]));
    let key = AlertKey { instance: "disk".to_owned(), subject: "/var".to_owned() };
    let announced = Announced { sent_at: Some(now), level: Status::Warning, missing: None, flapping: false };
    let alert = Alert {
        phase: Phase::Firing,
        level: Status::Warning,
        bad_level: Status::Warning,
        firing_since: Some(now),
        history: u64::MAX,
        title: "High disk usage".to_owned(),
        value: Some(91.5),
        announced,
        unsuppressed: Some(Announced { missing: Some(Missing::Unknown), ..announced }),
        unknown: Some(Text { title: "Disk usage unknown".to_owned(), message: "no reading".to_owned() }),
        ..Alert::new(now)
    };
    CycleRecord {
        thresholds: vec![Threshold { instance: "disk".to_owned(), percent: 90.0 }],
        evaluations: vec![judged(), failed()],
        inputs: ["disk", "loop"].map(inputs).to_vec(),
        previous_alerts: [(key.clone(), Alert::new(now))].into(),
        alerts: [(key, alert)].into(),
        notifications: vec![notification(None), notification(Some("silence 3: new disks"))],
        messages: vec![Planned {
            route: "ops".to_owned(),
            notifications: vec![0],
            due: time("2026-11-25T07:00:00Z"),
            delayed: Some("quiet hours".to_owned()),
            expires: time("2026-11-26T07:00:00Z"),
        }],
        ended_acknowledgements: vec![4],
        duration: Duration::from_millis(312),
        ..CycleRecord::new("0.1.0", snapshot)
    }
}

fn judged() -> Evaluation {
    let verdict = Verdict {
        status: Status::Warning,
        subject: "/var".to_owned(),
        title: "High disk usage".to_owned(),
        message: "Disk usage of /var is 91.5% (threshold: 90%)".to_owned(),
        measures: vec![Measure {
            name: "used".to_owned(),
            value: 91.5,
            unit: "%".to_owned(),
            warning: Some(90.0),
            critical: None,
        }],
        attributes: Labels::from([("runbook", "https://example.org/disk")]),
    };
    Evaluation {
        instance: "disk".to_owned(),
        channel: "system_monitoring".to_owned(),
        owner: "alice".to_owned(),
        is_found: false,
        module: Some(Arc::new(ModuleInfo {
            digest: "ab".repeat(32),
            name: "disk".to_owned(),
            version: "1.0.0".to_owned(),
            size_bytes: 50_000,
        })),
        settings: Settings::from([
            ("mounts".to_owned(), SettingValue::Texts(vec!["/var".to_owned()])),
            ("threshold".to_owned(), SettingValue::Number(90.0)),
        ]),
        outcome: Ok(vec![verdict]),
        fuel: 123_456,
        duration: Duration::from_micros(55),
    }
}

fn failed() -> Evaluation {
    Evaluation {
        instance: "loop".to_owned(),
        is_found: true,
        module: None,
        settings: Settings::new(),
        outcome: Err(Failure::new(Reason::OutOfFuel, "used up its 500000000 units of fuel")),
        ..judged()
    }
}

fn inputs(instance: &str) -> EvaluationInputs {
    EvaluationInputs {
        instance: instance.to_owned(),
        allowance: Allowance::default(),
        previous: vec![("/var".to_owned(), Status::Ok)],
        rule: Rule { pending_for: Duration::from_secs(300), ..Rule::default() },
    }
}

fn notification(suppressed: Option<&str>) -> Notification {
    Notification {
        is_found: false,
        level: Status::Warning,
        previous_level: Status::Ok,
        kind: Kind::Raised,
        channel: "system_monitoring".to_owned(),
        owner: "alice".to_owned(),
        check: "disk".to_owned(),
        subject: "/var".to_owned(),
        title: "High disk usage".to_owned(),
        message: "Disk usage of /var is 91.5% (threshold: 90%)".to_owned(),
        suppressed: suppressed.map(str::to_owned),
    }
}

#[test]
fn record_is_read_back_as_it_was_written() {
    let record = record();
    let text = serde_json::to_string(&record).unwrap();
    assert_eq!(serde_json::from_str::<CycleRecord>(&text).unwrap(), record);
}

#[test]
fn serialized_form_holds_still() {
    let text = serde_json::to_string_pretty(&record()).unwrap() + "\n";
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/src/golden/cycle-1.json");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(golden, &text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(golden).unwrap(), "a change of meaning makes checkpost.cycle/2");
}

#[test]
fn golden_document_of_version_1_is_still_read() {
    let golden = include_str!("golden/cycle-1.json");
    assert_eq!(serde_json::from_str::<CycleRecord>(golden).unwrap(), record());
}

#[test]
fn other_version_is_refused() {
    let text = serde_json::to_string(&record()).unwrap().replace("checkpost.cycle/1", "checkpost.cycle/2");
    let error = serde_json::from_str::<CycleRecord>(&text).unwrap_err().to_string();
    assert!(error.contains("unknown variant `checkpost.cycle/2`, expected `checkpost.cycle/1`"), "{error}");
    assert_eq!(serde_json::to_value(Schema::V1).unwrap(), "checkpost.cycle/1");
}

#[test]
fn status_is_the_worst_and_unknown_without_verdicts() {
    let mut record = record();
    assert_eq!((record.status(), record.judged()), (Status::Unknown, 1));
    record.evaluations.pop();
    assert_eq!(record.status(), Status::Warning);
    record.evaluations[0].outcome = Ok(Vec::new());
    assert_eq!((record.status(), record.judged()), (Status::Unknown, 0));
}
