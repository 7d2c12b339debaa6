//! What a command reads from its surroundings, in one place: environment, working directory, terminal.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use crate::cli::Global;
use crate::config::{Config, Flags, load, process_environment};
use crate::report::style::Style;

use super::{CommandError, note};

/// The configuration, as files, variables and flags have it.
pub(super) fn config(global: &Global, checks: Option<&Path>) -> Result<Config, CommandError> {
    let flags = Flags { config: global.config.clone(), checks: checks.map(Path::to_owned) };
    let cwd = std::env::current_dir().map_err(|source| CommandError::File {
        action: "find the working directory",
        path: PathBuf::from("."),
        source,
    })?;
    let config = load(&flags, &process_environment(), &cwd)?;
    Ok(config)
}

/// Starts the log. One that cannot be written is a warning, not a failed run.
pub(super) fn start_log(config: &Config) {
    if let Err(error) = crate::logging::start(&config.log) {
        note(&format!("warning: cannot write the log {}: {error}", config.log.file.display()));
    }
}

/// The moment that lies `age` back. One before the calendar begins is its beginning.
pub(super) fn since(age: Option<Duration>) -> Option<Timestamp> {
    age.map(|age| Timestamp::now().checked_sub(age).unwrap_or(Timestamp::MIN))
}

/// How stdout wants its text.
pub(super) fn style(global: &Global) -> Style {
    Style::of_stdout(global.ascii)
}
