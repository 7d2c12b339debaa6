//! Files of the cache: their names, and writes that other processes see whole or not at all.

use std::fs::File;
use std::io::{self, Write};
#[cfg(test)]
use std::path::Path;

use super::directory::Directory;

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

/// Writes a temporary file and renames it to `name`, so that a reader sees the old bytes or the new ones.
pub(super) fn replace(directory: &Directory, name: &str, parts: &[&[u8]]) -> io::Result<()> {
    rename_or_rewrite(Temporary::write(directory, parts)?, name, parts)
}

/// Renames a temporary file to `name`. A missing file is written once more: to another process it looked abandoned,
/// because this one was stopped for an hour or the clock was set.
pub(super) fn rename_or_rewrite(temporary: Temporary<'_>, name: &str, parts: &[&[u8]]) -> io::Result<()> {
    let directory = temporary.directory;
    match temporary.rename(name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Temporary::write(directory, parts)?.rename(name),
        renamed => renamed,
    }
}

/// A file that is being written. It is removed unless it is renamed.
pub(super) struct Temporary<'a> {
    directory: &'a Directory,
    name: String,
    file: File,
}

impl<'a> Temporary<'a> {
    /// A temporary file with this content.
    pub(super) fn write(directory: &'a Directory, parts: &[&[u8]]) -> io::Result<Self> {
        let name = temporary_name()?;
        let mut temporary = Self { directory, file: directory.create_new(&name)?, name };
        for part in parts {
            temporary.file.write_all(part)?;
        }
        Ok(temporary)
    }

    /// Waits until the content is on the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    /// Renames the file; a file that had the new name is gone.
    pub(super) fn rename(self, name: &str) -> io::Result<()> {
        self.directory.rename(&self.name, name)
    }

    /// Renames the file to a name that is free.
    ///
    /// # Errors
    /// `AlreadyExists` if the name is taken.
    pub(super) fn rename_new(self, name: &str) -> io::Result<()> {
        self.directory.rename_new(&self.name, name)
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        // It has another name by now, or was abandoned; what stays is evicted.
        let _ = self.directory.remove(&self.name);
    }
}

/// A file without a name on the disk of a directory.
pub(super) fn unnamed(directory: &Directory) -> io::Result<File> {
    directory.unnamed_file(&temporary_name()?)
}

/// A name that nobody can guess, so that no file has it.
fn temporary_name() -> io::Result<String> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    Ok(format!("{TEMPORARY}{:016x}", u64::from_ne_bytes(random)))
}

/// Removes a file. Returns whether the file existed: another process may have removed it.
pub(super) fn remove(directory: &Directory, name: &str) -> io::Result<bool> {
    match directory.remove(name) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// The names of the files in a directory, sorted.
#[cfg(test)]
pub(super) fn names(directory: &Path) -> Vec<String> {
    let mut names = Directory::open(directory).and_then(|directory| directory.names()).expect("a directory");
    names.sort();
    names
}
