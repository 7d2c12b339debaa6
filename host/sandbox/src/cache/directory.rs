//! The private directory of the cache.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A directory that cannot serve as a cache.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The directory or its key could not be created, read or written.
    #[error("cannot use the cache directory {path}: {source}")]
    Io {
        /// The directory or the key file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The engine whose modules would be cached could not be created.
    #[error("cannot create a WebAssembly engine: {0:#}")]
    Engine(wasmtime::Error),
    /// Another user could write code into the directory.
    #[error(
        "the cache directory {0} is not private: chmod it to 0700 and give it to the user that runs checkpost, or set cache_dir"
    )]
    NotPrivate(PathBuf),
}

impl CacheError {
    /// Attaches a path to an I/O error.
    pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}

/// Whether a cache directory exists. Creates nothing.
///
/// # Errors
/// When the directory cannot be used, because it cannot be examined or is not private.
pub fn examine_cache(directory: &Path) -> Result<bool, CacheError> {
    match is_private(directory) {
        Ok(true) => Ok(true),
        Ok(false) => Err(CacheError::NotPrivate(directory.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(CacheError::at(directory)(error)),
    }
}

/// Creates a private directory, or makes sure that an existing one is private.
pub(super) fn create_private(directory: &Path) -> Result<(), CacheError> {
    create(directory).map_err(CacheError::at(directory))?;
    match is_private(directory).map_err(CacheError::at(directory))? {
        true => Ok(()),
        false => Err(CacheError::NotPrivate(directory.to_owned())),
    }
}

#[cfg(unix)]
fn create(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    if let Some(parent) = directory.parent() {
        fs::create_dir_all(parent)?;
    }
    match fs::DirBuilder::new().mode(0o700).create(directory) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        created => created,
    }
}

/// Whether the path is a real directory, owned by this user and writable by no other.
#[cfg(unix)]
fn is_private(directory: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::symlink_metadata(directory)?;
    let is_ours = metadata.uid() == rustix::process::geteuid().as_raw();
    Ok(metadata.is_dir() && is_ours && metadata.mode() & 0o022 == 0)
}

#[cfg(not(unix))]
fn create(directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)
}

/// On other systems, a directory inherits the permissions of its parent.
#[cfg(not(unix))]
fn is_private(directory: &Path) -> io::Result<bool> {
    Ok(fs::metadata(directory)?.is_dir())
}
