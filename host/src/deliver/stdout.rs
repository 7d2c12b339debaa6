//! Standard output, for trying.

use std::io::Write;

use super::{SendError, Words};

/// Standard output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stdout {}

impl Stdout {
    pub(super) fn send(&self, words: &Words) -> Result<(), SendError> {
        let text = words.body.as_deref().unwrap_or_default();
        let mut stdout = std::io::stdout().lock();
        let written = writeln!(stdout, "{}\n\n{text}", words.title).and_then(|()| stdout.flush());
        written.map_err(|error| SendError::route(format!("cannot write to standard output: {error}")))
    }
}
