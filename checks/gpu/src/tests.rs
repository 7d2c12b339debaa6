#![allow(clippy::unwrap_used)]
use checkpost_sdk::{Settings, Value};

use super::*;

const CARD: &str = "NVIDIA H100 80GB HBM3";

fn with(input: Input, metric: &str, id: &str, value: f64) -> Input {
    input.with_sample(metric, &[(ID, id), ("hw.name", CARD)], value)
}

/// An idle GPU.
fn with_gpu(input: Input, id: &str) -> Input {
    let readings = [(UTILIZATION, 0.35), (MEMORY, 0.2), (TEMPERATURE, 41.0), (POWER, 70.0), (POWER_LIMIT, 700.0)];
    readings.into_iter().fold(input, |input, (metric, value)| with(input, metric, id, value))
}

/// A GPU with one reading only.
fn only(metric: &str, value: f64) -> Input {
    with(Input::default(), metric, "gpu0", value)
}

fn throttled(reasons: &[(&str, f64)]) -> Input {
    reasons.iter().fold(with_gpu(Input::default(), "gpu0"), |input, (reason, value)| {
        input.with_sample(THROTTLED, &[(REASON, reason), (ID, "gpu0"), ("hw.name", CARD)], *value)
    })
}

fn with_errors(input: Input, kind: &str, errors: f64) -> Input {
    let labels = [("error.type", kind), (ID, "gpu0"), ("hw.name", CARD), ("hw.type", "gpu")];
    input.with_sample(ERRORS, &labels, errors)
}

/// The only verdict.
fn judge(check: &Gpu, input: &Input) -> Verdict {
    let mut verdicts = check.evaluate(input).unwrap();
    assert_eq!(verdicts.len(), 1);
    verdicts.remove(0)
}

#[test]
fn idle_gpu_is_ok_and_its_readings_are_listed() {
    let verdict = judge(&Gpu::default(), &with_gpu(Input::default(), "gpu0"));
    assert_eq!((verdict.status, verdict.subject.as_str(), verdict.title.as_str()), (Status::Ok, "gpu0", "GPU"));
    assert_eq!(verdict.message, "gpu0: memory 20.0%, temperature 41.0 °C, utilization 35.0%, power 10.0%");
    assert_eq!(verdict.measures[0], Measure::new("memory", 20.0, "%").warning(90.0).critical(95.0));
    assert_eq!(verdict.measures[1], Measure::new("temperature", 41.0, "Cel").warning(85.0).critical(90.0));
    assert_eq!(verdict.measures[2], Measure::new("utilization", 35.0, "%"));
}

#[test]
fn memory_and_temperature_are_judged_by_default() {
    for (metric, value, status, title) in [
        (MEMORY, 0.9, Status::Ok, "GPU"),
        (MEMORY, 0.91, Status::Warning, "High GPU memory usage"),
        (MEMORY, 0.96, Status::Critical, "High GPU memory usage"),
        (TEMPERATURE, 85.0, Status::Ok, "GPU"),
        (TEMPERATURE, 86.0, Status::Warning, "Hot GPU"),
        (TEMPERATURE, 91.0, Status::Critical, "Hot GPU"),
    ] {
        let verdict = judge(&Gpu::default(), &only(metric, value));
        assert_eq!((verdict.status, verdict.title.as_str()), (status, title), "{metric} {value}");
    }
    let hot = judge(&Gpu::default(), &only(TEMPERATURE, 86.0));
    assert_eq!(hot.message, "gpu0: temperature 86.0 °C (limit: 85 °C)");
}

#[test]
fn utilization_and_power_are_judged_only_with_a_threshold() {
    let busy = with(with(only(UTILIZATION, 1.0), POWER, "gpu0", 690.0), POWER_LIMIT, "gpu0", 700.0);
    assert_eq!(judge(&Gpu::default(), &busy).status, Status::Ok);
    let check = Gpu { utilization_threshold: Some(99.0), ..Gpu::default() };
    assert_eq!(judge(&check, &busy).message, "gpu0: utilization 100.0% (limit: 99%)");
    let check = Gpu { power_threshold: Some(95.0), power_critical: Some(98.0), ..Gpu::default() };
    let verdict = judge(&check, &busy);
    assert_eq!((verdict.status, verdict.message.as_str()), (Status::Critical, "gpu0: power 98.6% (limit: 95%)"));
    let no_limit = judge(&check, &with(only(POWER, 690.0), POWER_LIMIT, "gpu0", 0.0));
    assert_eq!((no_limit.status, no_limit.message.as_str()), (Status::Ok, "gpu0: no reading"));
}

#[test]
fn slowdown_is_a_warning_for_listed_reasons() {
    let idle = throttled(&[("gpu_idle", 1.0), ("hw_slowdown", 0.0), ("sw_power_cap", 1.0)]);
    assert_eq!(judge(&Gpu::default(), &idle).status, Status::Ok);
    let hot = throttled(&[("hw_slowdown", 1.0), ("hw_thermal_slowdown", 1.0), ("sw_power_cap", 1.0)]);
    let verdict = judge(&Gpu::default(), &hot);
    assert_eq!((verdict.status, verdict.title.as_str()), (Status::Warning, "GPU slowed down"));
    assert_eq!(verdict.message, "gpu0: slowed down (hw_slowdown, hw_thermal_slowdown)");
    assert_eq!(judge(&Gpu { throttle_reasons: Vec::new(), ..Gpu::default() }, &hot).status, Status::Ok);
    let any = Gpu { throttle_reasons: vec!["sw_*".to_owned()], ..Gpu::default() };
    assert_eq!(judge(&any, &hot).message, "gpu0: slowed down (sw_power_cap)");
}

#[test]
fn uncorrected_errors_are_critical() {
    let input = with_errors(with_gpu(Input::default(), "gpu0"), "corrected", 9.0);
    assert_eq!(judge(&Gpu::default(), &with_errors(input.clone(), "uncorrected", 0.0)).status, Status::Ok);
    let faulty = with_errors(input, "uncorrected", 2.0);
    let verdict = judge(&Gpu::default(), &faulty);
    assert_eq!((verdict.status, verdict.title.as_str()), (Status::Critical, "GPU memory errors"));
    assert_eq!(verdict.message, "gpu0: uncorrected errors 2 (limit: 0)");
    assert_eq!(judge(&Gpu { ecc: false, ..Gpu::default() }, &faulty).status, Status::Ok);
}

#[test]
fn gpus_have_one_verdict_each() {
    let input = with_gpu(with_gpu(Input::default(), "gpu1"), "gpu0");
    let input = with_errors(input, "uncorrected", 1.0);
    let verdicts = Gpu::default().evaluate(&input).unwrap();
    let statuses: Vec<_> = verdicts.iter().map(|verdict| (verdict.subject.as_str(), verdict.status)).collect();
    assert_eq!(statuses, [("gpu0", Status::Critical), ("gpu1", Status::Ok)]);
}

#[test]
fn raised_gpu_clears_at_a_share_of_its_thresholds() {
    let check = Gpu { clear: Some(90.0), ..Gpu::default() };
    let raised = |degrees| judge(&check, &only(TEMPERATURE, degrees).with_previous("gpu0", Status::Critical));
    assert_eq!(raised(77.0).message, "gpu0: temperature 77.0 °C (limit: 85 °C, clears at 76.5 °C)");
    assert_eq!(raised(76.5).status, Status::Ok);
    assert_eq!(judge(&check, &only(TEMPERATURE, 80.0)).status, Status::Ok);
}

#[test]
fn host_without_gpus_is_ok_unless_there_is_a_minimum() {
    let verdict = judge(&Gpu::default(), &Input::default());
    assert_eq!((verdict.status, verdict.message.as_str()), (Status::Ok, "no GPU"));
    let two = Gpu { minimum: 2.0, ..Gpu::default() };
    let verdict = judge(&two, &Input::default());
    assert_eq!((verdict.status, verdict.title.as_str()), (Status::Critical, "GPU missing"));
    assert_eq!(verdict.message, "0 GPUs (minimum: 2)");
    let one = with_gpu(Input::default(), "gpu0");
    let verdicts = two.evaluate(&one).unwrap();
    assert_eq!((verdicts[0].subject.as_str(), verdicts[0].message.as_str()), ("", "1 GPU (minimum: 2)"));
    assert_eq!((verdicts[1].subject.as_str(), verdicts[1].status), ("gpu0", Status::Ok));
    let verdicts = two.evaluate(&with_gpu(one, "gpu1")).unwrap();
    assert_eq!((verdicts[0].status, verdicts[0].message.as_str()), (Status::Ok, "2 GPUs"));
}

#[test]
fn invalid_settings_are_refused() {
    let needs = |check: Gpu| check.needs().unwrap_err();
    let refused = needs(Gpu { power_critical: Some(99.0), ..Gpu::default() });
    assert_eq!(refused, "power_critical is 99: must not be set without power_threshold");
    let refused = needs(Gpu { utilization_critical: Some(99.0), ..Gpu::default() });
    assert_eq!(refused, "utilization_critical is 99: must not be set without utilization_threshold");
    assert_eq!(needs(Gpu { minimum: 0.5, ..Gpu::default() }), "minimum is 0.5: must be a whole number");
    let refused = Gpu::parse(vec![("ecc".to_owned(), Value::Number(1.0))]);
    assert_eq!(refused, Err("ecc is 1: must be true or false".to_owned()));
}
