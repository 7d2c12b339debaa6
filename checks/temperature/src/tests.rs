#![allow(clippy::unwrap_used)]
use checkpost_sdk::{Settings, Value};

use super::*;

fn with_sensor(input: Input, id: &str, name: &str, degrees: f64) -> Input {
    input.with_sample(TEMPERATURE, &[(ID, id), (NAME, name)], degrees)
}

fn with_limit(input: Input, id: &str, name: &str, kind: &str, degrees: f64) -> Input {
    input.with_sample(LIMIT, &[(ID, id), (NAME, name), (LIMIT_TYPE, kind)], degrees)
}

fn cpu(degrees: f64) -> Input {
    with_sensor(Input::default(), "hwmon0.1", "coretemp Package", degrees)
}

fn judge_one(check: &Temperature, input: &Input) -> Verdict {
    let mut verdicts = check.evaluate(input).unwrap();
    assert_eq!(verdicts.len(), 1);
    verdicts.remove(0)
}

fn statuses(check: &Temperature, input: &Input) -> Vec<(String, Status)> {
    check.evaluate(input).unwrap().into_iter().map(|verdict| (verdict.subject, verdict.status)).collect()
}

fn subjects(check: &Temperature, input: &Input) -> Vec<String> {
    statuses(check, input).into_iter().map(|(subject, _)| subject).collect()
}

fn list(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn message_shows_the_temperature_and_its_threshold() {
    let verdict = judge_one(&Temperature::default(), &cpu(86.25));
    assert_eq!((verdict.status, verdict.title.as_str()), (Status::Warning, "High temperature"));
    assert_eq!(verdict.message, "Temperature of coretemp Package is 86.2 °C (threshold: 85 °C)");
    assert_eq!(verdict.measures, [Measure::new("temperature", 86.25, "Cel").warning(85.0).critical(95.0)]);
    let verdict = judge_one(&Temperature::default(), &cpu(41.0));
    assert_eq!((verdict.status, verdict.title.as_str()), (Status::Ok, "Temperature"));
    assert_eq!(verdict.message, "Temperature of coretemp Package is 41.0 °C");
}

#[test]
fn usual_thresholds_apply_without_others() {
    for (degrees, status) in
        [(85.0, Status::Ok), (85.1, Status::Warning), (95.0, Status::Warning), (95.1, Status::Critical)]
    {
        assert_eq!(judge_one(&Temperature::default(), &cpu(degrees)).status, status, "{degrees}");
    }
}

#[test]
fn manufacturers_limits_override_the_usual_thresholds_and_settings_override_both() {
    let nvme = |degrees| {
        let input = with_sensor(Input::default(), "nvme0", "Composite", degrees);
        with_limit(
            with_limit(input, "nvme0", "Composite", "high.degraded", 70.0),
            "nvme0",
            "Composite",
            "high.critical",
            80.0,
        )
    };
    let status = |check: &Temperature, degrees| judge_one(check, &nvme(degrees)).status;
    let default = Temperature::default();
    assert_eq!(
        [70.0, 71.0, 81.0].map(|degrees| status(&default, degrees)),
        [Status::Ok, Status::Warning, Status::Critical]
    );
    let set = Temperature { threshold: Some(60.0), critical: Some(65.0), ..Temperature::default() };
    assert_eq!(
        [60.0, 61.0, 66.0].map(|degrees| status(&set, degrees)),
        [Status::Ok, Status::Warning, Status::Critical]
    );
}

#[test]
fn limits_of_another_sensor_do_not_apply() {
    let input = with_limit(cpu(75.0), "nvme0", "Composite", "high.degraded", 70.0);
    assert_eq!(judge_one(&Temperature::default(), &input).status, Status::Ok);
}

#[test]
fn missing_limit_of_the_manufacturer_is_derived_from_the_other() {
    let limits = |kind, degrees| {
        let measure =
            judge_one(&Temperature::default(), &with_limit(cpu(20.0), "hwmon0.1", "coretemp Package", kind, degrees));
        (measure.measures[0].warning.unwrap(), measure.measures[0].critical.unwrap())
    };
    assert_eq!(limits("high.degraded", 100.0), (100.0, 110.0));
    assert_eq!(limits("high.degraded", 60.0), (60.0, 95.0));
    assert_eq!(limits("high.critical", 105.0), (85.0, 105.0));
    assert_eq!(limits("high.critical", 70.0), (70.0, 70.0));
}

#[test]
fn implausible_limits_are_ignored() {
    for degrees in [0.0, -273.15, 65261.85, 3892314.0] {
        let input = with_limit(cpu(86.0), "hwmon0.1", "coretemp Package", "high.degraded", degrees);
        let verdict = judge_one(&Temperature::default(), &input);
        assert_eq!(verdict.message, "Temperature of coretemp Package is 86.0 °C (threshold: 85 °C)", "{degrees}");
    }
}

#[test]
fn raised_sensor_clears_some_degrees_below_its_threshold() {
    let raised = |degrees| cpu(degrees).with_previous("coretemp Package", Status::Critical);
    let verdict = judge_one(&Temperature::default(), &raised(83.0));
    assert_eq!(verdict.status, Status::Warning);
    let message = "Temperature of coretemp Package is 83.0 °C (threshold: 85 °C, clears at 82 °C)";
    assert_eq!(verdict.message, message);
    assert_eq!(judge_one(&Temperature::default(), &raised(82.0)).status, Status::Ok);
    assert_eq!(judge_one(&Temperature::default(), &cpu(83.0)).status, Status::Ok);
}

#[test]
fn sensors_of_one_name_have_their_id_in_the_subject_whatever_is_watched() {
    let input = with_sensor(cpu(40.0), "nvme0", "Composite", 50.0);
    let input = with_sensor(with_sensor(input, "nvme1", "Composite", 99.0), "acpi0", "", 30.0);
    let all = ["Composite (nvme0)", "Composite (nvme1)", "acpi0", "coretemp Package"];
    assert_eq!(subjects(&Temperature::default(), &input), all);
    let some = Temperature { sensors: list(&["nvme1"]), ..Temperature::default() };
    assert_eq!(statuses(&some, &input), [("Composite (nvme1)".to_owned(), Status::Critical)]);
}

#[test]
fn names_that_look_like_subjects_do_not_make_a_subject_repeat() {
    let input = with_sensor(cpu(40.0), "1", "a", 50.0);
    let input = with_sensor(with_sensor(input, "2", "a", 51.0), "3", "a (1)", 99.0);
    let verdicts = statuses(&Temperature::default(), &input);
    assert_eq!(verdicts[0], ("a (1)".to_owned(), Status::Critical));
    assert_eq!(verdicts.len(), 3);
}

#[test]
fn sensors_are_chosen_by_name_id_or_subject() {
    let input = with_sensor(with_sensor(cpu(40.0), "nvme0", "Composite", 50.0), "nvme1", "Composite", 50.0);
    let chosen = |sensors: &[&str], exclude: &[&str]| {
        subjects(&Temperature { sensors: list(sensors), exclude: list(exclude), ..Temperature::default() }, &input)
    };
    assert_eq!(chosen(&["core*"], &[]), ["coretemp Package"]);
    assert_eq!(chosen(&["nvme*"], &[]), ["Composite (nvme0)", "Composite (nvme1)"]);
    assert_eq!(chosen(&["Composite (nvme1)"], &[]), ["Composite (nvme1)"]);
    assert_eq!(chosen(&[], &["Composite"]), ["coretemp Package"]);
    assert_eq!(chosen(&["nvme*"], &["nvme0"]), ["Composite (nvme1)"]);
}

#[test]
fn host_without_sensors_is_ok_unless_one_is_listed() {
    let verdict = judge_one(&Temperature::default(), &Input::default());
    assert_eq!((verdict.status, verdict.message.as_str()), (Status::Ok, "no temperature sensor"));
    let pattern = Temperature { sensors: list(&["nvme*"]), ..Temperature::default() };
    assert_eq!(judge_one(&pattern, &cpu(99.0)).message, "no temperature sensor is watched");
    let named = Temperature { sensors: list(&["nvme0"]), ..Temperature::default() };
    let verdict = judge_one(&named, &cpu(99.0));
    assert_eq!((verdict.status, verdict.subject.as_str()), (Status::Unknown, "nvme0"));
    assert_eq!(verdict.title, "Temperature sensor not found");
    assert_eq!(verdict.message, "no reading of the temperature sensor nvme0");
}

#[test]
fn name_may_be_any_text() {
    let hostile = "<b>\n\u{1b}[31m*";
    let input = with_sensor(Input::default(), "\u{202e}", hostile, 99.0);
    assert_eq!(statuses(&Temperature::default(), &input), [(hostile.to_owned(), Status::Critical)]);
}

#[test]
fn invalid_settings_are_refused() {
    let refused = Temperature::parse(vec![("hysteresis".to_owned(), Value::Number(-1.0))]);
    assert_eq!(refused, Err("hysteresis is -1: must be a number from 0 to 50, in Cel".to_owned()));
}
