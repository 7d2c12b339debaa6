//! The log: `logs/automation.log`, one line an event, as `2025-10-27 14:20:01 | DEBUG | message key=value`.
//!
//! Times are UTC, like those in the database, so that a line and a row can be laid side by side.

use std::fmt::{self, Write as _};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use jiff::Timestamp;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;

use crate::clean;
use crate::config::LogConfig;

/// Starts logging to the configured file, for the rest of the process.
///
/// # Errors
/// When the file cannot be opened. Then nothing is logged, which is a warning and no failed run.
pub fn start(config: &LogConfig) -> io::Result<()> {
    let file = open(config)?;
    let lines = tracing_subscriber::fmt::layer()
        .event_format(Line)
        // A full disk would bring a line on stderr, and so in cron's mail, for each line that the log cannot take.
        .log_internal_errors(false)
        .with_writer(Mutex::new(file));
    let subscriber = tracing_subscriber::registry().with(LevelFilter::from_level(config.level.value)).with(lines);
    // Fails only when a subscriber is set already, which then keeps logging.
    let _ = tracing::subscriber::set_global_default(subscriber);
    Ok(())
}

/// Sends warnings and errors to stderr, for commands that a person runs and no log keeps.
pub fn start_on_stderr() {
    let subscriber = tracing_subscriber::fmt()
        .event_format(Diagnostic)
        .with_max_level(LevelFilter::WARN)
        .with_writer(io::stderr)
        .finish();
    // Fails only when a subscriber is set already, which then keeps logging.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// Opens the file to append to, rotated first when it has grown to its limit.
///
/// A run writes a few lines, so the size is looked at once. Rotating by hand: the crates for it rotate while they write,
/// and panic when a second process does so too.
fn open(config: &LogConfig) -> io::Result<File> {
    if let Some(directory) = config.file.parent() {
        fs::create_dir_all(directory)?;
    }
    if fs::metadata(&config.file).is_ok_and(|metadata| metadata.len() >= config.max_bytes) {
        rotate(&config.file, config.keep);
    }
    OpenOptions::new().create(true).append(true).open(&config.file)
}

/// `automation.log` becomes `.1`, `.1` becomes `.2`, and the one past `keep` goes. A rename that fails, for example
/// because another process was quicker, costs an old file at worst: the log itself goes on.
fn rotate(file: &Path, keep: usize) {
    let numbered = |number: usize| PathBuf::from(format!("{}.{number}", file.display()));
    if keep == 0 {
        let _ = fs::remove_file(file);
        return;
    }
    for number in (1..keep).rev() {
        let _ = fs::rename(numbered(number), numbered(number + 1));
    }
    let _ = fs::rename(file, numbered(1));
}

struct Line;

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let time = Timestamp::now().strftime("%Y-%m-%d %H:%M:%S");
        let level = level_name(*event.metadata().level());
        writeln!(writer, "{time} | {level} | {}", text_of(event))
    }
}

struct Diagnostic;

impl<S, N> FormatEvent<S, N> for Diagnostic
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let level = level_name(*event.metadata().level()).to_lowercase();
        writeln!(writer, "checkpost: {level}: {}", text_of(event))
    }
}

/// Message and fields carry text of guests and of the machine: one event stays one line.
fn text_of(event: &Event<'_>) -> String {
    let mut fields = Fields::default();
    event.record(&mut fields);
    clean::owned(&format!("{}{}", fields.message, fields.others))
}

/// The names that Python's logging has, which people's log filters look for.
fn level_name(level: Level) -> &'static str {
    match level {
        Level::ERROR => "ERROR",
        Level::WARN => "WARNING",
        Level::INFO => "INFO",
        Level::DEBUG => "DEBUG",
        Level::TRACE => "TRACE",
    }
}

#[derive(Default)]
struct Fields {
    message: String,
    others: String,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a string does not fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.others, " {name}={value:?}"),
        };
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::config::Sourced;

    fn config(directory: &Path) -> LogConfig {
        LogConfig {
            file: directory.join("logs/a.log"),
            level: Sourced::default_of(Level::INFO),
            max_bytes: 10,
            keep: 2,
        }
    }

    #[test]
    fn a_log_that_reached_its_size_is_rotated_and_the_oldest_goes() {
        let directory = tempfile::tempdir().unwrap();
        let config = config(directory.path());
        for text in ["first, long enough", "second, long enough", "third, long enough", "x"] {
            io::Write::write_all(&mut open(&config).unwrap(), text.as_bytes()).unwrap();
        }
        let read = |name: &str| fs::read_to_string(directory.path().join("logs").join(name)).unwrap();
        assert_eq!(read("a.log"), "x");
        assert_eq!(read("a.log.1"), "third, long enough");
        assert_eq!(read("a.log.2"), "second, long enough");
        assert!(!directory.path().join("logs/a.log.3").exists());
    }

    #[test]
    fn a_log_below_its_size_is_appended_to() {
        let directory = tempfile::tempdir().unwrap();
        let config = config(directory.path());
        for text in ["one ", "two"] {
            io::Write::write_all(&mut open(&config).unwrap(), text.as_bytes()).unwrap();
        }
        assert_eq!(fs::read_to_string(&config.file).unwrap(), "one two");
    }
}
