//! Files of the cache: their names, and writes that other processes see whole or not at all.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use tempfile::NamedTempFile;

/// Extension of compiled modules.
pub(super) const ARTIFACT: &str = "cwasm";

/// Extension of the cached answers of modules.
pub(super) const ANSWERS: &str = "json";

/// Extension of the files that hold why a module is no check.
pub(super) const REFUSAL: &str = "refused";

/// Extension of the files that count compilations that ended without a result.
pub(super) const ENDED: &str = "ended";

/// Extension of the files that hold the reason why a module is in quarantine.
pub(super) const QUARANTINED: &str = "quarantined";

/// Beginning of the names of files that are being written.
pub(super) const TEMPORARY: &str = ".tmp";

/// Writes a temporary file and renames it to `path`, so that a reader sees the old bytes or the new ones.
pub(super) fn replace(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    rename_or_rewrite(write_temporary(path, parts)?, path, parts)
}

/// A temporary file with this content, in the directory of `path`, which it will become.
pub(super) fn write_temporary(path: &Path, parts: &[&[u8]]) -> io::Result<NamedTempFile> {
    let directory = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(directory)?;
    for part in parts {
        file.write_all(part)?;
    }
    Ok(file)
}

/// Renames a temporary file to `path`. A missing file is written once more: to another process it looked abandoned,
/// because this one was stopped for an hour or the clock was set.
pub(super) fn rename_or_rewrite(temporary: NamedTempFile, path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    match temporary.persist(path) {
        Err(error) if error.error.kind() == io::ErrorKind::NotFound => {
            write_temporary(path, parts)?.persist(path)?;
        }
        renamed => drop(renamed?),
    }
    Ok(())
}

/// Removes a file. Returns whether the file existed: another process may have removed it.
pub(super) fn remove(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// The names of the files in a directory, sorted.
#[cfg(test)]
pub(super) fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("a directory");
    let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}
