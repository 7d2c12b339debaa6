#![allow(clippy::unwrap_used)]
use checkpost_sdk::{Measure, Settings, Value};

use super::*;

fn with_share(input: Input, resource: &str, stall: &str, ratio: f64) -> Input {
    input.with_sample(SHARE, &[(RESOURCE, resource), (STALL, stall)], ratio)
}

fn with_average(input: Input, resource: &str, stall: &str, window: &str, ratio: f64) -> Input {
    input.with_sample(AVERAGE, &[(RESOURCE, resource), (STALL, stall), (WINDOW.0, window)], ratio)
}

/// A host without waiting tasks.
fn calm() -> Input {
    let input = with_share(Input::default(), "cpu", "some", 0.0);
    ["memory", "io"]
        .iter()
        .fold(input, |input, resource| with_share(with_share(input, resource, "some", 0.0), resource, "full", 0.0))
}

/// A host with only this reading.
fn with(resource: &str, stall: &str, ratio: f64) -> Input {
    with_share(Input::default(), resource, stall, ratio)
}

fn judge_one(check: &Pressure, input: &Input, resource: &str) -> Verdict {
    let verdicts = check.evaluate(input).unwrap();
    verdicts.into_iter().find(|verdict| verdict.subject == resource).unwrap()
}

#[test]
fn resources_have_one_verdict_each() {
    let verdicts = Pressure::default().evaluate(&calm()).unwrap();
    let messages: Vec<_> = verdicts.iter().map(|verdict| verdict.message.as_str()).collect();
    let calm = "some stalled 0.0%, all stalled 0.0%";
    assert_eq!(messages, ["cpu: some stalled 0.0%", &format!("memory: {calm}"), &format!("io: {calm}")]);
    assert!(verdicts.iter().all(|verdict| verdict.status == Status::Ok));
    let memory = [
        Measure::new("some_stalled", 0.0, "%").warning(20.0),
        Measure::new("all_stalled", 0.0, "%").warning(10.0).critical(40.0),
    ];
    assert_eq!(verdicts[1].measures, memory);
}

#[test]
fn stalls_have_one_threshold_each() {
    for (resource, stall, at, above, title) in [
        ("cpu", "some", 0.8, 0.81, "High CPU pressure"),
        ("memory", "some", 0.2, 0.21, "High memory pressure"),
        ("memory", "full", 0.1, 0.11, "High memory pressure"),
        ("io", "some", 0.6, 0.61, "High I/O pressure"),
        ("io", "full", 0.4, 0.41, "High I/O pressure"),
    ] {
        let judge = |ratio| judge_one(&Pressure::default(), &with(resource, stall, ratio), resource);
        assert_eq!(judge(at).status, Status::Ok, "{resource} {stall}");
        assert_eq!((judge(above).status, judge(above).title.as_str()), (Status::Warning, title), "{resource} {stall}");
    }
}

#[test]
fn message_shows_each_stall_and_its_limit() {
    let input = with_share(with("memory", "some", 0.255), "memory", "full", 0.45);
    let verdict = judge_one(&Pressure::default(), &input, "memory");
    assert_eq!(verdict.status, Status::Critical);
    assert_eq!(verdict.message, "memory: some stalled 25.5% (limit: 20%), all stalled 45.0% (limit: 10%)");
    let input = with("memory", "full", 0.4);
    assert_eq!(judge_one(&Pressure::default(), &input, "memory").status, Status::Warning);
}

#[test]
fn critical_thresholds_are_mostly_off_by_default() {
    assert_eq!(judge_one(&Pressure::default(), &with("io", "full", 1.0), "io").status, Status::Warning);
    let check = Pressure { io_full_critical: Some(90.0), cpu_some_critical: Some(95.0), ..Pressure::default() };
    assert_eq!(judge_one(&check, &with("io", "full", 0.91), "io").status, Status::Critical);
    assert_eq!(judge_one(&check, &with("cpu", "some", 0.95), "cpu").status, Status::Warning);
}

#[test]
fn share_since_the_last_cycle_takes_precedence_over_the_average() {
    let input = with_average(with("io", "some", 0.1), "io", "some", "300s", 0.9);
    assert_eq!(judge_one(&Pressure::default(), &input, "io").status, Status::Ok);
    let first_run = with_average(Input::default(), "io", "some", "300s", 0.9);
    let first_run = with_average(first_run, "io", "some", "10s", 0.0);
    let verdict = judge_one(&Pressure::default(), &first_run, "io");
    assert_eq!(verdict.message, "io: some stalled 90.0% (limit: 60%)");
}

#[test]
fn raised_resource_clears_at_a_share_of_its_thresholds() {
    let check = Pressure { clear: Some(50.0), ..Pressure::default() };
    let raised = |ratio| judge_one(&check, &with("cpu", "some", ratio).with_previous("cpu", Status::Warning), "cpu");
    assert_eq!(raised(0.41).message, "cpu: some stalled 41.0% (limit: 80%, clears at 40%)");
    assert_eq!(raised(0.4).status, Status::Ok);
    assert_eq!(judge_one(&check, &with("cpu", "some", 0.7), "cpu").status, Status::Ok);
}

#[test]
fn kernel_without_pressure_information_is_an_error() {
    let error = Pressure::default().evaluate(&Input::default());
    let message = "no reading of checkpost.pressure.ratio: the kernel provides no pressure stall information";
    assert_eq!(error, Err(message.to_owned()));
}

#[test]
fn resource_without_a_reading_is_unknown() {
    let verdict = judge_one(&Pressure::default(), &with("cpu", "some", 0.1), "io");
    assert_eq!(verdict.status, Status::Unknown);
    assert_eq!(verdict.message, "no reading of checkpost.pressure.ratio for io");
}

#[test]
fn invalid_settings_are_refused() {
    let refused = Pressure::parse(vec![("io_some".to_owned(), Value::Number(101.0))]);
    assert_eq!(refused, Err("io_some is 101: must be a number from 0 to 100, in %".to_owned()));
}
