//! The directory of the cache is private: no user but this one and root can change it, what is in it, or the way to it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use checkpost_files as files;

use super::directory::Directory;

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
    /// Another user could put another directory in its place.
    #[error(
        "the cache directory {path} could be replaced by another user, because {problem}: set cache_dir to a directory \
         that only root and the user that runs checkpost can move"
    )]
    Replaceable {
        /// The directory.
        path: PathBuf,
        /// What another user could change.
        problem: files::Problem,
    },
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
    match fs::symlink_metadata(directory) {
        Ok(_) => open(directory).map(|_| true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(CacheError::at(directory)(error)),
    }
}

/// Opens a private directory, and creates it when it is missing.
pub(super) fn create_or_open(directory: &Path) -> Result<Directory, CacheError> {
    create(directory).map_err(CacheError::at(directory))?;
    open(directory)
}

/// Opens the directory once. What is examined is what is used from then on, whatever happens to its path.
fn open(path: &Path) -> Result<Directory, CacheError> {
    let directory = match Directory::open(path) {
        Ok(directory) => directory,
        // A link, or a file.
        Err(_) if fs::symlink_metadata(path).is_ok_and(|metadata| !metadata.is_dir()) => {
            return Err(CacheError::NotPrivate(path.to_owned()));
        }
        Err(error) => return Err(CacheError::at(path)(error)),
    };
    if !directory.is_private().map_err(CacheError::at(path))? {
        return Err(CacheError::NotPrivate(path.to_owned()));
    }
    match files::problem(path).map_err(CacheError::at(path))? {
        Some(problem) => Err(CacheError::Replaceable { path: path.to_owned(), problem }),
        None => Ok(directory),
    }
}

fn create(directory: &Path) -> io::Result<()> {
    if let Some(parent) = directory.parent() {
        fs::create_dir_all(parent)?;
    }
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes"))]
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(directory) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        created => created,
    }
}
