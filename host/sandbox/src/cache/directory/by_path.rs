//! A directory by its path, where there are no descriptors of directories. Its permissions are inherited from its parent.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::entry::Entry;

/// A directory.
#[derive(Debug)]
pub(in crate::cache) struct Directory {
    path: PathBuf,
}

impl Directory {
    /// A directory that exists.
    pub(in crate::cache) fn open(path: &Path) -> io::Result<Self> {
        match fs::metadata(path)?.is_dir() {
            true => Ok(Self { path: path.to_owned() }),
            false => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    /// Where the directory is; for messages.
    pub(in crate::cache) fn path(&self) -> &Path {
        &self.path
    }

    /// Always: there is no owner or mode to look at.
    pub(in crate::cache) fn is_private(&self) -> io::Result<bool> {
        Ok(true)
    }

    /// The content of a file.
    pub(in crate::cache) fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        fs::read(self.path.join(name))
    }

    /// What the directory says of a file.
    pub(in crate::cache) fn entry(&self, name: &str) -> io::Result<Entry> {
        let found = fs::metadata(self.path.join(name))?;
        Ok(Entry { bytes: found.len(), modified: found.modified().unwrap_or(SystemTime::UNIX_EPOCH) })
    }

    /// The names of all files. A name that is not UTF-8 is none of the cache's.
    pub(in crate::cache) fn names(&self) -> io::Result<Vec<String>> {
        // A single entry that cannot be read does not hide the others.
        Ok(fs::read_dir(&self.path)?.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect())
    }

    /// Creates a file that did not exist.
    pub(in crate::cache) fn create_new(&self, name: &str) -> io::Result<File> {
        File::options().read(true).write(true).create_new(true).open(self.path.join(name))
    }

    /// Renames a file; a file that had the new name is gone.
    pub(in crate::cache) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path.join(from), self.path.join(to))
    }

    /// Renames a file to a name that is free.
    ///
    /// # Errors
    /// `AlreadyExists` if the name is taken.
    pub(in crate::cache) fn rename_new(&self, from: &str, to: &str) -> io::Result<()> {
        fs::hard_link(self.path.join(from), self.path.join(to))?;
        self.remove(from)
    }

    /// Removes a file.
    pub(in crate::cache) fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }

    /// Sets when a file was last written.
    pub(in crate::cache) fn set_modified(&self, name: &str, time: SystemTime) -> io::Result<()> {
        File::options().append(true).open(self.path.join(name))?.set_modified(time)
    }

    /// A file without a name on the disk of this directory, which needs none to be created.
    pub(in crate::cache) fn unnamed_file(&self, _: &str) -> io::Result<File> {
        tempfile::tempfile_in(&self.path)
    }
}
