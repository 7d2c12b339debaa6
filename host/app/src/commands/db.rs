//! `checkpost db`: migrates and checks the database.

use checkpost_report::format::{mb, or_absent, time};
use checkpost_store::{CheckSummary, SCHEMA_VERSION, Store};

use crate::cli::Global;

use super::context;
use super::error::CommandError;
use super::exit_code::DONE;
use super::output::print;

/// Creates the database, or migrates it to the schema of this version.
pub(super) fn migrate(global: &Global) -> Result<u8, CommandError> {
    let config = context::config(global, None)?;
    let store = Store::open(&config.database.value)?;
    print(&format!("{}: schema {SCHEMA_VERSION}\n", store.path().display()))?;
    Ok(DONE)
}

/// Checks the whole database for damage.
pub(super) fn check(global: &Global) -> Result<u8, CommandError> {
    let config = context::config(global, None)?;
    let store = Store::open_existing(&config.database.value)?;
    print(&format!("{}: ok\n{}", store.path().display(), text(&store.check()?)))?;
    Ok(DONE)
}

fn text(summary: &CheckSummary) -> String {
    format!(
        "schema {}, {}\n{} runs, {} samples, {} notifications\nfirst run {}, last run {}\n",
        summary.schema_version,
        mb(summary.size_bytes.cast_unsigned()),
        summary.runs,
        summary.samples,
        summary.notifications,
        or_absent(summary.oldest, time),
        or_absent(summary.newest, time),
    )
}
