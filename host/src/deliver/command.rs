//! A program that gets the message as JSON.

use std::fmt;
use std::path::PathBuf;
use std::time::Instant;

use super::{Message, SendError};
use crate::clean;

/// A program with its arguments. No shell reads them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The program, absolute or to be looked for, and its arguments. At least the program.
    pub argv: Vec<String>,
    /// Where it runs, absolute.
    pub directory: PathBuf,
}

impl Command {
    pub(super) fn send(&self, _message: &Message, _deadline: Instant) -> Result<(), SendError> {
        Err(SendError::route("nothing is run yet"))
    }

    pub(super) fn check(&self) -> Vec<String> {
        Vec::new()
    }
}

/// The program, without arguments: they may be secret.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", clean::line(self.argv.first().map_or("", String::as_str)))
    }
}
