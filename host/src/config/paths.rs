//! Where the files are: which configuration file is read, and how relative paths become absolute ones.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::dotenv::Environment;
use super::{ConfigError, Flags, Origin, Sourced};

/// The configuration file: the one asked for, which must be there, else the first of the usual ones, else none.
pub(super) fn config_file(
    flags: &Flags,
    environment: &Environment,
    cwd: &Path,
    system_file: &Path,
) -> Result<Option<PathBuf>, ConfigError> {
    if let Some(path) = &flags.config {
        return asked_for(path, cwd, "--config", Origin::Flag("--config")).map(Some);
    }
    if let Some(path) = environment.get("CHECKPOST_CONFIG") {
        let origin = Origin::Environment("CHECKPOST_CONFIG");
        if path.is_empty() {
            let why = "remove it or give the path of a file";
            return Err(ConfigError::value(origin, "CHECKPOST_CONFIG", "empty", why));
        }
        return asked_for(Path::new(path), cwd, "CHECKPOST_CONFIG", origin).map(Some);
    }
    for path in [&cwd.join("checkpost.toml"), system_file] {
        // A file that cannot be looked at must not be taken for one that is absent.
        if fs::exists(path).map_err(|cause| unreadable(path, cause))? {
            return Ok(Some(path.to_owned()));
        }
    }
    Ok(None)
}

fn asked_for(path: &Path, cwd: &Path, key: &str, origin: Origin) -> Result<PathBuf, ConfigError> {
    let file = cwd.join(path);
    match fs::metadata(&file) {
        Ok(metadata) if !metadata.is_dir() => Ok(file),
        Ok(_) => Err(refuse_path(origin, key, path, "must be a file, and is a directory")),
        Err(error) => Err(refuse_path(origin, key, path, &why_not(&error))),
    }
}

/// A directory that somebody asked for must be one.
pub(super) fn existing_dir(dir: Sourced<PathBuf>, key: &str) -> Result<Sourced<PathBuf>, ConfigError> {
    match fs::metadata(&dir.value) {
        Ok(metadata) if metadata.is_dir() => Ok(dir),
        Ok(_) => Err(refuse_path(dir.origin, key, &dir.value, "must be a directory")),
        Err(error) => Err(refuse_path(dir.origin, key, &dir.value, &why_not(&error))),
    }
}

fn why_not(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "does not exist".to_owned(),
        _ => format!("cannot be read: {error}"),
    }
}

fn refuse_path(origin: Origin, key: &str, path: &Path, why: &str) -> ConfigError {
    ConfigError::value(origin, key, format!("{:?}", path.display().to_string()), why)
}

pub(super) fn unreadable(path: &Path, cause: io::Error) -> ConfigError {
    ConfigError::Unreadable { path: path.to_owned(), cause }
}

/// The directory itself, symbolic links followed, so that `..` may be taken away from the paths in it.
#[cfg(not(windows))]
pub(super) fn canonical_dir(dir: &Path) -> Result<PathBuf, ConfigError> {
    fs::canonicalize(dir).map_err(|cause| unreadable(dir, cause))
}

/// The directory as an absolute path. Not `canonicalize`: its `\\?\` paths are foreign to people and to SQLite.
#[cfg(windows)]
pub(super) fn canonical_dir(dir: &Path) -> Result<PathBuf, ConfigError> {
    std::path::absolute(dir).map_err(|cause| unreadable(dir, cause))
}

/// A path in a directory, without `.` and `..`. The file need not exist; `~` is a name like any other.
pub(super) fn absolute(dir: &Path, path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in dir.join(path).components() {
        match component {
            Component::CurDir => {}
            // At the root there is nothing to take away, as for the system.
            Component::ParentDir => _ = normal.pop(),
            other => normal.push(other),
        }
    }
    normal
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn paths_become_absolute_and_lose_their_dots() {
        for (path, expected) in [
            ("a/./b", "/base/dir/a/b"),
            ("../a", "/base/a"),
            ("../../../../a", "/a"),
            ("/x/../y", "/y"),
            ("~/a", "/base/dir/~/a"),
            ("..", "/base"),
        ] {
            assert_eq!(absolute(Path::new("/base/dir"), Path::new(path)), Path::new(expected), "{path}");
        }
    }
}
