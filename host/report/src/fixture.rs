//! Cycle records for the tests of the renderings.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use checkpost_alerting::alert;
use checkpost_model::check::{Evaluation, Failure, Measure, ModuleInfo, Reason, Settings, Status, Verdict};
use checkpost_model::metric::{Diagnostic, Headline, Host, Labels, Snapshot};
use checkpost_record::{CycleRecord, Threshold};

const GB: u64 = 1 << 30;
const MB: u64 = 1 << 20;

pub(crate) fn measure(name: &str, value: f64, unit: &str, thresholds: Option<(f64, f64)>) -> Measure {
    let (warning, critical) = thresholds.unzip();
    Measure { name: name.to_owned(), value, unit: unit.to_owned(), warning, critical }
}

pub(crate) fn verdict(status: Status, subject: &str, title: &str, message: &str, measures: Vec<Measure>) -> Verdict {
    let [subject, title, message] = [subject, title, message].map(str::to_owned);
    Verdict { status, subject, title, message, measures, attributes: Labels::none() }
}

pub(crate) fn evaluation(instance: &str, channel: &str, outcome: Result<Vec<Verdict>, Failure>) -> Evaluation {
    let module = ModuleInfo {
        digest: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
        name: instance.to_owned(),
        version: "1.2.0".to_owned(),
        size_bytes: 50_000,
    };
    Evaluation {
        instance: instance.to_owned(),
        channel: channel.to_owned(),
        owner: String::new(),
        is_found: false,
        module: Some(Arc::new(module)),
        settings: Settings::new(),
        outcome,
        fuel: 12_345,
        duration: Duration::from_micros(57),
    }
}

fn system(instance: &str, verdicts: Vec<Verdict>) -> Evaluation {
    evaluation(instance, "system_monitoring", Ok(verdicts))
}

fn record(headline: Headline, evaluations: Vec<Evaluation>) -> CycleRecord {
    let threshold = |instance: &str, percent| Threshold { instance: instance.to_owned(), percent };
    let time = "2025-10-27T14:20:01.250Z".parse().unwrap();
    CycleRecord {
        headline,
        thresholds: vec![threshold("cpu", 80.0), threshold("memory", 85.0), threshold("disk", 90.0)],
        notifications: alert::notifications(&evaluations),
        evaluations,
        duration: Duration::from_millis(312),
        ..CycleRecord::new("0.1.0", Snapshot::new(time, Host::example("6e0cfa2e-5e0b-4d2c-9a51-0f6d3a1c7b11")))
    }
}

/// A machine without alerts.
pub(crate) fn clear() -> CycleRecord {
    let headline = Headline {
        cpu_percent: Some(45.2),
        cpu_count: Some(4),
        memory_percent: Some(68.5),
        memory_used_bytes: Some(5480 * MB),
        memory_total_bytes: Some(8 * GB),
        disk_percent: Some(72.3),
        disk_used_bytes: Some(168 * GB),
        disk_total_bytes: Some(233 * GB),
        network_sent_bytes: Some(512 * MB),
        network_received_bytes: Some(20_481 * MB),
    };
    let cpu = measure("utilization", 45.2, "%", Some((80.0, 95.0)));
    let memory = measure("used", 68.5, "%", Some((85.0, 95.0)));
    let disk = measure("used", 72.3, "%", Some((90.0, 95.0)));
    let rate = measure("receive", 1250.5, "By/s", None);
    let evaluations = vec![
        system("cpu", vec![verdict(Status::Ok, "", "CPU usage", "CPU usage is 45.2% (threshold: 80%)", vec![cpu])]),
        system(
            "memory",
            vec![verdict(
                Status::Ok,
                "",
                "Memory usage",
                "Memory usage is 68.5% (5.35GB / 8.00GB, threshold: 85%)",
                vec![memory, measure("bytes", (5480 * MB) as f64, "By", None)],
            )],
        ),
        system(
            "disk",
            vec![verdict(
                Status::Ok,
                "/",
                "Disk usage",
                "Disk usage of / is 72.3% (168.00GB / 233.00GB, threshold: 90%)",
                vec![disk],
            )],
        ),
        system("network", vec![verdict(Status::Ok, "eth0", "Network traffic", "eth0 receives 1.2KB/s", vec![rate])]),
    ];
    record(headline, evaluations)
}

/// A machine with alerts and custom checks, one of which fails.
pub(crate) fn mixed() -> CycleRecord {
    let headline = Headline {
        cpu_percent: Some(85.5),
        cpu_count: Some(4),
        memory_percent: Some(96.25),
        memory_used_bytes: Some(7885 * MB),
        memory_total_bytes: Some(8 * GB),
        ..clear().headline
    };
    let cpu = measure("utilization", 85.5, "%", Some((80.0, 95.0)));
    let memory = measure("used", 96.25, "%", Some((85.0, 95.0)));
    let disk = |percent| measure("used", percent, "%", Some((90.0, 95.0)));
    let failures = measure("failures", 17.0, "1", Some((10.0, 50.0)));
    let evaluations = vec![
        system(
            "cpu",
            vec![verdict(Status::Warning, "", "High CPU usage", "CPU usage is 85.5% (threshold: 80%)", vec![cpu])],
        ),
        system(
            "memory",
            vec![verdict(
                Status::Critical,
                "",
                "High memory usage",
                "Memory usage is 96.2% (7.70GB / 8.00GB, threshold: 85%)",
                vec![memory],
            )],
        ),
        system(
            "disk",
            vec![
                verdict(
                    Status::Ok,
                    "/",
                    "Disk usage",
                    "Disk usage of / is 72.3% (168.00GB / 233.00GB, threshold: 90%)",
                    vec![disk(72.3)],
                ),
                verdict(
                    Status::Warning,
                    "/var",
                    "High disk usage",
                    "Disk usage of /var is 91.0% (45.50GB / 50.00GB, threshold: 90%)",
                    vec![disk(91.0)],
                ),
            ],
        ),
        evaluation(
            "login-guard",
            "security_check",
            Ok(vec![verdict(
                Status::Warning,
                "sshd",
                "Many failed logins",
                "17 logins failed within the last 5 minutes, from 3 addresses, most of them from 203.0.113.7 (limit: 10)",
                vec![failures],
            )]),
        ),
        system(
            "license",
            vec![verdict(
                Status::Unknown,
                "",
                "License state",
                "the license server has not answered since noon",
                vec![],
            )],
        ),
        Evaluation {
            fuel: 500_000_000,
            ..evaluation(
                "report-mill",
                "log_analysis",
                Err(Failure::new(Reason::OutOfFuel, "used up its 500000000 units of fuel")),
            )
        },
    ];
    let mut record = record(headline, evaluations);
    record.snapshot.diagnostics.push(Diagnostic {
        source: "filesystem".into(),
        message: "no answer from /mnt/nfs within 2 s (stuck)".to_owned(),
    });
    record
}

/// A machine with few readings, and one check whose module is gone.
pub(crate) fn absent() -> CycleRecord {
    let headline = Headline { cpu_percent: Some(3.0), memory_total_bytes: Some(8 * GB), ..Headline::default() };
    let gone = Failure::new(Reason::Unreadable, "cannot read '/srv/checks/raid.wasm': No such file or directory");
    let raid = Evaluation { module: None, fuel: 0, ..evaluation("raid", "system_monitoring", Err(gone)) };
    let mut record = record(headline, vec![raid]);
    record.thresholds.clear();
    record
}

/// Texts that try to break out of their line, column, color or performance data.
pub(crate) fn hostile() -> CycleRecord {
    let mut record = clear();
    record.snapshot.host.name = "web\u{1b}[2J|evil\nhost".to_owned();
    record.snapshot.host.platform = "리눅스 \u{202e}46_68x".to_owned();
    record.thresholds.push(Threshold { instance: "큰-디스크".to_owned(), percent: 82.5 });
    let twins = vec![measure("a=b|c", 1.5, "By", None), measure("a_b/c", -2.0, "ms", Some((1.0, 2.5)))];
    let wide = "디스크가 가득 찼습니다 🚨 ".repeat(4);
    record.evaluations = vec![
        evaluation(
            "it's",
            "팀|b",
            Ok(vec![
                verdict(Status::Critical, "/mnt/a'b | 'x'=1\r\n", "Full | 'x'=9", &wide, twins),
                verdict(Status::Ok, "n\u{2028}", "", "fine\n| 'y'=1", vec![measure("load", f64::NAN, "%", None)]),
            ]),
        ),
        evaluation(
            "path",
            "system_monitoring",
            Err(Failure::new(Reason::Trap, format!("at /{}\u{9b}", "x".repeat(90)))),
        ),
    ];
    record.notifications = alert::notifications(&record.evaluations);
    record.snapshot.diagnostics = vec![Diagnostic { source: "process".into(), message: "name \u{7}bell".to_owned() }];
    record
}
