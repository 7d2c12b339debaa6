//! The store on real files: what goes in comes out, and what is wrong with a file is said.
#![allow(clippy::unwrap_used)]

mod concurrent;
mod cycles;
mod files;
mod full_disk;
mod held;
mod history;
mod outbox;
mod queries;
mod readings;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::alert::{self, Alerts, Notification, Rule};
use crate::check::{Evaluation, Failure, Measure, ModuleInfo, Reason, SettingValue, Settings, Status, Verdict};
use crate::metric::{Headline, Host, Labels, ProcessTime, ProcessTimes, Snapshot};
use crate::route::Planned;

/// A cycle that owns what a [`CycleRecord`] borrows.
struct Cycle {
    snapshot: Snapshot,
    headline: Headline,
    evaluations: Vec<Evaluation>,
    alerts: Alerts,
    notifications: Vec<Notification>,
    deliveries: Vec<Planned>,
    ended_acknowledgements: Vec<i64>,
}

impl Cycle {
    fn record(&self) -> CycleRecord<'_> {
        CycleRecord {
            snapshot: &self.snapshot,
            headline: &self.headline,
            evaluations: &self.evaluations,
            alerts: &self.alerts,
            notifications: &self.notifications,
            deliveries: &self.deliveries,
            ended_acknowledgements: &self.ended_acknowledgements,
            duration: Duration::from_millis(42),
        }
    }
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A snapshot with `extra` series beside a few real ones.
fn snapshot(at: &str, boot_id: &str, extra: u32) -> Snapshot {
    let mut snapshot = Snapshot::new(time(at), Host::example(boot_id));
    snapshot.push("system.cpu.utilization", Labels::none(), 0.855);
    snapshot.push("system.cpu.logical.count", Labels::none(), 4.0);
    snapshot.push("system.memory.limit", Labels::none(), 8_589_934_592.0);
    for cpu in 0..extra {
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
        module: Some(Arc::new(module)),
        settings: Settings::from([("warning".to_owned(), SettingValue::Number(90.0))]),
        outcome,
        fuel: 123_456,
        duration: Duration::from_micros(55),
    }
}

fn cycle_of(snapshot: Snapshot, evaluations: Vec<Evaluation>) -> Cycle {
    let headline = Headline::of(&snapshot);
    let advanced = alert::advance(&Alerts::new(), &evaluations, |_| Rule::default(), snapshot.time);
    let notifications = alert::transition_notifications(&advanced, &Alerts::new(), &evaluations);
    let (deliveries, ended_acknowledgements) = (Vec::new(), Vec::new());
    Cycle {
        snapshot,
        headline,
        evaluations,
        alerts: advanced.alerts,
        notifications,
        deliveries,
        ended_acknowledgements,
    }
}

/// A cycle with one warning, one ok and one check that could not judge.
fn cycle(at: &str) -> Cycle {
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
