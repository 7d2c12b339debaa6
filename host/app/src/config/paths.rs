//! Paths: the flags that name them, which configuration file is read, and how relative paths become absolute.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::error::ConfigError;
use super::origin::{Origin, Sourced};
use super::variables::Environment;

/// The variable that names the configuration file.
const VARIABLE: &str = "CHECKPOST_CONFIG";

/// Flags that override the configuration. Relative paths are relative to the working directory.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--checks`.
    pub checks: Option<PathBuf>,
}

/// Whether a flag or the environment names the configuration file.
pub(super) fn is_named(flags: &Flags, environment: &Environment) -> bool {
    flags.config.is_some() || environment.contains_key(VARIABLE)
}

/// The configuration file: the one that a flag or the environment names, which must exist, or else the first of the usual
/// ones that exists.
pub(super) fn config_file(
    flags: &Flags,
    environment: &Environment,
    cwd: &Path,
    system_file: &Path,
) -> Result<Option<PathBuf>, ConfigError> {
    if let Some(path) = &flags.config {
        return named_file(path, cwd, "--config", Origin::Flag("--config")).map(Some);
    }
    if let Some(path) = environment.get(VARIABLE) {
        let origin = Origin::Environment(VARIABLE);
        if path.is_empty() {
            let why = "remove it or set it to the path of a file";
            return Err(ConfigError::value(origin, VARIABLE, "empty", why));
        }
        return named_file(Path::new(path), cwd, VARIABLE, origin).map(Some);
    }
    for path in [&cwd.join("checkpost.toml"), system_file] {
        // A file in an unreadable directory is an error, not an absent file.
        if fs::exists(path).map_err(|cause| ConfigError::unreadable(path, cause))? {
            return Ok(Some(path.to_owned()));
        }
    }
    Ok(None)
}

fn named_file(path: &Path, cwd: &Path, key: &str, origin: Origin) -> Result<PathBuf, ConfigError> {
    let file = cwd.join(path);
    match fs::metadata(&file) {
        Ok(metadata) if !metadata.is_dir() => Ok(file),
        Ok(_) => Err(refuse_path(origin, key, path, "must be a file, but is a directory")),
        Err(error) => Err(refuse_path(origin, key, path, &access_problem(&error))),
    }
}

/// Refuses a configured directory that does not exist or is not a directory.
pub(super) fn existing_dir(dir: Sourced<PathBuf>, key: &str) -> Result<Sourced<PathBuf>, ConfigError> {
    match fs::metadata(&dir.value) {
        Ok(metadata) if metadata.is_dir() => Ok(dir),
        Ok(_) => Err(refuse_path(dir.origin, key, &dir.value, "must be a directory")),
        Err(error) => Err(refuse_path(dir.origin, key, &dir.value, &access_problem(&error))),
    }
}

fn access_problem(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "does not exist".to_owned(),
        _ => format!("cannot be read: {error}"),
    }
}

fn refuse_path(origin: Origin, key: &str, path: &Path, why: &str) -> ConfigError {
    ConfigError::value(origin, key, format!("{:?}", path.display().to_string()), why)
}

/// The directory without symbolic links, so that `..` in relative paths can be resolved by name.
#[cfg(not(windows))]
pub(super) fn canonical_dir(dir: &Path) -> Result<PathBuf, ConfigError> {
    fs::canonicalize(dir).map_err(|cause| ConfigError::unreadable(dir, cause))
}

/// The directory as an absolute path. Not canonical, because neither people nor SQLite use `\\?\` paths.
#[cfg(windows)]
pub(super) fn canonical_dir(dir: &Path) -> Result<PathBuf, ConfigError> {
    std::path::absolute(dir).map_err(|cause| ConfigError::unreadable(dir, cause))
}

/// A path in a directory as an absolute path without `.` and `..`. The file need not exist; `~` is not expanded.
pub(super) fn absolute(dir: &Path, path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in dir.join(path).components() {
        match component {
            Component::CurDir => {}
            // The parent of the root is the root.
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
    fn relative_path_becomes_absolute_without_dots() {
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
