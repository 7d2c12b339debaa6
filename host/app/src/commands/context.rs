//! The surroundings of a command: configuration, working directory, terminal, clock.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use checkpost_report::style::Style;

use crate::cli::Global;
use crate::config::{Config, Flags, load, process_environment};
use crate::logging;

use super::error::CommandError;
use super::output::note;

/// The configuration by files, variables and flags.
pub(super) fn config(global: &Global, checks: Option<&Path>) -> Result<Config, CommandError> {
    let flags = Flags { config: global.config.clone(), checks: checks.map(Path::to_owned) };
    let cwd = std::env::current_dir().map_err(|source| CommandError::File {
        action: "find the working directory",
        path: PathBuf::from("."),
        source,
    })?;
    Ok(load(&flags, &process_environment(), &cwd)?)
}

/// Starts the log. A log that cannot be written is a warning and does not fail the run.
pub(super) fn start_log(config: &Config) {
    if let Err(error) = logging::start(&config.log) {
        note(&format!("warning: cannot write the log {}: {error}", config.log.file.display()));
    }
}

/// The time `age` ago; before the start of the calendar, that start.
pub(super) fn since(age: Option<Duration>) -> Option<Timestamp> {
    age.map(|age| Timestamp::now().checked_sub(age).unwrap_or(Timestamp::MIN))
}

/// The style of text on standard output.
pub(super) fn style(global: &Global) -> Style {
    Style::of_stdout(global.ascii)
}
