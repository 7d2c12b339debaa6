//! A directory to load a configuration from, and what tests of several sections share.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use checkpost_alerting::suppression::AlertLabels;
use checkpost_model::check::Status;

use crate::config::resolve::load_with_system_file;
use crate::config::{Config, ConfigError, Flags};

/// An alert to try matchers on.
pub(super) const VAR: AlertLabels<'_> = AlertLabels {
    check: "disk",
    subject: "/var",
    channel: "ops",
    owner: "alice",
    host: "web-1",
    level: Status::Warning,
};

/// A working directory with files in it.
pub(super) struct Site(pub(super) TempDir);

impl Site {
    pub(super) fn new(files: &[(&str, &str)]) -> Self {
        let site = Self(tempfile::tempdir().unwrap());
        for (name, text) in files {
            let path = site.path(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        site
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        fs::canonicalize(self.0.path()).unwrap().join(name)
    }

    pub(super) fn load_with(&self, flags: &Flags, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let environment = variables.iter().map(|(name, value)| ((*name).to_owned(), value.into())).collect();
        load_with_system_file(flags, &environment, self.0.path(), &self.path("etc/checkpost.toml"))
    }

    pub(super) fn load(&self, variables: &[(&str, &str)]) -> Config {
        self.load_with(&Flags::default(), variables).unwrap()
    }

    /// The line of the error, with `DIR` for this directory.
    pub(super) fn error(&self, flags: &Flags, variables: &[(&str, &str)]) -> String {
        let message = self.load_with(flags, variables).unwrap_err().to_string();
        message.replace(self.path("").to_str().unwrap().trim_end_matches('/'), "DIR")
    }
}

/// Asserts that a file is refused with this message, which begins with the line.
#[track_caller]
pub(super) fn assert_refused(toml: &str, expected: &str) {
    let error = Site::new(&[("checkpost.toml", toml)]).error(&Flags::default(), &[]);
    assert_eq!(error, format!("DIR/checkpost.toml:{expected}"), "{toml}");
}
