//! The command line: what may be said, and nothing of what it does.

mod delivery;
mod quiet;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::check::Status;
use crate::config::parse_duration;
use crate::metric::catalog::Source;
use crate::sandbox::compile;

pub use delivery::{DeliveriesArgs, DeliveryState, NotifyCommand};
pub use quiet::{AckArgs, SilenceAddArgs, SilenceCommand, SilenceEnd};

const EXIT_CODES: &str = "\
Exit codes: 0 done (alerts or not), 1 failed, 2 usage or configuration.
With `run --exit-status` or `run --format nagios`: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN, and every failure is 3.";

/// Measures this host, judges the readings with sandboxed WebAssembly checks, and stores both in SQLite.
#[derive(Debug, Parser)]
#[command(name = "checkpost", version, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
pub struct Global {
    /// The configuration file [default: $CHECKPOST_CONFIG, ./checkpost.toml, /etc/checkpost/checkpost.toml]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print ASCII only
    #[arg(long, global = true)]
    pub ascii: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Measure this host, judge the readings, store both and report
    Run(RunArgs),
    /// Measure this host; judge nothing, store nothing
    Collect(CollectArgs),
    /// Look at checks
    #[command(subcommand)]
    Check(CheckCommand),
    /// Look at the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Show stored headline figures, newest first
    Metrics(ListArgs),
    /// Show what is wrong by now, since when, and what people know of it
    Alerts(AlertsArgs),
    /// Show stored notifications, newest first
    Notifications(NotificationsArgs),
    /// Show messages that wait, were delivered or were given up, newest first
    Deliveries(DeliveriesArgs),
    /// Try the ways on which people are told
    #[command(subcommand)]
    Notify(NotifyCommand),
    /// Keep messages quiet for a while
    #[command(subcommand)]
    Silence(SilenceCommand),
    /// Say that somebody looks after an alert, so that it is told again only when it gets worse or is over
    Ack(AckArgs),
    /// Say what keeps this installation from doing its work, and what can be done about it
    Doctor {
        /// How to print
        #[arg(long, value_enum, default_value = "text")]
        format: ListFormat,
    },
    /// Look after the database
    #[command(subcommand)]
    Db(DbCommand),
    /// Compile one module from standard input to standard output, within limits
    #[command(name = compile::COMMAND, hide = true)]
    CompileModule {
        /// Processor time that it may use
        cpu_seconds: u64,
        /// Memory that it may use
        memory_bytes: u64,
    },
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// Renderings of a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For people
    Text,
    /// One JSON object, schema checkpost.report/1
    Json,
    /// A Nagios plugin's output and exit code
    Nagios,
    /// The Prometheus text exposition format
    Prometheus,
}

/// Renderings of a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CollectFormat {
    /// Tables for people, one for each source
    Text,
    /// JSON; with --watch one line for each collection
    Json,
    /// The Prometheus text exposition format
    Prometheus,
}

/// Renderings of everything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// A table for people
    Text,
    /// JSON
    Json,
}

/// `checkpost run`
#[derive(Debug, Args)]
pub struct RunArgs {
    /// How to report
    #[arg(long, value_enum, default_value = "text")]
    pub format: ReportFormat,
    /// Print nothing when there is nothing new to tell, so that cron mails only news
    #[arg(long, short)]
    pub quiet: bool,
    /// Exit with 0, 1, 2 or 3 for OK, WARNING, CRITICAL or UNKNOWN, by the worst check
    #[arg(long)]
    pub exit_status: bool,
    /// The directory of custom checks
    #[arg(long, value_name = "DIR")]
    pub checks: Option<PathBuf>,
}

impl RunArgs {
    /// Whether the exit code is a status, as monitoring systems that run plugins expect.
    pub fn is_plugin(&self) -> bool {
        self.plugin_format().is_some()
    }

    /// The format, for a run as a plugin.
    pub fn plugin_format(&self) -> Option<ReportFormat> {
        (self.exit_status || self.format == ReportFormat::Nagios).then_some(self.format)
    }
}

/// `checkpost collect`
#[derive(Debug, Args)]
pub struct CollectArgs {
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    pub format: CollectFormat,
    /// Only this source, which may be given several times: cpu, memory, disk, process, ...
    #[arg(long = "source", value_name = "NAME", value_parser = parse_source)]
    pub sources: Vec<Source>,
    /// Watch the processes of this name, too; `*` stands for any text
    #[arg(long = "process", value_name = "NAME")]
    pub processes: Vec<String>,
    /// Measure again and again, this far apart, with rates in between: 2s, 1m
    #[arg(long, value_name = "INTERVAL", value_parser = parse_watch)]
    pub watch: Option<Duration>,
}

/// `checkpost check`
#[derive(Debug, Subcommand)]
pub enum CheckCommand {
    /// List every instance with its module, and whether it can judge
    List {
        /// How to print
        #[arg(long, value_enum, default_value = "text")]
        format: ListFormat,
        /// The directory of custom checks
        #[arg(long, value_name = "DIR")]
        checks: Option<PathBuf>,
    },
    /// Let a module describe itself: its settings, defaults and the readings it wants
    Inspect {
        /// A `.wasm` file, or the name of a built-in check
        #[arg(value_name = "FILE")]
        module: PathBuf,
        /// How to print
        #[arg(long, value_enum, default_value = "text")]
        format: ListFormat,
    },
    /// Pin every module file to its SHA-256, in checkpost.lock beside checkpost.toml
    Lock {
        /// Write nothing; exit with 1 when the lock file is not up to date
        #[arg(long)]
        check: bool,
        /// The directory of custom checks
        #[arg(long, value_name = "DIR")]
        checks: Option<PathBuf>,
    },
    /// Compile every module that runs, so that the next run finds all of them in the cache
    Warm {
        /// The directory of custom checks
        #[arg(long, value_name = "DIR")]
        checks: Option<PathBuf>,
    },
    /// Let a module in quarantine, whose compilation took too much, be tried again
    Release {
        /// The first digits of its SHA-256, as `check list` shows them
        #[arg(value_parser = parse_digest)]
        digest: String,
    },
    /// Make a component of a core module that was built with the SDK
    Pack {
        /// The core module
        #[arg(value_name = "FILE")]
        module: PathBuf,
        /// Where to write the component
        #[arg(long, short, value_name = "OUT")]
        output: PathBuf,
    },
}

/// `checkpost config`
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print the configuration as it holds, each value with the place that it comes from
    Show {
        /// The directory of custom checks
        #[arg(long, value_name = "DIR")]
        checks: Option<PathBuf>,
    },
    /// Say whether a run would take the configuration, checks and their settings included; touch no database
    Check {
        /// The directory of custom checks
        #[arg(long, value_name = "DIR")]
        checks: Option<PathBuf>,
    },
}

/// How far back, how many, and in which form.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only what is younger: 90s, 30m, 24h, 7d
    #[arg(long, value_name = "AGE", value_parser = parse_duration)]
    pub since: Option<Duration>,
    /// At most so many rows
    #[arg(long, value_name = "ROWS", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: u32,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    pub format: ListFormat,
}

/// `checkpost alerts`
#[derive(Debug, Args)]
pub struct AlertsArgs {
    /// Also what is ok by now and kept for a while
    #[arg(long)]
    pub all: bool,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    pub format: ListFormat,
}

/// `checkpost notifications`
#[derive(Debug, Args)]
pub struct NotificationsArgs {
    /// Which rows, in which form.
    #[command(flatten)]
    pub list: ListArgs,
    /// Only this channel
    #[arg(long)]
    pub channel: Option<String>,
    /// Only this level: ok (what is over), warning, critical, unknown
    #[arg(long, value_parser = parse_level)]
    pub level: Option<Status>,
    /// Oldest first, and go on with new ones as they are stored, until it is ended
    #[arg(long, short)]
    pub follow: bool,
}

fn parse_level(text: &str) -> Result<Status, String> {
    Status::parse(&text.to_ascii_lowercase())
        .ok_or_else(|| "a level is ok (what is over), warning, critical or unknown".to_owned())
}

fn parse_source(text: &str) -> Result<Source, String> {
    let names = || Source::ALL.map(Source::name).join(", ");
    Source::parse(text).ok_or_else(|| format!("a source is one of {}", names()))
}

fn parse_watch(text: &str) -> Result<Duration, String> {
    // Rates need the better part of a second; a day is as good as never.
    let range = Duration::from_secs(1)..=Duration::from_secs(86_400);
    parse_duration(text).and_then(|interval| match range.contains(&interval) {
        true => Ok(interval),
        false => Err("must be from 1s to 24h".to_owned()),
    })
}

fn parse_digest(text: &str) -> Result<String, String> {
    let is_digest = (8..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_digest.then(|| text.to_ascii_lowercase()).ok_or_else(|| "must be 8 to 64 hexadecimal digits".to_owned())
}

/// `checkpost db`
#[derive(Debug, Subcommand)]
pub enum DbCommand {
    /// Make the database, or bring it to this version's schema
    Migrate,
    /// Check that the database is whole, and say what is in it
    Check,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
