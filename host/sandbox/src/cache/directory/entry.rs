//! An entry of a directory.

use std::time::SystemTime;

/// What the directory says of a file.
pub(in crate::cache) struct Entry {
    /// The size of the file.
    pub(in crate::cache) bytes: u64,
    /// When the file was last written.
    pub(in crate::cache) modified: SystemTime,
}
