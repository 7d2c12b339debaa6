//! The report for scripts, in the shape that `docs/report-json.md` documents and promises.

use serde_json::{Value, json};

use super::format::rfc3339;
use super::{CycleReport, Threshold};
use crate::alert::Notification;
use crate::check::{Evaluation, Failure, Measure, ModuleInfo, Verdict};
use crate::clean;
use crate::metric::{Diagnostic, Host};

/// The shape of the document. Fields may join it; only a new number may drop or change one.
pub const SCHEMA: &str = "checkpost.report/1";

/// One pretty-printed object that ends with a newline.
///
/// Written out field by field: a field that is renamed inside must not change what scripts read.
pub fn render(report: &CycleReport) -> String {
    let document = json!({
        "schema": SCHEMA,
        "version": env!("CARGO_PKG_VERSION"),
        "run_id": report.run_id,
        "time": rfc3339(report.time),
        "duration_ms": report.duration.as_millis() as u64,
        "status": report.status().as_str(),
        "host": host(&report.host),
        "metrics": report.headline,
        "thresholds": report.thresholds.iter().map(threshold).collect::<Vec<_>>(),
        "checks": report.evaluations.iter().map(check).collect::<Vec<_>>(),
        "notifications": report.notifications.iter().map(notification).collect::<Vec<_>>(),
        "diagnostics": report.diagnostics.iter().map(diagnostic).collect::<Vec<_>>(),
    });
    escaped(&format!("{document:#}\n"))
}

/// Spells out the control characters that JSON lets stand, so that a terminal can show the document. They occur in
/// strings only, and a reader gets back the very same text.
pub fn escaped(document: &str) -> String {
    let escape = |character: char| match character {
        '\n' => "\n".to_owned(),
        control if clean::is_control(control) => format!("\\u{:04x}", u32::from(control)),
        other => other.to_string(),
    };
    document.chars().map(escape).collect()
}

fn host(host: &Host) -> Value {
    json!({
        "name": host.name,
        "os_type": host.os_type,
        "os_description": host.os_description,
        "platform": host.platform,
        "arch": host.arch,
        "boot_id": host.boot_id,
    })
}

fn threshold(threshold: &Threshold) -> Value {
    json!({ "check": threshold.instance, "percent": threshold.percent })
}

fn check(evaluation: &Evaluation) -> Value {
    let failure = evaluation.outcome.as_ref().err();
    let verdicts = evaluation.outcome.iter().flatten();
    json!({
        "name": evaluation.instance,
        "channel": evaluation.channel,
        "module": evaluation.module.as_deref().map(module),
        "status": evaluation.status().as_str(),
        "reason": failure.map(|failure: &Failure| failure.reason.as_str()),
        "detail": failure.map(|failure: &Failure| failure.detail.as_str()),
        "fuel": evaluation.fuel,
        "duration_us": evaluation.duration.as_micros() as u64,
        "verdicts": verdicts.map(verdict).collect::<Vec<_>>(),
    })
}

fn module(module: &ModuleInfo) -> Value {
    json!({ "name": module.name, "version": module.version, "digest": module.digest })
}

fn verdict(verdict: &Verdict) -> Value {
    json!({
        "status": verdict.status.as_str(),
        "subject": verdict.subject,
        "title": verdict.title,
        "message": verdict.message,
        "measures": verdict.measures.iter().map(measure).collect::<Vec<_>>(),
        "attributes": verdict.attributes,
    })
}

fn measure(measure: &Measure) -> Value {
    json!({
        "name": measure.name,
        "value": measure.value,
        "unit": measure.unit,
        "warning": measure.warning,
        "critical": measure.critical,
    })
}

/// The fields are columns of the `notifications` table, with what stands in them.
fn notification(notification: &Notification) -> Value {
    json!({
        "channel": notification.channel,
        "level": notification.level.level(),
        "kind": notification.kind.as_str(),
        "title": notification.title,
        "message": notification.message,
        "check_name": notification.check_name,
        "subject": notification.subject,
        "suppressed": notification.suppressed,
    })
}

fn diagnostic(diagnostic: &Diagnostic) -> Value {
    json!({ "source": diagnostic.source, "message": diagnostic.message })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::fixture;
    use super::*;

    /// The document, in the version under which snapshots and documentation were written.
    fn rendered(report: &CycleReport) -> String {
        let version = |number: &str| format!("\n  \"version\": \"{number}\"");
        render(report).replace(&version(env!("CARGO_PKG_VERSION")), &version("0.1.0"))
    }

    fn parsed(report: &CycleReport) -> Value {
        serde_json::from_str(&render(report)).unwrap()
    }

    #[test]
    fn the_documented_example_is_what_is_rendered() {
        let documentation = include_str!("../../../docs/report-json.md");
        let example = documentation.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        let mut report = fixture::mixed();
        report.evaluations.retain(|evaluation| ["cpu", "report-mill"].contains(&evaluation.instance.as_str()));
        report.notifications = crate::alert::notifications(&report.evaluations);
        assert_eq!(example, rendered(&report));
    }

    #[test]
    fn every_case_keeps_its_shape() {
        insta::assert_snapshot!("json_mixed", rendered(&fixture::mixed()));
    }

    #[test]
    fn absent_figures_and_modules_are_null() {
        let document = parsed(&fixture::absent());
        assert_eq!(document["metrics"]["memory_percent"], Value::Null);
        assert_eq!(document["metrics"]["cpu_percent"], 3.0);
        assert_eq!(document["metrics"].as_object().unwrap().len(), 10);
        assert_eq!(document["checks"][0]["module"], Value::Null);
        assert_eq!(document["checks"][0]["reason"], "unreadable");
        assert_eq!(document["status"], "unknown");
    }

    #[test]
    fn hostile_text_is_kept_exactly_and_printed_without_control_characters() {
        let report = fixture::hostile();
        let printed = render(&report);
        assert!(!printed.replace('\n', "").contains(clean::is_control));
        let document = parsed(&report);
        assert_eq!(document["host"]["name"], report.host.name);
        assert_eq!(document["host"]["platform"], report.host.platform);
        assert_eq!(document["checks"][0]["verdicts"][1]["subject"], "n\u{2028}");
        assert_eq!(document["checks"][0]["verdicts"][1]["measures"][0]["value"], Value::Null);
    }
}
