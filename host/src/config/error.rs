//! What can be wrong with the configuration, as one line each.

use std::io;
use std::path::PathBuf;

use crate::clean;

use super::Origin;

/// Why there is no valid configuration. Every message is one line without control characters.
///
/// Boxed texts keep it, and every error around it, small enough to be returned often; paths are larger on Windows.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A value that is not allowed.
    #[error("{}", clean::line(&if origin.names(key) {
        format!("{origin} is {value}: {why}")
    } else {
        format!("{origin}: {key} is {value}: {why}")
    }))]
    Value {
        /// Where the value comes from.
        origin: Origin,
        /// What it is the value of.
        key: Box<str>,
        /// The value as it is shown, bounded.
        value: Box<str>,
        /// What is allowed.
        why: Box<str>,
    },
    /// Something that is wrong with a line, but not with a value.
    #[error("{}", clean::line(&format!("{origin}: {problem}")))]
    Line {
        /// The line.
        origin: Origin,
        /// What is wrong, and what is allowed.
        problem: String,
    },
    /// A variable of the environment that the file names and that is no text.
    #[error("environment variable {name} must be UTF-8")]
    NotUtf8 {
        /// Its name.
        name: Box<str>,
    },
    /// A file that is not TOML.
    #[error("{}", clean::line(&format!("{}:{line}:{column}: not valid TOML: {why}", path.display())))]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// The character in that line, from 1.
        column: usize,
        /// What the parser says.
        why: String,
    },
    /// A file or directory that could not be read.
    #[error("{}", clean::line(&format!("cannot read {}: {cause}", path.display())))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says; in the message already, hence not a source.
        cause: io::Error,
    },
}

/// How many characters of a value are shown.
pub(super) const VALUE_CHARS: usize = 80;

/// How many characters of a reason are shown: it may come from a check.
const REASON_CHARS: usize = 500;

impl ConfigError {
    /// A value that is refused: where it is, what it is the value of, the value as it is to be shown, what is allowed.
    pub fn value(
        origin: Origin,
        key: impl Into<String>,
        value: impl Into<String>,
        why: impl Into<String>,
    ) -> ConfigError {
        Self::Value {
            origin,
            key: bounded(key.into(), VALUE_CHARS + 80).into(),
            value: bounded(value.into(), VALUE_CHARS).into(),
            why: bounded(why.into(), REASON_CHARS).into(),
        }
    }

    /// A line that is refused for something else than a value.
    pub(super) fn line(origin: Origin, problem: impl Into<String>) -> ConfigError {
        Self::Line { origin, problem: bounded(problem.into(), REASON_CHARS) }
    }
}

/// The text, or its beginning and an ellipsis.
pub(super) fn bounded(text: String, chars: usize) -> String {
    if text.chars().count() <= chars {
        return text;
    }
    text.chars().take(chars - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_value_names_its_place_its_key_and_what_is_allowed() {
        let origin = Origin::File { path: "checkpost.toml".into(), line: 12 };
        let error = ConfigError::value(origin, "setting 'threshold' of check 'cpu'", "150", "must be from 0 to 100");
        assert_eq!(
            error.to_string(),
            "checkpost.toml:12: setting 'threshold' of check 'cpu' is 150: must be from 0 to 100"
        );
    }

    #[test]
    fn a_variable_is_not_named_twice() {
        let error = ConfigError::value(Origin::Environment("LOG_LEVEL"), "LOG_LEVEL", "\"x\"", "must be a level");
        assert_eq!(error.to_string(), "environment variable LOG_LEVEL is \"x\": must be a level");
    }

    #[test]
    fn hostile_text_stays_on_one_bounded_line() {
        let long = "x".repeat(1_000_000);
        let error = ConfigError::value(Origin::Default, "a\nb", format!("\u{1b}[31m\u{202e}{long}"), "\r no");
        let message = error.to_string();
        assert!(message.starts_with("built-in default: a\\u{a}b is \\u{1b}[31m\\u{202e}xxx"), "{message}");
        assert!(message.ends_with("x…: \\u{d} no"), "{message}");
        assert!(message.chars().count() < 150, "{message}");
    }
}
