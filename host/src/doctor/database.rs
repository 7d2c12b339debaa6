//! The database, and what it tells of the last cycle.

use std::path::Path;

use jiff::Timestamp;

use super::{About, Finding, files, telling};
use crate::config::Config;
use crate::report::format::mb;
use crate::schedule::{self, LastCycle};
use crate::store::{SCHEMA_VERSION, Store, StoreError};

/// Checks that are named; a directory that is gone may take hundreds with it.
const NAMED: usize = 20;

pub(super) fn examine(config: &Config, now: Timestamp, not_ready: &[String], tell: &mut dyn FnMut(Finding)) {
    let path = &config.database.value;
    let store = match Store::open_existing(path) {
        Ok(store) => Some(store),
        Err(error) => {
            tell(unusable(path, &error));
            None
        }
    };
    if let Some(store) = &store {
        tell(whole(path, store));
    }
    files::disk(path).into_iter().for_each(&mut *tell);
    let Some(store) = store else { return };
    // What cannot be read of it by now is in its finding already.
    if let Ok(starts) = store.last_starts(schedule::CYCLES) {
        tell(last_cycle(&LastCycle::of(config.interval, &starts, now)));
    }
    checks(&store, not_ready, tell);
    // As above: what cannot be read is in the finding about the database.
    let _ = telling::deliveries(config, &store, now, tell);
    match store.last_reading("checkpost.clock.synchronized") {
        Ok(Some(synchronized)) if synchronized > 0.0 => tell(About::Clock.ok("kept right")),
        Ok(Some(_)) => {
            let remedy = "start a time service, such as chrony or systemd-timesyncd";
            tell(About::Clock.warning("not kept right, as the kernel had it in the last cycle").remedy(remedy));
        }
        _ => {}
    }
}

/// A database that cannot be opened. The errors have their remedies.
fn unusable(path: &Path, error: &StoreError) -> Finding {
    match error {
        StoreError::Missing { .. } => match files::may_write(path) {
            Ok(()) => About::Database.warning(error.to_string()),
            Err(why) => {
                let text = format!("there is none at {}, and none can be made: {why}", path.display());
                About::Database.failed(text).remedy("let the user that runs checkpost write there")
            }
        },
        StoreError::OlderSchema { .. } | StoreError::Busy { .. } => About::Database.warning(error.to_string()),
        error => About::Database.failed(error.to_string()),
    }
}

fn whole(path: &Path, store: &Store) -> Finding {
    if let Err(error) = store.check_quickly() {
        return About::Database.failed(error.to_string());
    }
    match Store::can_write(path) {
        Ok(()) => {}
        Err(error @ StoreError::Busy { .. }) => return About::Database.warning(error.to_string()),
        Err(error) => return About::Database.failed(error.to_string()),
    }
    if let Err(why) = files::may_lock(path) {
        let text = format!("the lock beside {} cannot be taken: {why}", path.display());
        return About::Database.failed(text).remedy("run as the user that runs checkpost, or remove it");
    }
    if let Some(remedy) = files::other_owner(path) {
        return About::Database.warning(format!("{} belongs to another user", path.display())).remedy(remedy);
    }
    let size = std::fs::metadata(path).map(|metadata| metadata.len()).unwrap_or_default();
    About::Database.ok(format!("{}, schema {SCHEMA_VERSION}, {}, whole, writable", path.display(), mb(size)))
}

fn last_cycle(last: &LastCycle) -> Finding {
    let finding = match last {
        LastCycle::InTime { .. } => About::Cycle.ok(last.to_string()),
        LastCycle::Missing | LastCycle::Ahead { .. } => About::Cycle.warning(last.to_string()),
        LastCycle::Late { .. } => About::Cycle.failed(last.to_string()),
    };
    if last.remedy().is_empty() { finding } else { finding.remedy(last.remedy()) }
}

/// Checks that could not judge in the last cycle, but for those that are told not to be ready by now.
fn checks(store: &Store, not_ready: &[String], tell: &mut dyn FnMut(Finding)) {
    let Ok(failures) = store.last_failures() else { return };
    let failures: Vec<_> = failures.into_iter().filter(|failure| !not_ready.contains(&failure.instance)).collect();
    for failure in failures.iter().take(NAMED) {
        let text =
            format!("'{}' could not judge in the last cycle: {}: {}", failure.instance, failure.reason, failure.detail);
        tell(About::Check.warning(text).remedy("see troubleshooting in docs/operations.md"));
    }
    if let more @ 1.. = failures.len().saturating_sub(NAMED) {
        tell(About::Check.warning(format!("{more} more could not judge in the last cycle")));
    }
}
