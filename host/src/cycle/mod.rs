//! One cycle: collect ─▶ snapshot ─▶ evaluate ─▶ alert ─▶ store ─▶ report, deliver. The one file that sees all stages.

mod asked;
mod given;
mod instances;
mod outgoing;
mod told;

use std::time::Instant;

use jiff::Timestamp;

use crate::check::{Evaluation, ModuleSource, SettingValue, Status};
use crate::collect::{self, Request};
use crate::config::{Config, ConfigError};
use crate::metric::{Headline, Snapshot};
use crate::report::{CycleReport, Threshold};
use crate::sandbox::{Input, Judged, Prepared, Sandbox, SandboxError, SandboxOptions};
use crate::store::{CycleRecord, Store, StoreError};

pub use instances::{Instances, discovered};
pub use outgoing::{DeliveryError, alarm, deliver};

/// Verdicts of one evaluation that the log spells out.
const LOGGED_VERDICTS: usize = 20;

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

/// Measures, judges and stores, as of `now`. Returns what there is to report, and the database, for what is delivered.
///
/// The caller holds the run lock.
///
/// # Errors
/// When the configuration, the sandbox or the database is at fault. A check that fails is no error: it is `unknown`.
pub fn run(config: &Config, now: Timestamp) -> Result<(CycleReport, Store), CycleError> {
    let started = Instant::now();
    let instances = Instances::of(config);
    let told = told::Told::new(instances.alerting(), &config.alerting);
    let mut sandbox = sandbox(config, &instances)?;
    // The other half is for measuring and storing, so that slow checks are told from a run that hangs.
    let judged_by = started + config.timeout / 2;
    sandbox.end_at(judged_by);
    // Before the database is touched, since a setting that is refused must leave nothing behind; and before the CPU
    // window, so that compiling a new module is not measured as load.
    let prepared = instances.prepare(&sandbox)?;

    let mut store = Store::open(&config.database.value)?;
    let previous_snapshot = store.previous_snapshot(&collect::host().boot_id)?;
    let previous_alerts = store.alerts()?;
    let previous_statuses = given::previous(store.previous_statuses()?, &previous_alerts);
    let (silences, acknowledgements) = (store.silences(now)?, store.acknowledgements()?);

    let demand = asked::demand(&config.collect, &prepared);
    let last_cycle =
        store.last_cycle(demand.wants("checkpost.check.fuel") || demand.wants("checkpost.check.duration"))?;
    let previous = previous_snapshot.as_ref();
    let snapshot = collect::collect(&Request { demand, previous, last_cycle, ..request(config, now) });
    let headline = Headline::of(&snapshot);
    log_metrics(&headline);
    for diagnostic in &snapshot.diagnostics {
        tracing::warn!("{}: {}", diagnostic.source, diagnostic.message);
    }

    let histories = given::histories(&store, &prepared, &snapshot, judged_by)?;
    let evaluations = evaluate_all(&sandbox, &prepared, histories, &snapshot, &previous_statuses);
    evaluations.iter().for_each(log_evaluation);
    let quiet = config.quiet.with(&silences, &acknowledgements, &snapshot.host.name);
    let news = told.advance(&previous_alerts, &evaluations, quiet, snapshot.time);

    let deliveries = outgoing::messages(&store, config, &news.notifications, &snapshot.host.name, snapshot.time)?;

    let duration = started.elapsed();
    let run_id = store.save_cycle(&CycleRecord {
        snapshot: &snapshot,
        headline: &headline,
        evaluations: &evaluations,
        alerts: &news.alerts,
        notifications: &news.notifications,
        deliveries: &deliveries,
        ended_acknowledgements: &news.ended_acknowledgements,
        duration,
    })?;
    let report = CycleReport {
        run_id,
        time: snapshot.time,
        host: snapshot.host,
        headline,
        thresholds: prepared.iter().filter_map(threshold).collect(),
        evaluations,
        notifications: news.notifications,
        samples: snapshot.samples,
        diagnostics: snapshot.diagnostics,
        duration: started.elapsed(),
    };
    Ok((report, store))
}

/// A collection as configured, of all that there is.
pub fn request(config: &Config, now: Timestamp) -> Request<'_> {
    Request {
        interfaces: config.collect.interfaces.as_deref(),
        disks: config.collect.disks.as_deref(),
        top_processes: config.collect.top_processes,
        ..Request::new(now)
    }
}

/// A sandbox as configured, for these instances. A cache that cannot be used costs time, not the run.
///
/// # Errors
/// When the engine cannot be made.
pub fn sandbox(config: &Config, instances: &Instances) -> Result<Sandbox, SandboxError> {
    let options = SandboxOptions {
        wasi: config.wasi,
        compile: config.compile.clone(),
        evaluations: instances.count(),
        modules: instances.modules(),
    };
    let mut sandbox = Sandbox::new(options)?;
    if let Err(error) = sandbox.cache_in(&config.cache_dir) {
        tracing::warn!("{error}; every check is compiled again in every run");
    }
    sandbox.lock_to(config.lock.clone());
    Ok(sandbox)
}

fn evaluate_all(
    sandbox: &Sandbox,
    prepared: &[Prepared],
    histories: Vec<given::Past>,
    snapshot: &Snapshot,
    previous: &given::Previous,
) -> Vec<Evaluation> {
    let host = snapshot.host.labels();
    let checks: Vec<_> = prepared.iter().zip(histories).collect();
    sandbox.map(&checks, |(check, history)| {
        let instance = &check.instance;
        let judged = match (&check.ready, history) {
            (Err(failure), _) | (_, Err(failure)) => Judged::failed(failure.clone()),
            (Ok((module, needs)), Ok(history)) => module.evaluate(
                &instance.allowance.limits,
                &Input {
                    time_ms: snapshot.time.as_millisecond().try_into().unwrap_or(0),
                    host: &host,
                    settings: &instance.settings,
                    samples: given::samples(&snapshot.samples, needs, &instance.allowance.grants),
                    history,
                    previous: previous.get(&instance.name).map(Vec::as_slice).unwrap_or_default(),
                },
            ),
        };
        Evaluation {
            instance: instance.name.clone(),
            channel: instance.channel.clone(),
            owner: instance.owner.clone(),
            module: check.ready.as_ref().ok().map(|(module, _)| module.info.clone()),
            settings: instance.settings.clone(),
            outcome: judged.outcome,
            fuel: judged.fuel,
            duration: judged.duration,
        }
    })
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
        Err(failure) => {
            tracing::error!("Check {check} could not judge: {failure}");
            for line in failure.stderr.lines() {
                tracing::error!("Check {check} wrote: {line}");
            }
        }
    }
}
