//! The directories in which Linux shows its state: the real ones, or recorded ones in a test.

use std::path::{Path, PathBuf};

/// The directories that sources read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Roots {
    /// `/proc`.
    pub(super) proc: PathBuf,
    /// `/sys`.
    pub(super) sys: PathBuf,
    /// `/etc`.
    pub(super) etc: PathBuf,
    /// `/run`.
    pub(super) run: PathBuf,
}

impl Roots {
    /// The directories of this machine.
    pub(super) fn real() -> Self {
        Self::below(Path::new("/"))
    }

    /// The directories below `root`.
    pub(super) fn below(root: &Path) -> Self {
        Self { proc: root.join("proc"), sys: root.join("sys"), etc: root.join("etc"), run: root.join("run") }
    }
}
