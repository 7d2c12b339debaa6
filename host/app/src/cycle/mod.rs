//! One cycle, the only module that sees all stages:
//!
//! ```text
//! collect ──▶ snapshot ──▶ evaluate ──▶ alert ──▶ suppress ──▶ route ──▶ store
//! ```
//!
//! `instances` says which checks run, `demand` what must be measured for them, `inputs` and `samples` what each is given,
//! `alerting` what there is to notify. The result is one [`CycleRecord`].

mod alerting;
mod budget;
mod demand;
mod evaluate;
mod inputs;
mod instances;
mod log;
mod samples;

use std::time::{Duration, Instant};

use jiff::Timestamp;

use checkpost_alerting::alert::FoundAllowance;
use checkpost_collect::{self as collect, Request};
use checkpost_record::{CycleRecord, StoredCycle};
use checkpost_sandbox::{Sandbox, SandboxError, SandboxOptions};
use checkpost_store::{Store, StoreError};

use crate::config::{Config, ConfigError};
use crate::delivery::plan_messages;

pub use instances::{Instances, discovered};

/// A cycle that could not be done or stored. Nothing of it is in the database.
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

/// When no more module files are loaded, in a run that started then.
pub fn loading_ends(started: Instant, timeout: Duration) -> Instant {
    started + timeout * 2 / 3
}

/// When no more module files judge. The rest of the run's time is for storing and delivering.
fn judging_ends(started: Instant, timeout: Duration) -> Instant {
    started + timeout * 5 / 6
}

/// Measures, judges and stores, as of `now`. Returns the cycle, and the open database for delivery.
///
/// The caller holds the run lock.
///
/// # Errors
/// When the configuration, the sandbox or the database is at fault. A check that fails is no error: it is `unknown`.
pub fn run(config: &Config, now: Timestamp) -> Result<(StoredCycle, Store), CycleError> {
    let started = Instant::now();
    let instances = Instances::of(config);
    let policy = alerting::AlertPolicy::new(instances.alerting(), &config.alerting);
    let mut sandbox = sandbox(config, &instances)?;
    sandbox.set_deadline(loading_ends(started, config.timeout));
    let judged_by = judging_ends(started, config.timeout);
    // Before the database is touched, since a refused setting must leave nothing behind; and before the CPU window, so that
    // compiling a new module is not measured as load.
    let prepared = instances.prepare(&sandbox)?;

    let mut store = Store::open(&config.database.value)?;
    let previous_snapshot = store.previous_snapshot(&collect::host().boot_id)?;
    let previous_alerts = store.alerts()?;
    let mut previous_statuses = inputs::previous(store.previous_statuses()?, &previous_alerts);
    let (silences, acknowledgements) = (store.silences(now)?, store.acknowledgements()?);

    let demand = demand::demand(&config.collect, &prepared);
    let last_cycle =
        store.last_cycle_cost(demand.wants("checkpost.check.fuel") || demand.wants("checkpost.check.duration"))?;
    let previous = previous_snapshot.as_ref();
    let snapshot = collect::collect(&Request { demand, previous, last_cycle, ..request(config, now) });
    let mut record = CycleRecord::new(env!("CARGO_PKG_VERSION"), snapshot);
    log::measured(&record.snapshot, &record.headline);

    let histories = inputs::histories(&store, &prepared, &record.snapshot, judged_by)?;
    record.evaluations =
        evaluate::evaluate(&sandbox, &prepared, histories, &record.snapshot, &previous_statuses, judged_by);
    let has_found = record.evaluations.iter().any(|evaluation| evaluation.is_found);
    let last_starts = if has_found { store.last_starts(budget::CYCLES)? } else { Vec::new() };
    let found_bytes = budget::found_bytes(config.found_bytes_per_day, &last_starts, now);
    let left = budget::enforce(&mut record.evaluations, &prepared, found_bytes);
    record.evaluations.iter().for_each(log::evaluation);
    record.thresholds = prepared.iter().filter_map(evaluate::threshold).collect();
    record.inputs = prepared.iter().map(|check| evaluate::inputs(check, &mut previous_statuses, &policy)).collect();

    let (host, time) = (&record.snapshot.host.name, record.snapshot.time);
    let suppressors = config.suppression.with(&silences, &acknowledgements, host);
    let allowance = FoundAllowance { bytes: left, message_bytes: budget::message_bytes(&config.routes) };
    let outcome = policy.advance(allowance, &previous_alerts, &record.evaluations, suppressors, time);
    let routes = config.routes.iter().map(|configured| &configured.route);
    record.messages = plan_messages(&store, routes, &outcome.notifications, host, time)?;
    record.notifications = outcome.notifications;
    record.ended_acknowledgements = outcome.ended_acknowledgements;
    record.previous_alerts = previous_alerts;
    record.alerts = outcome.alerts;
    // Whole milliseconds, as the record is written.
    record.duration = Duration::from_millis(started.elapsed().as_millis() as u64);
    let run_id = store.save_cycle(&record)?;
    Ok((StoredCycle { run_id, duration: started.elapsed(), record }, store))
}

/// A collection as configured, of everything there is to measure.
pub fn request(config: &Config, now: Timestamp) -> Request<'_> {
    Request {
        interfaces: config.collect.interfaces.as_deref(),
        disks: config.collect.disks.as_deref(),
        top_processes: config.collect.top_processes,
        ..Request::new(now)
    }
}

/// What the sandbox of these instances needs to know, as configured.
pub fn sandbox_options(config: &Config, instances: &Instances) -> SandboxOptions {
    SandboxOptions {
        wasi: config.wasi,
        compile: config.compile.clone(),
        evaluations: instances.count(),
        modules: instances.modules(),
    }
}

/// A sandbox as configured, for these instances. A cache that cannot be used costs time, not the run.
///
/// # Errors
/// When the engine cannot be made.
pub fn sandbox(config: &Config, instances: &Instances) -> Result<Sandbox, SandboxError> {
    let mut sandbox = Sandbox::new(sandbox_options(config, instances))?;
    if let Err(error) = sandbox.open_cache(&config.cache_dir) {
        tracing::warn!("{error}; every check is compiled again in every run");
    }
    sandbox.set_pin_policy(config.pin_policy.clone());
    Ok(sandbox)
}
