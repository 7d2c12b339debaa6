//! The SQLite database. All SQL is in here; nothing in here measures, judges or reads the configuration.
//!
//! `migrations/` has the schema, `docs/reference/database.md` describes it. Which file has the SQL of which table:
//!
//! ```text
//! cycle.rs             runs, hosts, series, samples, process_times, diagnostics, system_metrics   writes a cycle
//! evaluations.rs       evaluations, verdicts, modules, settings                                   writes
//! alerts.rs            alerts                                                                     reads, writes
//! notifications.rs     notifications                                                              reads, writes
//! silences.rs          silences                                                                   reads, writes
//! acknowledgements.rs  acknowledgements                                                           reads, writes
//! outbox/              deliveries, delivery_notifications, routes
//!     enqueue.rs       adds the messages of a transaction
//!     claim.rs         takes the next message of a route
//!     outcome.rs       records whether it was delivered
//!     abandon.rs       ends messages that are not tried any more
//!     list.rs          lists deliveries and routes for operators
//!
//! previous.rs          what a cycle needs of the last one: snapshot, statuses, cost, start times
//! history.rs           past samples, for checks
//! readings.rs          past measures of one subject, for `checkpost alerts`
//! last_run.rs          failures and samples of the last cycle, for `checkpost doctor`
//! metrics.rs           system_metrics, for `checkpost metrics`
//! ```
//!
//! The file itself: `open.rs` opens it, `migrate.rs` recognizes it and updates its schema, `integrity.rs` looks for damage,
//! `file_state.rs` sees it without opening it, `error.rs` says why it cannot be used. `store.rs` has the [`Store`] that the
//! other files add methods to; `row.rs`, `sql.rs` and `time.rs` convert values.

mod acknowledgements;
mod alerts;
mod cycle;
mod error;
mod evaluations;
mod file_state;
mod history;
mod integrity;
mod last_run;
mod metrics;
mod migrate;
mod notifications;
mod open;
mod outbox;
mod previous;
mod readings;
mod row;
mod silences;
mod sql;
mod store;
#[cfg(test)]
mod tests;
mod time;

pub use error::StoreError;
pub use file_state::FileState;
pub use history::{History, HistoryQuery, Window};
pub use integrity::CheckSummary;
pub use last_run::LastFailure;
pub use metrics::MetricsRow;
pub use migrate::SCHEMA_VERSION;
pub use notifications::NotificationFilter;
pub use outbox::{AbandonScope, Abandoned, Abandonment, Claimed, DeliveryFilter, DeliveryRow, Retry, RouteRow};
pub use readings::{Reading, Readings};
pub use silences::Expiry;
pub use store::Store;
