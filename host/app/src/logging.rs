//! The log: one line per event, as `2025-10-27 14:20:01 | DEBUG | message key=value`.
//!
//! Times are UTC, like those in the database, so that lines and rows can be compared.

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

use checkpost_files as files;
use checkpost_model::clean;

use crate::config::LogConfig;

/// Logs to the configured file for the rest of the process.
///
/// # Errors
/// If the file cannot be opened. Nothing is logged then; the caller warns, and the run goes on.
pub fn start(config: &LogConfig) -> io::Result<()> {
    let file = open(config)?;
    let lines = tracing_subscriber::fmt::layer()
        .event_format(Line)
        // With a full disk, every line that cannot be logged would be an error on stderr, and cron would mail it.
        .log_internal_errors(false)
        .with_writer(Mutex::new(file));
    let subscriber = tracing_subscriber::registry().with(LevelFilter::from_level(config.level.value)).with(lines);
    // Fails only if a subscriber is already set, which goes on logging.
    let _ = tracing::subscriber::set_global_default(subscriber);
    Ok(())
}

/// Prints warnings and errors on stderr, for commands that do not write the log.
pub fn start_on_stderr() {
    let subscriber = tracing_subscriber::fmt()
        .event_format(Diagnostic)
        .with_max_level(LevelFilter::WARN)
        .with_writer(io::stderr)
        .finish();
    // Fails only if a subscriber is already set, which goes on logging.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// Opens the file for appending, and rotates it first if it has reached its maximum size. A link is not followed: it would
/// let whoever may write into the directory of the log choose the file that this user writes.
///
/// A run writes only a few lines, so one look at the size is enough. Rotation crates rotate while they write, and panic if a
/// second process does the same.
fn open(config: &LogConfig) -> io::Result<File> {
    if let Some(directory) = config.file.parent() {
        fs::create_dir_all(directory)?;
    }
    let found = fs::symlink_metadata(&config.file);
    if found.is_ok_and(|found| found.is_file() && found.len() >= config.max_bytes) {
        rotate(&config.file, config.keep);
    }
    Ok(files::open_for_writing(&config.file, OpenOptions::new().create(true).append(true))?)
}

/// Renames `automation.log` to `.1` and `.1` to `.2`, and removes the one after the last to keep. A rename that fails, for
/// example because another process was faster, loses an old file at worst.
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

/// The format of the log.
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

/// The format of diagnostics on stderr.
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

/// Message and fields on one line. They may contain text of guests and of the machine, so control characters are escaped.
fn text_of(event: &Event<'_>) -> String {
    let mut fields = Fields::default();
    event.record(&mut fields);
    clean::owned(&format!("{}{}", fields.message, fields.others))
}

/// The names of Python's logging, which existing log filters look for.
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
    fn log_at_its_maximum_size_is_rotated_and_the_oldest_is_removed() {
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
    fn log_below_its_maximum_size_is_appended_to() {
        let directory = tempfile::tempdir().unwrap();
        let config = config(directory.path());
        for text in ["one ", "two"] {
            io::Write::write_all(&mut open(&config).unwrap(), text.as_bytes()).unwrap();
        }
        assert_eq!(fs::read_to_string(&config.file).unwrap(), "one two");
    }
}
