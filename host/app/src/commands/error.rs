//! Errors of commands: their texts, their exit codes, and how they are reported.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use checkpost_model::check::Failure;
use checkpost_model::clean;
use checkpost_report::nagios;
use checkpost_sandbox::SandboxError;
use checkpost_store::StoreError;

use crate::cli::ReportFormat;
use crate::config::ConfigError;
use crate::cycle::CycleError;
use crate::run::RunError;

use super::exit_code::{DONE, EXIT_CODES, FAILED, PLUGIN_UNKNOWN, USAGE};
use super::suppression::SuppressionError;

/// A command that failed. Displays as one line.
#[derive(Debug, thiserror::Error)]
pub(super) enum CommandError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Cycle(#[from] CycleError),
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    #[error(transparent)]
    Suppression(#[from] SuppressionError),
    #[error("{path}: {failure}")]
    Check { path: String, failure: Failure },
    #[error("cannot pack {path}: {detail}")]
    Pack { path: PathBuf, detail: String },
    #[error("cannot {action} {path}: {source}")]
    File { action: &'static str, path: PathBuf, source: io::Error },
    #[error("no module in quarantine has a digest that starts with {0}: see `checkpost check list`")]
    NotInQuarantine(String),
    #[error("route '{route}': {problems}")]
    Route { route: String, problems: String },
    #[error("there is no route '{route}': {configured}")]
    UnknownRoute { route: String, configured: String },
    #[error("cannot deliver on route '{route}': {error}")]
    NotDelivered { route: String, error: String },
    #[error("{0}")]
    Usage(&'static str),
    #[error("cannot write to standard output: {0}")]
    Output(io::Error),
}

impl CommandError {
    pub(super) fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_)
            | Self::Cycle(CycleError::Config(_))
            | Self::Route { .. }
            | Self::UnknownRoute { .. }
            | Self::Usage(_) => USAGE,
            Self::Run(error) => EXIT_CODES.of(error),
            Self::Suppression(error) if error.is_usage() => USAGE,
            _ => FAILED,
        }
    }
}

/// Reports a failure and returns the exit code, which is UNKNOWN for a plugin.
pub(super) fn fail(error: &str, plugin_format: Option<ReportFormat>, exit_code: u8) -> u8 {
    let line = clean::line(error);
    // A write that fails cannot be reported anywhere. Monitoring systems read only standard output.
    let _ = match plugin_format {
        Some(ReportFormat::Nagios) => writeln!(io::stdout(), "{}", nagios::unknown(&line)),
        _ => writeln!(io::stderr(), "checkpost: error: {line}"),
    };
    if plugin_format.is_some() { PLUGIN_UNKNOWN } else { exit_code }
}

/// Prints the help, the version, or a mistake on the command line, which is UNKNOWN for a plugin.
pub(super) fn usage(error: &clap::Error) -> ExitCode {
    // A write that fails cannot be reported anywhere.
    let _ = error.print();
    let arguments: Vec<_> = std::env::args_os().collect();
    let is_plugin = arguments.iter().any(|argument| argument == "--exit-status" || argument == "--format=nagios")
        || arguments.windows(2).any(|pair| pair[0] == "--format" && pair[1] == "nagios");
    ExitCode::from(match error.use_stderr() {
        false => DONE,
        true if is_plugin => PLUGIN_UNKNOWN,
        true => USAGE,
    })
}
