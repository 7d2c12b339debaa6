//! Output of commands: results on standard output, notes on standard error.

use std::io::{self, Write};

use checkpost_model::clean;
use checkpost_report::json;

use super::error::CommandError;

/// Writes a note to standard error, where it does not mix with results.
pub(super) fn note(text: &str) {
    // A write that fails cannot be reported anywhere.
    let _ = writeln!(io::stderr(), "checkpost: {}", clean::line(text));
}

/// Writes a result to standard output. A reader that went away, as in `| head`, is no error.
pub(super) fn print(text: &str) -> Result<(), CommandError> {
    write(text).map(|_| ()).map_err(CommandError::Output)
}

/// [`print()`] for one of many results: returns whether there still is a reader.
pub(super) fn write(text: &str) -> io::Result<bool> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error),
    }
}

/// Prints a value as JSON over several lines.
pub(super) fn print_json(value: &impl serde::Serialize) -> Result<(), CommandError> {
    print(&json_text(serde_json::to_string_pretty(value))?)
}

/// A JSON document that is safe to show on a terminal, with a final newline.
pub(super) fn json_text(document: serde_json::Result<String>) -> Result<String, CommandError> {
    let document = document.map_err(|error| CommandError::Output(error.into()))?;
    Ok(json::escaped(&(document + "\n")))
}
