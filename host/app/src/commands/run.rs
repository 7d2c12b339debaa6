//! `checkpost run`: one cycle, reported.

use std::io::{self, IsTerminal};

use checkpost_record::StoredCycle;
use checkpost_report::format::count;
use checkpost_report::{json, nagios, prometheus, style, text};

use crate::cli::{Global, ReportFormat, RunArgs};
use crate::config::Config;
use crate::export;
use crate::run::{Clock, Outcome, Run, deadline};

use super::context;
use super::error::{CommandError, fail};
use super::exit_code::{DONE, EXIT_CODES, PLUGIN_EXIT_CODES, PLUGIN_UNKNOWN};
use super::output::{note, write};

pub(super) fn run(global: &Global, args: &RunArgs) -> Result<u8, CommandError> {
    let clock = Clock::start();
    let exit_codes = if args.is_plugin() { PLUGIN_EXIT_CODES } else { EXIT_CODES };
    let plugin_format = args.plugin_format();
    let reading = deadline::watch_reading(exit_codes.failed, move |line| {
        fail(line, plugin_format, exit_codes.failed);
    });
    let config = context::config(global, args.checks.as_deref());
    reading.end();
    let config = config?;
    // Before the log, which may be what hangs.
    let run = Run::start(&config, clock, exit_codes, move |line| {
        fail(line, plugin_format, exit_codes.failed);
        tracing::error!("{line}");
    });
    context::start_log(&config);
    // A person at a terminal reads the error, and may be another user than the one whose runs are stored.
    let outcome = run.execute(io::stderr().is_terminal(), |outcome| report(outcome, &config, global, args))?;
    Ok(match outcome {
        Outcome::Stored(cycle) if args.is_plugin() => cycle.record.status().exit_code(),
        // To a plugin's caller nothing was judged.
        Outcome::Skipped if args.is_plugin() => PLUGIN_UNKNOWN,
        Outcome::Stored(_) | Outcome::Skipped => DONE,
    })
}

fn report(outcome: &Outcome, config: &Config, global: &Global, args: &RunArgs) -> io::Result<()> {
    match outcome {
        Outcome::Stored(cycle) => stored(cycle, config, global, args),
        Outcome::Skipped => skipped(config, args),
    }
}

/// Writes the textfile, the log and the report of a stored cycle.
fn stored(cycle: &StoredCycle, config: &Config, global: &Global, args: &RunArgs) -> io::Result<()> {
    let record = &cycle.record;
    export(cycle, config);
    tracing::info!(
        "Run {} stored: {}, {}, {} ms",
        cycle.run_id,
        record.status().level(),
        count(record.notifications.len(), "notification"),
        cycle.duration.as_millis()
    );
    // cron mails what a run prints: what has changed, not the same in every run.
    let has_changes = record.notifications.iter().any(|notification| notification.suppressed.is_none());
    if has_changes || !args.quiet {
        write(&rendered(cycle, global, args.format))?;
    }
    Ok(())
}

/// Puts the readings where other programs read them. A textfile that cannot be written is a warning: the cycle is stored.
fn export(cycle: &StoredCycle, config: &Config) {
    if let Some(file) = &config.export.textfile
        && let Err(error) = export::replace(file, &prometheus::render(&cycle.record))
    {
        let line = format!("cannot write export.textfile {}: {error}", file.display());
        tracing::warn!("{line}");
        note(&format!("warning: {line}"));
    }
}

fn rendered(cycle: &StoredCycle, global: &Global, format: ReportFormat) -> String {
    let record = &cycle.record;
    match format {
        ReportFormat::Text => text::render(record, &context::style(global)),
        ReportFormat::Json => json::render(cycle),
        ReportFormat::Prometheus => prometheus::render(record),
        ReportFormat::Nagios if global.ascii => style::ascii(&nagios::render(record)),
        ReportFormat::Nagios => nagios::render(record),
    }
}

/// Another run is at work. That is no failure: it does what this one came to do.
fn skipped(config: &Config, args: &RunArgs) -> io::Result<()> {
    let line = format!("skipped: another run is at work on {}", config.database.value.display());
    tracing::warn!("Run {line}");
    if args.format == ReportFormat::Nagios {
        write(&(nagios::unknown(&line) + "\n"))?;
    } else if !args.quiet {
        note(&line);
    }
    Ok(())
}
