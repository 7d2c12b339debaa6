//! What root believes. A configuration that was found, and not named, must be root's, and so must be the files beside it and
//! the programs that it has run: whoever can write them decides what root runs.

use std::path::{Path, PathBuf};

use checkpost_files as files;

use super::error::ConfigError;
use super::origin::{Origin, Sourced};
use super::pins;
use super::routes::ConfiguredRoute;
use super::variables;

/// Whether a configuration is believed, whoever can write it.
#[derive(Clone, Copy)]
pub(super) struct Trust {
    is_unconditional: bool,
}

const NAME_IT: &str = "give it to root, or name the configuration with --config if it is meant";
const NO_FILE: &str = "run checkpost in a directory of root's, or name a configuration with --config";
const NAME_DIRECTORY: &str = "give it to root, or name it with checks_dir if it is meant";

impl Trust {
    /// A configuration that a flag or the environment names is meant. Of users who are not root, only they themselves run
    /// what it says.
    pub(super) fn of(is_named: bool) -> Self {
        Self { is_unconditional: is_named || !is_root() }
    }

    /// The configuration file, `.env` and the lock file. Those that are missing count as well, because whoever may create
    /// them could do so before they are read.
    pub(super) fn of_files(self, file: Option<&Path>, base_dir: &Path) -> Result<(), ConfigError> {
        match file {
            Some(file) => self.require(file, NAME_IT)?,
            None => self.require(base_dir, NO_FILE)?,
        }
        [variables::FILE, pins::NAME].iter().try_for_each(|name| self.require(&base_dir.join(name), NAME_IT))
    }

    /// The checks directory, unless it is named: its owner may be somebody else on purpose.
    pub(super) fn of_checks_dir(self, directory: &Sourced<PathBuf>) -> Result<(), ConfigError> {
        match directory.origin {
            Origin::Default => self.require(&directory.value, NAME_DIRECTORY),
            _ => Ok(()),
        }
    }

    /// The programs that routes start. A program that is missing fails its route, and nothing else.
    pub(super) fn of_programs(self, routes: &[ConfiguredRoute]) -> Result<(), ConfigError> {
        let mut programs = routes.iter().filter_map(|configured| configured.receiver.program());
        programs.try_for_each(|program| self.require(&program, NAME_IT))
    }

    fn require(self, path: &Path, remedy: &'static str) -> Result<(), ConfigError> {
        if self.is_unconditional {
            return Ok(());
        }
        match files::problem(path).map_err(|cause| ConfigError::unreadable(path, cause))? {
            Some(problem) => Err(ConfigError::not_trusted(path, &problem, remedy)),
            None => Ok(()),
        }
    }
}

#[cfg(unix)]
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}
