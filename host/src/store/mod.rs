//! The SQLite database: opening, migrating, saving a cycle, reading it back. All SQL is in here; nothing measures or
//! judges. The tables are described in `migrations/` and `docs/database.md`.

mod acknowledgements;
mod alerts;
mod cycle;
mod deliveries;
mod enqueue;
mod error;
mod evaluation;
mod file_state;
mod given_up;
mod health;
mod history;
mod last_run;
mod migrate;
mod open;
mod outbox;
mod previous;
mod query;
mod readings;
mod silences;
mod sql;
#[cfg(test)]
mod tests;
mod time;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

pub use cycle::CycleRecord;
pub use deliveries::{DeliveryFilter, DeliveryRow, RouteRow};
pub use error::StoreError;
pub use file_state::FileState;
pub use given_up::{Doomed, GivenUp, With};
pub use health::CheckSummary;
pub use history::{History, HistoryQuery, Window};
pub use last_run::LastFailure;
pub use migrate::SCHEMA_VERSION;
pub use outbox::{Claimed, Next};
pub use query::{MetricsRow, NotificationFilter, NotificationRow};
pub use readings::{Reading, Readings};
pub use silences::Expiry;
pub use time::public_time;

/// An open database of this schema version.
#[derive(Debug)]
pub struct Store {
    conn: Connection,
    /// For error messages.
    path: PathBuf,
    /// Ids of the series that the last cycle had, by name and labels: the next one mostly has the same, and looking
    /// each up again would be a third of what storing it takes.
    series: HashMap<String, i64>,
}

impl Store {
    /// The file, or `:memory:`.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// An error of SQLite's while doing something with this file: `doing` completes "cannot …".
    fn failed(&self, doing: &'static str) -> impl FnOnce(rusqlite::Error) -> StoreError {
        let path = self.path.clone();
        move |source| StoreError::sqlite(&path, doing, source)
    }
}
