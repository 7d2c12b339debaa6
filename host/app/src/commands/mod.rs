//! The commands: one file each, and the dispatch from the command line.

mod ack;
mod alerts;
mod check;
mod collect;
mod compile_module;
mod completions;
mod config;
mod context;
mod db;
mod deliveries;
mod doctor;
mod error;
mod exit_code;
mod metrics;
mod notifications;
mod notify;
mod output;
mod run;
mod silence;
mod suppression;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{CheckCommand, Cli, Command, ConfigCommand, DbCommand, NotifyCommand, SilenceCommand};

use error::{CommandError, fail, usage};

/// Parses the command line, runs the command and prints its error, if any, on standard error.
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

fn dispatch(cli: &Cli) -> Result<u8, CommandError> {
    let global = &cli.global;
    match &cli.command {
        Command::Run(args) => run::run(global, args),
        Command::Collect(args) => collect::run(global, args),
        Command::Check(CheckCommand::List { format, checks }) => check::list::run(global, *format, checks.as_deref()),
        Command::Check(CheckCommand::Inspect { module, format }) => check::inspect::run(global, module, *format),
        Command::Check(CheckCommand::Lock { check, checks }) => check::pins::run(global, checks.as_deref(), *check),
        Command::Check(CheckCommand::Warm { checks }) => check::warm::run(global, checks.as_deref()),
        Command::Check(CheckCommand::Pack { module, output }) => check::pack::run(module, output),
        Command::Check(CheckCommand::Release { digest }) => check::release::run(global, digest),
        Command::Config(ConfigCommand::Show { checks }) => config::show::run(global, checks.as_deref()),
        Command::Config(ConfigCommand::Check { checks }) => config::check::run(global, checks.as_deref()),
        Command::CompileModule { cpu_seconds, memory_bytes, component } => {
            compile_module::run(*cpu_seconds, *memory_bytes, *component)
        }
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
