//! One open directory and the files in it, by their names: renaming the directory, or one above it, changes nothing.

#[cfg(not(unix))]
mod by_path;
#[cfg(unix)]
mod descriptor;
mod entry;

#[cfg(not(unix))]
pub(super) use by_path::Directory;
#[cfg(unix)]
pub(super) use descriptor::Directory;
