//! Origins of values, so that an error can send the operator to the right line.

use std::fmt;
use std::path::PathBuf;

/// The place that a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The program: the value was not set anywhere.
    Default,
    /// A line of `checkpost.toml` or `checkpost.lock`.
    File {
        /// The file.
        path: PathBuf,
        /// Its line, from 1.
        line: usize,
    },
    /// A line of `.env`.
    DotEnv {
        /// The file.
        path: PathBuf,
        /// Its line, from 1; the last one of a value over several lines.
        line: usize,
    },
    /// The environment variable of this name.
    Environment(&'static str),
    /// The command-line flag of this name, dashes included.
    Flag(&'static str),
    /// A module in the checks directory that no `[[check]]` names.
    CheckDirectory(PathBuf),
}

impl Origin {
    /// Whether the origin already is the name of the key, so that a message need not repeat it.
    pub(super) fn names(&self, key: &str) -> bool {
        matches!(self, Self::Environment(name) | Self::Flag(name) if *name == key)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => write!(f, "built-in default"),
            Self::File { path, line } | Self::DotEnv { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Environment(name) => write!(f, "environment variable {name}"),
            Self::Flag(name) => write!(f, "{name}"),
            Self::CheckDirectory(path) => write!(f, "{}", path.display()),
        }
    }
}

/// A value with its origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// The place that the value comes from.
    pub origin: Origin,
}

impl<T> Sourced<T> {
    /// A value from this origin.
    pub(super) fn new(value: T, origin: Origin) -> Self {
        Self { value, origin }
    }

    /// A built-in default.
    pub fn default_of(value: impl Into<T>) -> Self {
        Self::new(value.into(), Origin::Default)
    }
}
