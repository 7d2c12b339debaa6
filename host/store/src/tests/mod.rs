//! The store with real SQLite, in memory and in files.
#![allow(clippy::unwrap_used)]

mod concurrency;
mod cycles;
mod files;
mod full_disk;
mod history;
mod outbox;
mod queries;
mod readings;
mod suppression;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use checkpost_alerting::alert::{self, Alerts, Notification, Rule};
use checkpost_alerting::route::Planned;
use checkpost_model::check::{
    Evaluation, Failure, Measure, ModuleInfo, Reason, SettingValue, Settings, Status, Verdict,
};
use checkpost_model::metric::{Host, Labels, ProcessTime, ProcessTimes, Snapshot};
use checkpost_record::CycleRecord;

use crate::*;

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A snapshot with a few series, and CPU times of as many CPUs.
fn snapshot(at: &str, boot_id: &str, cpus: u32) -> Snapshot {
    let mut snapshot = Snapshot::new(time(at), Host::example(boot_id));
    snapshot.push("system.cpu.utilization", Labels::none(), 0.855);
    snapshot.push("system.cpu.logical.count", Labels::none(), 4.0);
    snapshot.push("system.memory.limit", Labels::none(), 8_589_934_592.0);
    for cpu in 0..cpus {
        let labels = Labels::from([("cpu.logical_number", format!("{cpu}")), ("cpu.mode", "user".to_owned())]);
        snapshot.push("system.cpu.time", labels, f64::from(cpu) * 1_234.56);
    }
    snapshot.diagnose("filesystem", "/mnt/nfs: stuck");
    snapshot
}

fn verdict(subject: &str, status: Status) -> Verdict {
    Verdict {
        status,
        subject: subject.to_owned(),
        title: "High disk usage".to_owned(),
        message: format!("Disk usage of {subject} is 91.0% (threshold: 90%)"),
        measures: vec![Measure {
            name: "used".to_owned(),
            value: 91.0,
            unit: "%".to_owned(),
            warning: Some(90.0),
            critical: None,
        }],
        attributes: Labels::from([("owner", "storage team")]),
    }
}

fn evaluation(instance: &str, outcome: Result<Vec<Verdict>, Failure>) -> Evaluation {
    let module = ModuleInfo {
        digest: "ab".repeat(32),
        name: "disk".to_owned(),
        version: "1.0.0".to_owned(),
        size_bytes: 50_000,
    };
    Evaluation {
        instance: instance.to_owned(),
        channel: "system_monitoring".to_owned(),
        owner: "alice".to_owned(),
        is_found: false,
        module: Some(Arc::new(module)),
        settings: Settings::from([("warning".to_owned(), SettingValue::Number(90.0))]),
        outcome,
        fuel: 123_456,
        duration: Duration::from_micros(55),
    }
}

fn cycle_of(snapshot: Snapshot, evaluations: Vec<Evaluation>) -> CycleRecord {
    let advanced = alert::advance(&Alerts::new(), &evaluations, |_| Rule::default(), snapshot.time);
    CycleRecord {
        notifications: alert::transition_notifications(&advanced, &Alerts::new(), &evaluations),
        alerts: advanced.alerts,
        evaluations,
        duration: Duration::from_millis(42),
        ..CycleRecord::new("0.1.0", snapshot)
    }
}

/// A cycle with one verdict that is ok, one warning, and one check that could not judge.
fn cycle(at: &str) -> CycleRecord {
    let verdicts = vec![verdict("/", Status::Ok), verdict("/var", Status::Warning)];
    let failure = Failure::new(Reason::OutOfFuel, "used 500000000");
    cycle_of(snapshot(at, "boot-1", 5), vec![evaluation("disk", Ok(verdicts)), evaluation("loop", Err(failure))])
}

fn count(store: &Store, table: &str) -> i64 {
    store.conn.query_row(&format!("SELECT count(*) FROM {table}"), (), |row| row.get(0)).unwrap()
}

const TABLES: [&str; 18] = [
    "hosts",
    "runs",
    "series",
    "samples",
    "process_times",
    "diagnostics",
    "system_metrics",
    "alerts",
    "notifications",
    "modules",
    "settings",
    "evaluations",
    "verdicts",
    "silences",
    "acknowledgements",
    "deliveries",
    "delivery_notifications",
    "routes",
];
