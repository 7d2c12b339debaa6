//! One file per command, each with one `run`; here is what they share: dispatch, errors and exit codes.

mod ack;
mod alerts;
mod check;
mod collect;
mod compile_module;
mod completions;
mod config;
mod context;
mod db;
mod deadline;
mod deliveries;
mod doctor;
mod follow;
mod hold;
mod metrics;
mod notifications;
mod notify;
mod run;
mod silence;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use crate::check::Failure;
use crate::cli::{CheckCommand, Cli, Command, ConfigCommand, DbCommand, NotifyCommand, ReportFormat, SilenceCommand};
use crate::config::ConfigError;
use crate::cycle::CycleError;
use crate::report::{json, nagios};
use crate::sandbox::{PackError, SandboxError};
use crate::store::StoreError;

/// Done and stored, alerts or not.
const DONE: u8 = 0;
/// The host failed: nothing was stored, or what was stored could not be reported.
const FAILED: u8 = 1;
/// The command line or the configuration is wrong.
const USAGE: u8 = 2;
/// What every failure is to a system that runs us as a plugin.
const PLUGIN_UNKNOWN: u8 = 3;

/// A command that failed. Displays as one line.
#[derive(Debug, thiserror::Error)]
enum CommandError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Cycle(#[from] CycleError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    #[error(transparent)]
    Hold(#[from] hold::HoldError),
    #[error("{path}: {failure}")]
    Check { path: String, failure: Failure },
    #[error("cannot pack {path}: {source}")]
    Pack { path: PathBuf, source: PackError },
    #[error("cannot lock {path}: {source}: run as a user that may write there")]
    Lock { path: PathBuf, source: io::Error },
    #[error("cannot {action} {path}: {source}")]
    File { action: &'static str, path: PathBuf, source: io::Error },
    #[error("route '{route}': {problems}")]
    Route { route: String, problems: String },
    #[error("no module in quarantine has a digest that begins with {0}: `checkpost check list` shows them")]
    NotInQuarantine(String),
    #[error("cannot write to standard output: {0}")]
    Output(io::Error),
    #[error("{0}")]
    Usage(&'static str),
    #[error("{0}")]
    Unknown(String),
    #[error("route '{route}' does not deliver: {why}")]
    NotDelivered { route: String, why: String },
}

impl CommandError {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_)
            | Self::Cycle(CycleError::Config(_))
            | Self::Route { .. }
            | Self::Usage(_)
            | Self::Unknown(_) => USAGE,
            Self::Hold(error) if error.is_usage() => USAGE,
            _ => FAILED,
        }
    }
}

/// Parses the command line, runs the command and prints its error, if any, on stderr.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let plugin_format = match &cli.command {
        Command::Run(args) => args.plugin_format(),
        _ => None,
    };
    ExitCode::from(dispatch(&cli).unwrap_or_else(|error| fail(&error.to_string(), plugin_format, error.exit_code())))
}

/// Tells of a failure and returns the exit code: for a plugin every failure is UNKNOWN.
fn fail(error: &str, plugin_format: Option<ReportFormat>, exit_code: u8) -> u8 {
    let line = crate::clean::line(error);
    // A plugin is read on stdout. When that, or stderr, is gone there is nobody to tell.
    let _ = match plugin_format {
        Some(ReportFormat::Nagios) => writeln!(io::stdout(), "{}", nagios::unknown(&line)),
        _ => writeln!(io::stderr(), "checkpost: error: {line}"),
    };
    if plugin_format.is_some() { PLUGIN_UNKNOWN } else { exit_code }
}

fn dispatch(cli: &Cli) -> Result<u8, CommandError> {
    let global = &cli.global;
    match &cli.command {
        Command::Run(args) => run::run(global, args),
        Command::Collect(args) => collect::run(global, args),
        Command::Check(CheckCommand::List { format, checks }) => check::list::run(global, *format, checks.as_deref()),
        Command::Check(CheckCommand::Inspect { module, format }) => check::inspect::run(global, module, *format),
        Command::Check(CheckCommand::Lock { check, checks }) => check::lock::run(global, checks.as_deref(), *check),
        Command::Check(CheckCommand::Warm { checks }) => check::warm::run(global, checks.as_deref()),
        Command::Check(CheckCommand::Pack { module, output }) => check::pack::run(module, output),
        Command::Check(CheckCommand::Release { digest }) => check::release::run(global, digest),
        Command::Config(ConfigCommand::Show { checks }) => config::show::run(global, checks.as_deref()),
        Command::Config(ConfigCommand::Check { checks }) => config::check::run(global, checks.as_deref()),
        Command::CompileModule { cpu_seconds, memory_bytes } => compile_module::run(*cpu_seconds, *memory_bytes),
        Command::Metrics(args) => metrics::run(global, args),
        Command::Alerts(args) => alerts::run(global, args),
        Command::Notifications(args) => notifications::run(global, args),
        Command::Deliveries(args) => deliveries::run(global, args),
        Command::Notify(NotifyCommand::Test { route }) => notify::test(global, route),
        Command::Silence(SilenceCommand::Add(args)) => silence::add(global, args),
        Command::Silence(SilenceCommand::List { all, format }) => silence::list(global, *all, *format),
        Command::Silence(SilenceCommand::Expire { id }) => silence::expire(global, *id),
        Command::Ack(args) => ack::run(global, args),
        Command::Doctor { format } => doctor::run(global, *format),
        Command::Db(DbCommand::Migrate) => db::migrate(global),
        Command::Db(DbCommand::Check) => db::check(global),
        Command::Completions { shell } => completions::run(*shell),
    }
}

/// Prints what clap says. `--help` and `--version` are no errors; for a plugin, a wrong option is UNKNOWN.
fn usage(error: &clap::Error) -> ExitCode {
    // When stdout or stderr is gone there is nobody to tell.
    let _ = error.print();
    let arguments: Vec<_> = std::env::args_os().collect();
    let as_plugin = arguments.iter().any(|argument| argument == "--exit-status" || argument == "--format=nagios")
        || arguments.windows(2).any(|pair| pair[0] == "--format" && pair[1] == "nagios");
    match error.use_stderr() {
        false => ExitCode::from(DONE),
        true if as_plugin => ExitCode::from(PLUGIN_UNKNOWN),
        true => ExitCode::from(USAGE),
    }
}

/// Says something on stderr that is no result. When that is gone there is nobody to tell.
fn note(text: &str) {
    let _ = writeln!(io::stderr(), "checkpost: {}", crate::clean::line(text));
}

/// Writes a result to stdout. A reader that went away, as in `| head`, is no error.
fn print(text: &str) -> Result<(), CommandError> {
    write(text).map(|_| ())
}

/// [`print()`], for one of many results: whether there still is a reader.
fn write(text: &str) -> Result<bool, CommandError> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(CommandError::Output(error)),
    }
}

/// Prints a value as JSON, over several lines.
fn print_json(value: &impl serde::Serialize) -> Result<(), CommandError> {
    print(&json_text(serde_json::to_string_pretty(value))?)
}

/// A document as it is written: fit to be shown on a terminal, with a line break at its end.
fn json_text(document: serde_json::Result<String>) -> Result<String, CommandError> {
    let document = document.map_err(|error| CommandError::Output(error.into()))?;
    Ok(json::escaped(&(document + "\n")))
}
