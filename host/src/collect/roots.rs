//! Where Linux shows what it knows: the real directories, or recorded ones in a test.

use std::path::{Path, PathBuf};

/// The directories that sources read. What is not in them is not there.
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
    /// Those of this machine.
    pub(super) fn real() -> Self {
        Self::below(Path::new("/"))
    }

    /// Those below a directory.
    pub(super) fn below(root: &Path) -> Self {
        Self { proc: root.join("proc"), sys: root.join("sys"), etc: root.join("etc"), run: root.join("run") }
    }
}
