//! The database: its integrity, and its records of the last cycle.

use std::path::Path;

use jiff::Timestamp;

use checkpost_report::format::{count, mb};
use checkpost_store::{SCHEMA_VERSION, Store, StoreError};

use crate::config::Config;
use crate::schedule::{self, Freshness};

use super::finding::{About, Finding};
use super::{delivery, files};

/// How many failed checks are named. If a directory is missing, hundreds of checks may fail.
const MAX_NAMED: usize = 20;

pub(super) fn examine(config: &Config, now: Timestamp, not_ready: &[String], report: &mut dyn FnMut(Finding)) {
    let path = &config.database.value;
    let store = match Store::open_existing(path) {
        Ok(store) => Some(store),
        Err(error) => {
            report(unusable(path, &error));
            None
        }
    };
    if let Some(store) = &store {
        report(integrity(path, store));
    }
    files::disk(path).into_iter().for_each(&mut *report);
    let Some(store) = store else { return };
    // Errors are ignored here and below: if the database cannot be read, the finding above says so.
    if let Ok(starts) = store.last_starts(schedule::CYCLES) {
        report(last_cycle(&Freshness::of(config.interval, &starts, now)));
    }
    failed_checks(&store, not_ready, report);
    let _ = delivery::deliveries(config, &store, now, report);
    match store.last_reading("checkpost.clock.synchronized") {
        Ok(Some(synchronized)) if synchronized > 0.0 => report(About::Clock.ok("synchronized")),
        Ok(Some(_)) => {
            let remedy = "start a time service, such as chrony or systemd-timesyncd";
            report(About::Clock.warning("not synchronized in the last cycle").remedy(remedy));
        }
        _ => {}
    }
}

/// A database that cannot be opened. Most errors name their remedy.
fn unusable(path: &Path, error: &StoreError) -> Finding {
    match error {
        StoreError::Missing { .. } => match files::may_write(path) {
            Ok(()) => About::Database.warning(error.to_string()),
            Err(error) => {
                let text = format!("there is none at {}, and it cannot be created: {error}", path.display());
                About::Database.failed(text).remedy("let the user that runs checkpost write there")
            }
        },
        StoreError::OlderSchema { .. } | StoreError::Busy { .. } => About::Database.warning(error.to_string()),
        error => About::Database.failed(error.to_string()),
    }
}

fn integrity(path: &Path, store: &Store) -> Finding {
    if let Err(error) = store.check_quickly() {
        return About::Database.failed(error.to_string());
    }
    match Store::can_write(path) {
        Ok(()) => {}
        Err(error @ StoreError::Busy { .. }) => return About::Database.warning(error.to_string()),
        Err(error) => return About::Database.failed(error.to_string()),
    }
    if let Err(error) = files::may_lock(path) {
        let text = format!("the run lock of {} cannot be taken: {error}", path.display());
        return About::Database.failed(text).remedy("run as the user that runs checkpost, or remove the lock file");
    }
    if let Some(remedy) = files::other_owner(path) {
        return About::Database.warning(format!("{} belongs to another user", path.display())).remedy(remedy);
    }
    let size = std::fs::metadata(path).map(|metadata| metadata.len()).unwrap_or_default();
    About::Database.ok(format!("{}, schema {SCHEMA_VERSION}, {}, intact, writable", path.display(), mb(size)))
}

fn last_cycle(last: &Freshness) -> Finding {
    let finding = match last {
        Freshness::InTime { .. } => About::Cycle.ok(last.to_string()),
        Freshness::Missing | Freshness::Ahead { .. } => About::Cycle.warning(last.to_string()),
        Freshness::Late { .. } => About::Cycle.failed(last.to_string()),
    };
    if last.remedy().is_empty() { finding } else { finding.remedy(last.remedy()) }
}

/// Reports checks that could not judge in the last cycle, except those that are already reported as not ready.
fn failed_checks(store: &Store, not_ready: &[String], report: &mut dyn FnMut(Finding)) {
    let Ok(failures) = store.last_failures() else { return };
    let failures: Vec<_> = failures.into_iter().filter(|failure| !not_ready.contains(&failure.instance)).collect();
    for failure in failures.iter().take(MAX_NAMED) {
        let text =
            format!("'{}' could not judge in the last cycle: {}: {}", failure.instance, failure.reason, failure.detail);
        report(About::Check.warning(text).remedy("see docs/how-to/troubleshoot.md"));
    }
    if let more @ 1.. = failures.len().saturating_sub(MAX_NAMED) {
        let text = format!("{} could not judge in the last cycle", count(more, "more check"));
        report(About::Check.warning(text));
    }
}
