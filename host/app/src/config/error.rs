//! Errors in the configuration, one line each.

use std::io;
use std::path::{Path, PathBuf};

use checkpost_files as files;
use checkpost_model::clean;

use super::origin::Origin;

/// A mistake in the configuration. Every message is one line without control characters.
///
/// Texts are boxed so that this type, and every error that contains it, is small enough to be returned often; paths are
/// larger on Windows.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A value that is not allowed.
    #[error("{}", clean::line(&if origin.names(key) {
        format!("{origin} is {value}: {why}")
    } else {
        format!("{origin}: {key} is {value}: {why}")
    }))]
    Value {
        /// The origin of the value.
        origin: Origin,
        /// The key.
        key: Box<str>,
        /// The value as it is shown, bounded.
        value: Box<str>,
        /// What is allowed.
        why: Box<str>,
    },
    /// A mistake in a line that is not about a value.
    #[error("{}", clean::line(&format!("{origin}: {problem}")))]
    Line {
        /// The line.
        origin: Origin,
        /// The mistake, and what is allowed.
        problem: String,
    },
    /// An environment variable that the file names and that is not UTF-8.
    #[error("environment variable {name} must be UTF-8")]
    NotUtf8 {
        /// The name of the variable.
        name: Box<str>,
    },
    /// A file that is not valid TOML.
    #[error("{}", clean::line(&format!("{}:{line}:{column}: not valid TOML: {why}", path.display())))]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The character in the line, from 1.
        column: usize,
        /// The message of the parser.
        why: String,
    },
    /// A file or directory that decides what root runs, and that another user could change.
    #[error("{}", clean::line(&format!("{} is not trusted to say what root runs, because {why}", path.display())))]
    NotTrusted {
        /// The file or directory.
        path: PathBuf,
        /// What another user could change, and the remedy.
        why: Box<str>,
    },
    /// A file or directory that could not be read.
    #[error("{}", clean::line(&format!("cannot read {}: {cause}", path.display())))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The error of the system. The message contains it, so it is not a source.
        cause: io::Error,
    },
}

/// The number of characters of a value that a message shows.
pub(super) const VALUE_CHARS: usize = 80;

/// The number of characters of a reason that a message shows: the reason may come from a check.
const REASON_CHARS: usize = 500;

impl ConfigError {
    /// A value that is refused, as it is to be shown, and what is allowed (`why`).
    pub(super) fn value(
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

    /// A line that is refused for another reason than a value.
    pub(super) fn line(origin: Origin, problem: impl Into<String>) -> ConfigError {
        Self::Line { origin, problem: bounded(problem.into(), REASON_CHARS) }
    }

    /// A path that another user could change.
    pub(super) fn not_trusted(path: &Path, problem: &files::Problem, remedy: &str) -> ConfigError {
        Self::NotTrusted { path: path.to_owned(), why: format!("{problem}: {remedy}").into() }
    }

    /// A file or directory that cannot be read.
    pub(super) fn unreadable(path: &Path, cause: impl Into<io::Error>) -> ConfigError {
        Self::Unreadable { path: path.to_owned(), cause: cause.into() }
    }
}

/// A text of at most this many characters, with an ellipsis if it was longer.
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
    fn refused_value_names_its_origin_its_key_and_what_is_allowed() {
        let origin = Origin::File { path: "checkpost.toml".into(), line: 12 };
        let error = ConfigError::value(origin, "setting 'threshold' of check 'cpu'", "150", "must be from 0 to 100");
        assert_eq!(
            error.to_string(),
            "checkpost.toml:12: setting 'threshold' of check 'cpu' is 150: must be from 0 to 100"
        );
    }

    #[test]
    fn variable_is_not_named_twice() {
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
