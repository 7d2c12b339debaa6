#![allow(clippy::unwrap_used)]
use checkpost_sdk::{Measure, Settings, Value};

use super::*;

const MB: f64 = 1024.0 * 1024.0;

fn watching(patterns: &[&str]) -> Process {
    Process { processes: patterns.iter().map(|&pattern| pattern.to_owned()).collect(), ..Process::default() }
}

fn nginx() -> Process {
    watching(&["nginx"])
}

fn with(input: Input, metric: &str, pattern: &str, value: f64) -> Input {
    input.with_sample(metric, &[(PATTERN, pattern)], value)
}

/// This many nginx processes and the resources that they use.
fn running(count: f64) -> Input {
    let readings = [(COUNT, count), (CPU, 0.25), (MEMORY, 512.0 * MB), (OPEN_FILES, 900.0), (RESTARTS, 1.0)];
    readings.into_iter().fold(Input::default(), |input, (metric, value)| with(input, metric, "nginx", value))
}

fn judge(check: &Process, input: &Input) -> Verdict {
    check.evaluate(input).unwrap().remove(0)
}

#[test]
fn running_process_is_ok() {
    let verdict = judge(&nginx(), &running(5.0));
    assert_eq!((verdict.status, verdict.subject.as_str(), verdict.title.as_str()), (Status::Ok, "nginx", "Process"));
    assert_eq!(verdict.message, "nginx: processes 5");
    assert_eq!(verdict.measures, [Measure::new("processes", 5.0, "1")]);
}

#[test]
fn processes_below_the_minimum_are_critical() {
    let verdict = judge(&nginx(), &running(0.0));
    assert_eq!((verdict.status, verdict.title.as_str()), (Status::Critical, "Process not running"));
    assert_eq!(verdict.message, "nginx: 0 processes (minimum: 1)");
    let check = Process { minimum: 2.0, ..nginx() };
    let verdict = judge(&check, &running(1.0));
    assert_eq!(
        (verdict.title.as_str(), verdict.message.as_str()),
        ("Too few processes", "nginx: 1 process (minimum: 2)")
    );
    assert_eq!(judge(&check, &running(2.0)).status, Status::Ok);
}

#[test]
fn processes_above_the_maximum_are_critical() {
    let check = Process { maximum: Some(4.0), ..nginx() };
    assert_eq!(judge(&check, &running(4.0)).status, Status::Ok);
    let verdict = judge(&check, &running(5.0));
    assert_eq!((verdict.status, verdict.title.as_str()), (Status::Critical, "Too many processes"));
    assert_eq!(verdict.message, "nginx: 5 processes (maximum: 4)");
}

#[test]
fn process_may_be_forbidden() {
    let check = Process { minimum: 0.0, maximum: Some(0.0), ..nginx() };
    assert!(check.needs().is_ok());
    assert_eq!(judge(&check, &running(0.0)).message, "nginx: processes 0");
    let verdict = judge(&check, &running(1.0));
    assert_eq!((verdict.status, verdict.title.as_str()), (Status::Critical, "Process is running"));
    assert_eq!(verdict.message, "nginx: 1 process (maximum: 0)");
}

#[test]
fn resource_usage_is_judged_only_with_a_threshold() {
    assert_eq!(judge(&nginx(), &running(1.0)).status, Status::Ok);
    for (check, message) in [
        (Process { cpu_threshold: Some(24.0), ..nginx() }, "cpu 25.0% (limit: 24%)"),
        (Process { memory_threshold: Some(511.0 * MB), ..nginx() }, "memory 512.0 MB (limit: 511.0 MB)"),
        (Process { open_files_threshold: Some(899.0), ..nginx() }, "open files 900 (limit: 899)"),
        (Process { restarts: true, ..nginx() }, "restarts 1 (limit: 0)"),
    ] {
        let verdict = judge(&check, &running(1.0));
        assert_eq!(verdict.status, Status::Warning, "{message}");
        assert_eq!(verdict.message, format!("nginx: {message}"));
    }
    for check in [
        Process { cpu_threshold: Some(25.0), ..nginx() },
        Process { memory_threshold: Some(512.0 * MB), ..nginx() },
        Process { open_files_threshold: Some(900.0), ..nginx() },
    ] {
        assert_eq!(judge(&check, &running(1.0)).status, Status::Ok);
    }
}

#[test]
fn resource_usage_may_be_critical() {
    let check = Process { cpu_threshold: Some(10.0), cpu_critical: Some(20.0), ..nginx() };
    let verdict = judge(&check, &running(1.0));
    assert_eq!((verdict.status, verdict.title.as_str()), (Status::Critical, "High CPU usage of a process"));
    assert_eq!(verdict.measures[1], Measure::new("cpu", 25.0, "%").warning(10.0).critical(20.0));
    let check = Process { memory_threshold: Some(MB), memory_critical: Some(512.0 * MB), ..nginx() };
    assert_eq!(judge(&check, &running(1.0)).status, Status::Warning);
}

#[test]
fn cpu_usage_and_restarts_are_not_judged_in_the_first_cycle() {
    let check = Process { cpu_threshold: Some(0.0), restarts: true, ..nginx() };
    let verdict = judge(&check, &with(Input::default(), COUNT, "nginx", 1.0));
    assert_eq!((verdict.status, verdict.measures.len()), (Status::Ok, 1));
}

#[test]
fn raised_entry_clears_at_a_share_of_its_thresholds() {
    let check = Process { cpu_threshold: Some(30.0), clear: Some(50.0), ..nginx() };
    assert_eq!(judge(&check, &running(1.0)).status, Status::Ok);
    let raised = running(1.0).with_previous("nginx", Status::Critical);
    assert_eq!(judge(&check, &raised).message, "nginx: cpu 25.0% (limit: 30%, clears at 15%)");
    let back = with(Input::default(), COUNT, "nginx", 1.0).with_previous("nginx", Status::Critical);
    assert_eq!(judge(&nginx(), &back).status, Status::Ok);
}

#[test]
fn entries_have_one_verdict_each_and_are_unknown_if_not_counted() {
    let input = with(running(1.0), COUNT, "post*", 0.0);
    let verdicts = watching(&["post*", "nginx", "sshd", "nginx"]).evaluate(&input).unwrap();
    let statuses: Vec<_> = verdicts.iter().map(|verdict| (verdict.subject.as_str(), verdict.status)).collect();
    assert_eq!(statuses, [("nginx", Status::Ok), ("post*", Status::Critical), ("sshd", Status::Unknown)]);
    assert_eq!(verdicts[2].message, "no reading of process.watched.count for sshd");
    assert_eq!(nginx().evaluate(&Input::default()), Err("no reading of process.watched.count".to_owned()));
}

#[test]
fn name_may_be_any_text() {
    let hostile = "$(reboot) <b>\n";
    let verdict = judge(&watching(&[hostile]), &with(Input::default(), COUNT, hostile, 0.0));
    assert_eq!((verdict.status, verdict.subject.as_str()), (Status::Critical, hostile));
}

#[test]
fn patterns_are_declared_for_each_metric_in_use() {
    let declared = |check: Process| {
        let needs = check.needs().unwrap().into_iter();
        needs.map(|need| (need.metric, need.labels[0].1.clone())).collect::<Vec<_>>()
    };
    let pairs = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(metric, pattern)| ((*metric).to_owned(), (*pattern).to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(declared(watching(&["b", "a*", "b"])), pairs(&[(COUNT, "a*"), (COUNT, "b")]));
    let all = Process {
        cpu_threshold: Some(1.0),
        memory_threshold: Some(1.0),
        open_files_threshold: Some(1.0),
        restarts: true,
        ..nginx()
    };
    let metrics = [COUNT, CPU, MEMORY, OPEN_FILES, RESTARTS];
    assert_eq!(declared(all.clone()), pairs(&metrics.map(|metric| (metric, "nginx"))));
    assert!(all.needs().unwrap().iter().all(|need| need.labels.len() == 1 && need.labels[0].0 == PATTERN));
}

#[test]
fn invalid_settings_are_refused() {
    let refused = |check: Process| check.needs().unwrap_err();
    let allowed = "must be a list of at least one name, and no name may be empty";
    assert_eq!(refused(Process::default()), format!("processes is []: {allowed}"));
    assert_eq!(refused(watching(&["a", ""])), format!(r#"processes is ["a", ""]: {allowed}"#));
    let none = Process { maximum: Some(0.0), ..nginx() };
    assert_eq!(refused(none), "maximum is 0: must be at least the minimum, 1");
    assert_eq!(refused(Process { minimum: 0.5, ..nginx() }), "minimum is 0.5: must be a whole number");
    let refusal = "memory_critical is 5: must not be set without memory_threshold";
    assert_eq!(refused(Process { memory_critical: Some(5.0), ..nginx() }), refusal);
    let refused = Process::parse(vec![("cpu_threshold".to_owned(), Value::Number(400.0))]);
    assert_eq!(refused, Err("cpu_threshold is 400: must be a number from 0 to 100, in %".to_owned()));
}
