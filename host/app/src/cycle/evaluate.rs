//! Evaluating every instance, on all cores.

use std::time::{Duration, Instant};

use checkpost_model::check::{Evaluation, ModuleSource, SettingValue};
use checkpost_model::metric::Snapshot;
use checkpost_record::{EvaluationInputs, Threshold};
use checkpost_sandbox::{Input, Judged, Prepared, Sandbox};

use super::alerting::AlertPolicy;
use super::inputs::{Past, Previous};
use super::samples::Selection;

/// Evaluates each prepared instance in a fresh store, with the readings that it declared and was granted.
///
/// Built-in checks come first, and take the time that they need. Module files share the time until `deadline`: those that an
/// operator declared come before those that merely lie in the checks directory.
pub(super) fn evaluate<'a>(
    sandbox: &Sandbox,
    prepared: &'a [Prepared],
    histories: Vec<Past>,
    snapshot: &Snapshot,
    previous: &Previous,
    deadline: Instant,
) -> Vec<Evaluation> {
    let host = snapshot.host.labels();
    let selection = Selection::new(&snapshot.samples);
    let turns = sandbox.turns(deadline, prepared.iter().filter(|check| check.instance.module.is_file()).count());
    let evaluate = |(position, check, history): &(usize, &'a Prepared, Past)| {
        let instance = &check.instance;
        let judged = match (&check.ready, history) {
            (Err(failure), _) | (_, Err(failure)) => Judged::failed(failure.clone()),
            (Ok((module, needs)), Ok(history)) => module.evaluate(
                &instance.allowance.limits,
                &Input {
                    time_ms: snapshot.time.as_millisecond().try_into().unwrap_or(0),
                    host: &host,
                    settings: &instance.settings,
                    samples: selection.of(needs, &instance.allowance.grants).to_vec(),
                    history,
                    previous: previous.get(&instance.name).map(Vec::as_slice).unwrap_or_default(),
                },
                Some(&turns).filter(|_| instance.module.is_file()),
            ),
        };
        (*position, evaluation(check, judged))
    };
    let checks =
        prepared.iter().zip(histories).enumerate().map(|(position, (check, history))| (position, check, history));
    let (declared, found): (Vec<_>, Vec<_>) = checks.partition(|(_, check, _)| check.is_declared);
    let mut evaluations = sandbox.map(&declared, evaluate);
    evaluations.extend(sandbox.map(&found, evaluate));
    // In the order of the instances.
    evaluations.sort_by_key(|(position, _)| *position);
    evaluations.into_iter().map(|(_, evaluation)| evaluation).collect()
}

fn evaluation(check: &Prepared, judged: Judged) -> Evaluation {
    let instance = &check.instance;
    Evaluation {
        instance: instance.name.clone(),
        channel: instance.channel.clone(),
        owner: instance.owner.clone(),
        is_found: !check.is_declared,
        module: check.ready.as_ref().ok().map(|(module, _)| module.info.clone()),
        settings: instance.settings.clone(),
        outcome: judged.outcome,
        fuel: judged.fuel,
        // Whole microseconds, as the record is written.
        duration: Duration::from_micros(judged.duration.as_micros() as u64),
    }
}

/// What an instance was given besides readings and settings, for the record.
pub(super) fn inputs(check: &Prepared, previous: &mut Previous, policy: &AlertPolicy<'_>) -> EvaluationInputs {
    let instance = &check.instance;
    EvaluationInputs {
        instance: instance.name.clone(),
        allowance: instance.allowance.clone(),
        previous: previous.remove(&instance.name).unwrap_or_default(),
        rule: policy.rule(&instance.name),
    }
}

/// The line above which one of the percentage checks warns.
pub(super) fn threshold(check: &Prepared) -> Option<Threshold> {
    let percentages = ["cpu", "memory", "disk"].map(ModuleSource::Builtin);
    match check.settings.get("threshold") {
        Some(SettingValue::Number(percent)) if percentages.contains(&check.instance.module) => {
            Some(Threshold { instance: check.instance.name.clone(), percent: *percent })
        }
        _ => None,
    }
}
