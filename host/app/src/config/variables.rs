//! Variables of the environment and of `.env`. Neither is ever written.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use super::dotenv::{self, DotEnv};
use super::error::ConfigError;
use super::origin::{Origin, Sourced};
use super::source::read_file;

/// The name of the file of variables, which is in the directory of the configuration file.
pub(super) const FILE: &str = ".env";

/// The environment of a process, as a value. Names that are not UTF-8 are left out: checkpost reads none of them.
pub type Environment = BTreeMap<String, OsString>;

/// The environment of this process.
pub fn process_environment() -> Environment {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value))).collect()
}

/// All variables. The environment wins over `.env`.
pub(super) struct Variables<'a> {
    environment: &'a Environment,
    dotenv: DotEnv,
}

impl<'a> Variables<'a> {
    /// The environment, and `.env` in a directory if there is one.
    pub(super) fn read(environment: &'a Environment, dir: &Path) -> Result<Self, ConfigError> {
        let path = dir.join(FILE);
        let dotenv = match read_file(&path) {
            Ok(bytes) => dotenv::parse(&bytes, &path)?,
            Err(error) if error.is_not_found() => DotEnv::default(),
            Err(error) => return Err(ConfigError::unreadable(&path, error)),
        };
        Ok(Self { environment, dotenv })
    }

    /// The value of one of checkpost's own variables, without white space around it. An empty value is an error, because
    /// it is more often a broken script than a wish for the default.
    pub(super) fn get(&self, name: &'static str, allowed: &str) -> Result<Option<Sourced<String>>, ConfigError> {
        let found = match self.environment.get(name) {
            Some(value) => Some(from_environment(name, value)?),
            None => self.dotenv.variables.get(name).cloned(),
        };
        let Some(Sourced { value, origin }) = found else { return Ok(None) };
        match value.trim() {
            "" => Err(ConfigError::value(origin, name, "empty", format!("remove it or set it to {allowed}"))),
            trimmed => Ok(Some(Sourced::new(trimmed.to_owned(), origin))),
        }
    }

    /// The value of a variable that the file names, unchanged. `None` for a missing one, which is an error only when the
    /// value is used.
    pub(super) fn named(&self, name: &str) -> Result<Option<String>, ConfigError> {
        if let Some(value) = self.environment.get(name) {
            let text = value.to_str().ok_or_else(|| ConfigError::NotUtf8 { name: name.into() })?;
            return Ok(Some(text.to_owned()));
        }
        match (self.dotenv.variables.get(name), self.dotenv.broken.get(name)) {
            (Some(found), _) => Ok(Some(found.value.clone())),
            (None, Some(origin)) => Err(dotenv::broken_line(origin.clone())),
            (None, None) => Ok(None),
        }
    }
}

fn from_environment(name: &'static str, value: &OsString) -> Result<Sourced<String>, ConfigError> {
    let origin = Origin::Environment(name);
    match value.to_str() {
        Some(text) => Ok(Sourced::new(text.to_owned(), origin)),
        None => Err(ConfigError::value(origin, name, format!("{value:?}"), "must be UTF-8")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn variable_that_the_file_names_is_read_unchanged() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join(".env"), "A=1\nPASSWORD=' hunter2 '\nTOKEN=two hunter2\n").unwrap();
        let environment = Environment::from([("A".to_owned(), " 2 ".into())]);
        let variables = Variables::read(&environment, directory.path()).unwrap();
        assert_eq!(variables.named("A").unwrap().as_deref(), Some(" 2 "));
        assert_eq!(variables.named("PASSWORD").unwrap().as_deref(), Some(" hunter2 "));
        assert_eq!(variables.named("NOBODY").unwrap(), None);
        let broken = variables.named("TOKEN").unwrap_err().to_string();
        assert!(
            broken.ends_with(
                ".env:3: not of the form NAME=value; put a value with spaces or quotes in \"double quotes\""
            ),
            "{broken}"
        );
    }
}
