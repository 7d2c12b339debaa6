//! A program that gets the message as JSON.

use std::fmt;
use std::path::PathBuf;
use std::time::Instant;

use checkpost_alerting::route::Message;
use checkpost_model::clean;

use crate::SendError;
use crate::program::{Program, find};

/// A program with its arguments, run without a shell.
#[derive(Clone, PartialEq, Eq)]
pub struct Command {
    /// The program, as a path or as a name to look up in `PATH`, and its arguments. At least the program.
    pub argv: Vec<String>,
    /// The working directory, absolute.
    pub directory: PathBuf,
}

/// Characters of a text in a variable; the JSON has the complete text.
const VARIABLE_CHARS: usize = 1_000;

impl Command {
    pub(crate) fn send(&self, message: &Message, deadline: Instant) -> Result<(), SendError> {
        let program = Program {
            argv: &self.argv,
            directory: &self.directory,
            variables: variables(message),
            inherited: &[],
            input: message.to_json().into_bytes(),
        };
        program.run(deadline)
    }

    pub(crate) fn program(&self) -> Option<PathBuf> {
        find(self.argv.first()?, &self.directory).ok()
    }

    pub(crate) fn check(&self) -> Vec<String> {
        find(&self.to_string(), &self.directory).err().into_iter().collect()
    }
}

fn variables(message: &Message) -> Vec<(&'static str, String)> {
    let Message { key, route, host, level, title, items, is_test } = message;
    let text = |text: &str| clean::bounded(text, VARIABLE_CHARS);
    vec![
        ("CHECKPOST_KEY", text(key)),
        ("CHECKPOST_ROUTE", text(route)),
        ("CHECKPOST_HOST", text(host)),
        ("CHECKPOST_LEVEL", level.level().to_owned()),
        ("CHECKPOST_TITLE", text(title)),
        ("CHECKPOST_COUNT", items.len().to_string()),
        ("CHECKPOST_TEST", u8::from(*is_test).to_string()),
    ]
}

/// The program without its arguments, which may be secret.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", clean::line(self.argv.first().map_or("", String::as_str)))
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Command({self}, in {:?})", self.directory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_not_shown() {
        let argv = ["/bin/page", "--token=hunter2"].map(str::to_owned).to_vec();
        let command = Command { argv, directory: "/etc".into() };
        assert_eq!(format!("{command} {command:?}"), "/bin/page Command(/bin/page, in \"/etc\")");
    }
}
