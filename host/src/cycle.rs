//! One cycle: collect ─▶ snapshot ─▶ evaluate ─▶ alert ─▶ store ─▶ report. The one file that sees all stages.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use jiff::Timestamp;

use crate::alert;
use crate::check::{
    CheckInstance, DEFAULT_CHANNEL, Evaluation, Failure, ModuleSource, Reason, SettingValue, Settings, Status, discover,
};
use crate::clean;
use crate::collect::{self, Request};
use crate::config::{Config, ConfigError, ConfiguredCheck, Origin};
use crate::metric::{Headline, Sample, Snapshot};
use crate::report::{CycleReport, Threshold};
use crate::sandbox::{Input, Judged, Need, Prepared, Sandbox, SandboxError, prepare};
use crate::store::{CycleRecord, Store, StoreError};

/// Verdicts of one evaluation that the log spells out.
const LOGGED_VERDICTS: usize = 20;

/// What each instance said last time it could judge: (subject, status).
type Previous = BTreeMap<String, Vec<(String, Status)>>;

/// A cycle that could not be done, or not be stored. Nothing of it is in the database.
#[derive(Debug, thiserror::Error)]
pub enum CycleError {
    /// The configuration is at fault.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The sandbox could not be made.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// The database is at fault.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Measures, judges and stores, as of `now`.
///
/// The caller holds the run lock.
///
/// # Errors
/// When the configuration, the sandbox or the database is at fault. A check that fails is no error: it is `unknown`.
pub fn run(config: &Config, now: Timestamp) -> Result<CycleReport, CycleError> {
    let started = Instant::now();
    let mut sandbox = sandbox(config)?;
    // The other half is for measuring and storing, so that slow checks are told from a run that hangs.
    sandbox.end_at(started + config.timeout / 2);
    // Before the database is touched, since a setting that is refused must leave nothing behind; and before the CPU
    // window, so that compiling a new module is not measured as load.
    let prepared = prepared(config, &sandbox)?;

    let mut store = Store::open(&config.database.value)?;
    let previous_snapshot = store.previous_snapshot(&collect::host().boot_id)?;
    let previous_statuses = store.previous_statuses()?;

    let interfaces = config.collect.interfaces.as_deref();
    let previous = previous_snapshot.as_ref();
    let snapshot = collect::collect(&Request { previous, interfaces, ..Request::new(now) });
    let headline = Headline::of(&snapshot);
    log_metrics(&headline);
    for diagnostic in &snapshot.diagnostics {
        tracing::warn!("{}: {}", diagnostic.source, diagnostic.message);
    }

    let evaluations = evaluate_all(&sandbox, &prepared, &snapshot, &previous_statuses);
    evaluations.iter().for_each(log_evaluation);
    let notifications = alert::notifications(&evaluations);

    let duration = started.elapsed();
    let run_id = store.save_cycle(&CycleRecord {
        snapshot: &snapshot,
        headline: &headline,
        evaluations: &evaluations,
        notifications: &notifications,
        duration,
    })?;
    Ok(CycleReport {
        run_id,
        time: snapshot.time,
        host: snapshot.host,
        headline,
        thresholds: prepared.iter().filter_map(threshold).collect(),
        evaluations,
        notifications,
        diagnostics: snapshot.diagnostics,
        duration: started.elapsed(),
    })
}

/// A sandbox with the configured limits, cache and pins. A cache that cannot be used costs time, not the run.
///
/// # Errors
/// When the engine cannot be made.
pub fn sandbox(config: &Config) -> Result<Sandbox, SandboxError> {
    let mut sandbox = Sandbox::new(config.limits.clone())?;
    if let Err(error) = sandbox.cache_in(&config.cache_dir) {
        tracing::warn!("{error}; every check is compiled again in every run");
    }
    sandbox.lock_to(config.lock.clone());
    Ok(sandbox)
}

/// Every instance, ready to judge: the configured ones, and one for every other module in the checks directory.
///
/// # Errors
/// Settings that the operator wrote and a check does not know, or refuses.
pub fn prepared(config: &Config, sandbox: &Sandbox) -> Result<Vec<Prepared>, ConfigError> {
    let mut checks = config.checks.clone();
    match discovered(config) {
        Ok(found) => {
            checks.extend(found.into_iter().map(unregistered));
            prepare(sandbox, &checks)
        }
        Err(error) => {
            let mut prepared = prepare(sandbox, &checks)?;
            prepared.push(unreadable(&config.checks_dir.value, &error));
            Ok(prepared)
        }
    }
}

/// An instance for every module in the checks directory that no `[[check]]` names.
///
/// # Errors
/// When the directory is there and cannot be read.
pub fn discovered(config: &Config) -> io::Result<Vec<CheckInstance>> {
    let taken: Vec<&str> = config.checks.iter().map(|check| check.instance.name.as_str()).collect();
    discover(&config.checks_dir.value, &config.claimed_modules, &taken)
}

fn unregistered(instance: CheckInstance) -> ConfiguredCheck {
    let origin = Origin::CheckDirectory(PathBuf::from(instance.module.to_string()));
    ConfiguredCheck { instance, origin, setting_origins: BTreeMap::new() }
}

/// Stands for the checks of a directory that cannot be read: they must not go missing unseen.
fn unreadable(directory: &Path, error: &io::Error) -> Prepared {
    let detail = format!("cannot read {}: {error}", clean::line(&directory.display().to_string()));
    Prepared {
        // No instance is called so: the name has a space.
        instance: CheckInstance {
            name: "checks directory".to_owned(),
            module: ModuleSource::File(directory.to_owned()),
            settings: Settings::new(),
            channel: DEFAULT_CHANNEL.to_owned(),
        },
        settings: Settings::new(),
        ready: Err(Failure::new(Reason::Unreadable, detail)),
    }
}

fn evaluate_all(sandbox: &Sandbox, prepared: &[Prepared], snapshot: &Snapshot, previous: &Previous) -> Vec<Evaluation> {
    let host = snapshot.host.labels();
    let evaluate = |check: &Prepared| {
        let instance = &check.instance;
        let judged = match &check.ready {
            Err(failure) => Judged::failed(failure.clone()),
            Ok((module, needs)) => module.evaluate(
                sandbox,
                &Input {
                    time_ms: snapshot.time.as_millisecond().try_into().unwrap_or(0),
                    host: &host,
                    settings: &instance.settings,
                    samples: needed(&snapshot.samples, needs),
                    previous: previous.get(&instance.name).map(Vec::as_slice).unwrap_or_default(),
                },
            ),
        };
        Evaluation {
            instance: instance.name.clone(),
            channel: instance.channel.clone(),
            module: check.ready.as_ref().ok().map(|(module, _)| module.info.clone()),
            settings: instance.settings.clone(),
            outcome: judged.outcome,
            fuel: judged.fuel,
            duration: judged.duration,
        }
    };
    prepared.iter().map(evaluate).collect()
}

/// The readings that a check declared, and no others.
fn needed<'a>(samples: &'a [Sample], needs: &[Need]) -> Vec<&'a Sample> {
    samples.iter().filter(|sample| needs.iter().any(|need| need.matches(sample))).collect()
}

/// The line that one of the percentage checks warns above.
fn threshold(check: &Prepared) -> Option<Threshold> {
    let percentages = ["cpu", "memory", "disk"].map(ModuleSource::Builtin);
    match check.settings.get("threshold") {
        Some(SettingValue::Number(percent)) if percentages.contains(&check.instance.module) => {
            Some(Threshold { instance: check.instance.name.clone(), percent: *percent })
        }
        _ => None,
    }
}

fn log_metrics(headline: &Headline) {
    let percent = |value: Option<f64>| value.map_or("n/a".to_owned(), |value| format!("{value:.1}%"));
    tracing::debug!(
        "Metrics collected: CPU={}, Memory={}, Disk={}",
        percent(headline.cpu_percent),
        percent(headline.memory_percent),
        percent(headline.disk_percent)
    );
}

fn log_evaluation(evaluation: &Evaluation) {
    let check = &evaluation.instance;
    match &evaluation.outcome {
        Ok(verdicts) => {
            let raised = || verdicts.iter().filter(|verdict| verdict.status != Status::Ok);
            for verdict in raised().take(LOGGED_VERDICTS) {
                match verdict.status {
                    Status::Critical => tracing::error!("CRITICAL: {check}: {}", verdict.message),
                    _ => tracing::warn!("{check}: {}", verdict.message),
                }
            }
            if let more @ 1.. = raised().count().saturating_sub(LOGGED_VERDICTS) {
                tracing::warn!("{check}: and {more} more; see the notifications");
            }
            let duration_us = evaluation.duration.as_micros() as u64;
            tracing::debug!(fuel = evaluation.fuel, duration_us, "Check {check}: {}", evaluation.status().level());
        }
        Err(failure) => tracing::error!("Check {check} could not judge: {failure}"),
    }
}
