//! `checkpost run`: one cycle, reported.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::cli::{Global, ReportFormat, RunArgs};
use crate::config::Config;
use crate::cycle::{self, CycleError};
use crate::heartbeat::{Ending, Pulse};
use crate::lock::{self, Purpose};
use crate::report::format::count;
use crate::report::{CycleReport, json, nagios, prometheus, style, text};
use crate::{collect, export};

use super::{CommandError, DONE, FAILED, PLUGIN_UNKNOWN, context, deadline, fail, note, print};

pub(super) fn run(global: &Global, args: &RunArgs) -> Result<u8, CommandError> {
    let (now, started) = (Timestamp::now(), Instant::now());
    let config = context::config(global, args.checks.as_deref())?;
    let plugin_format = args.plugin_format();
    let given_up = if args.is_plugin() { PLUGIN_UNKNOWN } else { FAILED };
    let pulse = Arc::new(Pulse::new(config.heartbeat.clone(), started));
    let last_pulse = Arc::clone(&pulse);
    // Before the log, which may be what hangs.
    let deadline = deadline::watch(config.timeout, pulse.patience(), given_up, move |line| {
        let ending = Ending { failed: Some(given_up), error: Some(line.to_owned()), ..Ending::default() };
        // At once: what hangs may be where the others are told.
        thread::scope(|scope| {
            scope.spawn(|| last_pulse.end(&ending));
            fail(line, plugin_format, given_up);
            tracing::error!("{line}");
        });
    });
    context::start_log(&config);
    let clock = Clock { started, now, timeout: config.timeout };
    let ended = locked(&config, &clock, global, args, &pulse).inspect_err(|error| {
        tracing::error!("{error}");
        alarm(&config, error, &clock);
    });
    // From here on nothing can fail the run, nor be given up.
    deadline.end();
    let (exit_code, ending) = match &ended {
        Ok(ended) => ended.clone(),
        Err(error) => {
            let exit_code = if args.is_plugin() { PLUGIN_UNKNOWN } else { error.exit_code() };
            let error = Some(error.to_string());
            (exit_code, Some(Ending { failed: Some(exit_code), error, ..Ending::default() }))
        }
    };
    ending.iter().for_each(|ending| pulse.end(ending));
    ended.map(|_| exit_code)
}

/// One cycle, unless another run is at one. Returns the exit code, and how the run ended, which is nothing to tell of one
/// that was skipped.
fn locked(
    config: &Config,
    clock: &Clock,
    global: &Global,
    args: &RunArgs,
    pulse: &Pulse,
) -> Result<(u8, Option<Ending>), CommandError> {
    let database = &config.database.value;
    let lock =
        lock::take(database, Purpose::Run).map_err(|source| CommandError::Lock { path: database.clone(), source })?;
    let Some(lock) = lock else { return Ok((skip(config, args)?, None)) };
    pulse.begin();
    let (report, mut store) = cycle::run(config, clock.now)?;
    let told = tell(&report, config, global, args);
    drop(lock);
    // Also when the report could not be written.
    cycle::alarm(config, &report.host.name, None, clock.now, clock.deadline());
    if let Err(error) = cycle::deliver(config, &mut store, &|| clock.time(), clock.deadline()) {
        tracing::error!("{error}");
    }
    let ending = Ending { run_id: Some(report.run_id), status: Some(report.status()), ..Ending::default() };
    Ok((told?, Some(ending)))
}

/// The time of a run: read once, and counted on from there, so that a clock that jumps meanwhile does not matter.
struct Clock {
    started: Instant,
    now: Timestamp,
    timeout: Duration,
}

impl Clock {
    fn time(&self) -> Timestamp {
        self.now.checked_add(self.started.elapsed()).unwrap_or(Timestamp::MAX)
    }

    /// When the run should be over, before it is ended.
    fn deadline(&self) -> Instant {
        self.started + self.timeout - (self.timeout / 10).min(Duration::from_secs(1))
    }
}

/// Nobody reads cron's mail, or an exit code: a cycle that could not be stored is told on every route. A configuration
/// that is wrong is told to whoever changed it.
fn alarm(config: &Config, error: &CommandError, clock: &Clock) {
    use CycleError::{Sandbox, Store};
    // A person who runs it reads the error, and may be another user than the one whose runs are stored.
    if io::stderr().is_terminal() {
        return;
    }
    if let CommandError::Lock { .. } | CommandError::Cycle(Store(_) | Sandbox(_)) = error {
        cycle::alarm(config, &collect::host().name, Some(&error.to_string()), clock.now, clock.deadline());
    }
}

/// Everything that is said of a cycle here: files for others, the log, the report. Returns the exit code.
fn tell(report: &CycleReport, config: &Config, global: &Global, args: &RunArgs) -> Result<u8, CommandError> {
    export(config, report);
    tracing::info!(
        "Run {} stored: {}, {}, {} ms",
        report.run_id,
        report.status().level(),
        count(report.notifications.len(), "notification"),
        report.duration.as_millis()
    );
    // Whoever is mailed what a run prints is told as everybody else is: of what changed, not in every run.
    let has_news = report.notifications.iter().any(|news| news.suppressed.is_none());
    if has_news || !args.quiet {
        print(&rendered(report, global, args.format))?;
    }
    Ok(if args.is_plugin() { report.status().exit_code() } else { DONE })
}

/// Puts the readings where others read them. The cycle is stored: that they are not there is told, and is no failed run.
fn export(config: &Config, report: &CycleReport) {
    if let Some(file) = &config.export.textfile
        && let Err(error) = export::replace(file, &prometheus::render(report))
    {
        let line = format!("cannot write export.textfile {}: {error}", file.display());
        tracing::warn!("{line}");
        note(&format!("warning: {line}"));
    }
}

fn rendered(report: &CycleReport, global: &Global, format: ReportFormat) -> String {
    match format {
        ReportFormat::Text => text::render(report, &context::style(global)),
        ReportFormat::Json => json::render(report),
        ReportFormat::Prometheus => prometheus::render(report),
        ReportFormat::Nagios if global.ascii => style::ascii(&nagios::render(report)),
        ReportFormat::Nagios => nagios::render(report),
    }
}

/// Another run is at work. That is no failure: it does what this one came to do.
fn skip(config: &Config, args: &RunArgs) -> Result<u8, CommandError> {
    let line = format!("skipped: another run is at work on {}", config.database.value.display());
    tracing::warn!("Run {line}");
    if args.format == ReportFormat::Nagios {
        print(&(nagios::unknown(&line) + "\n"))?;
    } else if !args.quiet {
        note(&line);
    }
    // To a plugin's caller nothing was judged.
    Ok(if args.is_plugin() { PLUGIN_UNKNOWN } else { DONE })
}
