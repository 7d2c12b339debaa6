//! A cycle as JSON for scripts. `docs/reference/report-json.md` documents the format and its compatibility.

use serde_json::{Value, json};

use checkpost_alerting::alert::{Notification, Stored};
use checkpost_model::check::{Evaluation, Failure, Measure, ModuleInfo, Verdict};
use checkpost_model::clean;
use checkpost_model::metric::{Diagnostic, Host};
use checkpost_record::{StoredCycle, Threshold};

use crate::format::rfc3339;

/// The format and its version. A version may gain fields; a field that is removed or changed needs a new version.
const SCHEMA: &str = "checkpost.report/1";

/// One pretty-printed object that ends with a newline.
///
/// Each field is written out here, so that renaming a field in the code does not change the document.
pub fn render(cycle: &StoredCycle) -> String {
    let StoredCycle { run_id, duration, record } = cycle;
    let document = json!({
        "schema": SCHEMA,
        "version": record.version,
        "run_id": run_id,
        "time": rfc3339(record.snapshot.time),
        "duration_ms": duration.as_millis() as u64,
        "status": record.status().as_str(),
        "host": host(&record.snapshot.host),
        "metrics": record.headline,
        "thresholds": record.thresholds.iter().map(threshold).collect::<Vec<_>>(),
        "checks": record.evaluations.iter().map(check).collect::<Vec<_>>(),
        "notifications": record.notifications.iter().map(notification).collect::<Vec<_>>(),
        "diagnostics": record.snapshot.diagnostics.iter().map(diagnostic).collect::<Vec<_>>(),
    });
    escaped(&format!("{document:#}\n"))
}

/// Escapes the control characters that JSON allows unescaped, so that the document is safe to show on a terminal. They occur in
/// strings only, and a parser returns the original text.
pub fn escaped(document: &str) -> String {
    let escape = |character: char| match character {
        '\n' => "\n".to_owned(),
        control if clean::is_control(control) => {
            control.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect()
        }
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

/// The fields have the names and values of the columns of the table `notifications`.
fn notification(notification: &Notification) -> Value {
    json!({
        "channel": notification.channel,
        "level": notification.level.level(),
        "kind": notification.kind.as_str(),
        "title": notification.title,
        "message": notification.message,
        "check_name": notification.check,
        "subject": notification.subject,
        "suppressed": notification.suppressed,
    })
}

/// A stored notification, with the names and values of all columns of the table `notifications`.
pub fn stored_notification(stored: &Stored<Notification>) -> Value {
    let Stored { id, run_id, time, host, value } = stored;
    json!({
        "id": id,
        "run_id": run_id,
        "channel": value.channel,
        "level": value.level.level(),
        "kind": value.kind.as_str(),
        "title": value.title,
        "message": value.message,
        "sent_at": time,
        "hostname": host,
        "check_name": value.check,
        "subject": value.subject,
        "owner": value.owner,
        "previous_level": value.previous_level.level(),
        "suppressed": value.suppressed,
    })
}

fn diagnostic(diagnostic: &Diagnostic) -> Value {
    json!({ "source": diagnostic.source, "message": diagnostic.message })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use checkpost_record::CycleRecord;

    use super::*;
    use crate::fixture;

    fn stored(record: &CycleRecord) -> StoredCycle {
        StoredCycle { run_id: 42, duration: std::time::Duration::from_millis(312), record: record.clone() }
    }

    fn rendered(record: &CycleRecord) -> String {
        render(&stored(record))
    }

    fn parsed(record: &CycleRecord) -> Value {
        serde_json::from_str(&render(&stored(record))).unwrap()
    }

    #[test]
    fn documented_example_is_rendered() {
        let documentation = include_str!("../../../docs/reference/report-json.md");
        let example = documentation.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        let mut record = fixture::mixed();
        record.evaluations.retain(|evaluation| ["cpu", "report-mill"].contains(&evaluation.instance.as_str()));
        record.notifications = checkpost_alerting::alert::notifications(&record.evaluations);
        assert_eq!(example, rendered(&record));
    }

    #[test]
    fn document_has_all_cases() {
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
    fn hostile_text_is_unchanged_and_printed_without_control_characters() {
        let record = fixture::hostile();
        let printed = render(&stored(&record));
        assert!(!printed.replace('\n', "").contains(clean::is_control));
        assert_eq!(escaped("\"\u{e0041}\u{200b}\""), "\"\\udb40\\udc41\\u200b\"", "as UTF-16");
        let document = parsed(&record);
        assert_eq!(document["host"]["name"], record.snapshot.host.name);
        assert_eq!(document["host"]["platform"], record.snapshot.host.platform);
        assert_eq!(document["checks"][0]["verdicts"][1]["subject"], "n\u{2028}");
        assert_eq!(document["checks"][0]["verdicts"][1]["measures"][0]["value"], Value::Null);
    }
}
