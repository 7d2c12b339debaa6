//! Standard output, for trying.

use std::io::Write;

use super::{Message, SendError, Words, plain};

/// Standard output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stdout {}

impl Stdout {
    pub(super) fn send(&self, message: &Message, words: &Words) -> Result<(), SendError> {
        let body = words.body.clone().unwrap_or_else(|| plain::items(message));
        let (body, footer) = (body.trim_end(), plain::footer(message));
        let mut stdout = std::io::stdout().lock();
        let written = writeln!(stdout, "{}\n\n{body}\n\n{footer}", words.title).and_then(|()| stdout.flush());
        written.map_err(|error| SendError::route(format!("cannot write to standard output: {error}")))
    }
}
