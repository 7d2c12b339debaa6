//! The command-line flags that configure.

use std::path::PathBuf;

/// Flags that override the configuration. Relative paths are relative to the working directory.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--checks`.
    pub checks: Option<PathBuf>,
}
