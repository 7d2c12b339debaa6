//! The command line: commands, options and their help. `commands` executes them.

mod check;
mod format;
mod lists;
mod suppression;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

use checkpost_model::metric::catalog::Source;
use checkpost_sandbox::compile;

use crate::config::parse_duration;

pub use check::CheckCommand;
pub use format::{CollectFormat, ListFormat, ReportFormat};
pub use lists::{AlertsArgs, DeliveriesArgs, ListArgs, NotificationsArgs};
pub use suppression::{AckArgs, SilenceAddArgs, SilenceCommand};

const EXIT_CODES: &str = "\
Exit codes: 0 done (alerts or not), 1 failed, 2 wrong usage or configuration.
With `run --exit-status` or `run --format nagios`: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN; every failure is 3.";

/// Measure this machine, judge the readings with sandboxed WebAssembly checks, store both in SQLite, and notify.
#[derive(Debug, Parser)]
#[command(name = "checkpost", version, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
pub struct Global {
    /// Configuration file [default: $CHECKPOST_CONFIG, ./checkpost.toml, /etc/checkpost/checkpost.toml]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print ASCII only
    #[arg(long, global = true)]
    pub ascii: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Measure this machine, judge the readings, store both and report
    Run(RunArgs),
    /// Measure this machine and print the readings; judge and store nothing
    Collect(CollectArgs),
    /// List, inspect, pin, compile and pack checks
    #[command(subcommand)]
    Check(CheckCommand),
    /// Show or check the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Show the stored headline metrics, newest first
    Metrics(ListArgs),
    /// Show current alerts
    Alerts(AlertsArgs),
    /// Show stored notifications, newest first
    Notifications(NotificationsArgs),
    /// Show pending, delivered and abandoned messages, newest first
    Deliveries(DeliveriesArgs),
    /// Test notification routes
    #[command(subcommand)]
    Notify(NotifyCommand),
    /// Add, list and end silences
    #[command(subcommand)]
    Silence(SilenceCommand),
    /// Acknowledge an alert
    Ack(AckArgs),
    /// Diagnose the installation and suggest remedies
    Doctor {
        /// Output format
        #[arg(long, value_enum, default_value = "text")]
        format: ListFormat,
    },
    /// Create, migrate or verify the database
    #[command(subcommand)]
    Db(DbCommand),
    /// Compile one module from standard input to standard output, within limits
    #[command(name = compile::COMMAND, hide = true)]
    CompileModule {
        /// Limit of processor time, in seconds
        cpu_seconds: u64,
        /// Limit of memory, in bytes
        memory_bytes: u64,
        /// Make a component instead of machine code
        #[arg(long)]
        component: bool,
    },
    /// Print a completion script for a shell
    Completions {
        /// Shell
        shell: Shell,
    },
}

/// `checkpost run`
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    pub format: ReportFormat,
    /// Print the report only if a notification was stored that is not suppressed, so that cron mails only changes and
    /// reminders
    #[arg(long, short)]
    pub quiet: bool,
    /// Exit with the status of the worst check: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN
    #[arg(long)]
    pub exit_status: bool,
    /// Checks directory
    #[arg(long, value_name = "DIR")]
    pub checks: Option<PathBuf>,
}

impl RunArgs {
    /// Whether the exit code is a status, as systems that run monitoring plugins expect.
    pub fn is_plugin(&self) -> bool {
        self.plugin_format().is_some()
    }

    /// The format of a run as a monitoring plugin; `None` for any other run.
    pub fn plugin_format(&self) -> Option<ReportFormat> {
        (self.exit_status || self.format == ReportFormat::Nagios).then_some(self.format)
    }
}

/// `checkpost collect`
#[derive(Debug, Args)]
pub struct CollectArgs {
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    pub format: CollectFormat,
    /// Measure only this source: cpu, memory, disk, process, ...; can be given several times
    #[arg(long = "source", value_name = "NAME", value_parser = parse_source)]
    pub sources: Vec<Source>,
    /// Also watch the processes of this name, in which `*` stands for any text; can be given several times
    #[arg(long = "process", value_name = "NAME")]
    pub processes: Vec<String>,
    /// Measure again and again at this interval, with rates in between: 2s, 1m
    #[arg(long, value_name = "INTERVAL", value_parser = parse_watch)]
    pub watch: Option<Duration>,
}

fn parse_source(text: &str) -> Result<Source, String> {
    let names = || Source::ALL.map(Source::name).join(", ");
    Source::parse(text).ok_or_else(|| format!("must be one of {}", names()))
}

fn parse_watch(text: &str) -> Result<Duration, String> {
    // Rates need most of a second; an interval above a day is a mistake.
    let range = Duration::from_secs(1)..=Duration::from_secs(86_400);
    parse_duration(text).and_then(|interval| match range.contains(&interval) {
        true => Ok(interval),
        false => Err("must be from 1s to 24h".to_owned()),
    })
}

/// `checkpost config`
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print the effective configuration, each value with its origin
    Show {
        /// Checks directory
        #[arg(long, value_name = "DIR")]
        checks: Option<PathBuf>,
    },
    /// Check the configuration, including checks, their settings, and routes
    Check {
        /// Checks directory
        #[arg(long, value_name = "DIR")]
        checks: Option<PathBuf>,
    },
}

/// `checkpost notify`
#[derive(Debug, Subcommand)]
pub enum NotifyCommand {
    /// Send a test message on a route, past its matchers, rate limit and quiet hours
    Test {
        /// Name of the route
        route: String,
    },
}

/// `checkpost db`
#[derive(Debug, Subcommand)]
pub enum DbCommand {
    /// Create the database, or bring it to the schema of this version
    Migrate,
    /// Verify the integrity of the database and print its size and contents
    Check,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
