//! A directory as a descriptor, relative to which its files are opened, renamed and removed.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat, fstat, openat, renameat, statat, unlinkat};

use super::entry::Entry;

/// Rights of a file: only this user may open it.
const PRIVATE: Mode = Mode::RUSR.union(Mode::WUSR);

/// Rights with which others could change a file, or the entries of a directory.
const OTHERS_MAY_WRITE: Mode = Mode::WGRP.union(Mode::WOTH);

/// An open directory.
#[derive(Debug)]
pub(in crate::cache) struct Directory {
    descriptor: OwnedFd,
    /// Where the directory was when it was opened; for messages.
    path: PathBuf,
}

impl Directory {
    /// Opens a directory.
    ///
    /// # Errors
    /// If it cannot be opened, or is a link or no directory.
    pub(in crate::cache) fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(Self { descriptor: openat(CWD, path, flags, Mode::empty())?, path: path.to_owned() })
    }

    /// Where the directory was when it was opened; for messages.
    pub(in crate::cache) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the directory belongs to this user and may be written by no other.
    pub(in crate::cache) fn is_private(&self) -> io::Result<bool> {
        Ok(is_ours(&fstat(&self.descriptor)?))
    }

    /// The content of a file that nobody else has written. A directory may have been open to others before it was made
    /// private: files that they left are not ours.
    ///
    /// # Errors
    /// `InvalidData` for a file that another user may have written; links are not followed, and what is no file is refused.
    pub(in crate::cache) fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        // Opening a pipe would wait for a writer.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let mut file = File::from(openat(&self.descriptor, name, flags, Mode::empty())?);
        let found = fstat(&file)?;
        if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile {
            return Err(io::Error::other("not a file"));
        }
        if !is_ours(&found) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "another user may have written this file"));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(found.st_size).unwrap_or_default());
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// What the directory says of a file.
    pub(in crate::cache) fn entry(&self, name: &str) -> io::Result<Entry> {
        let found = statat(&self.descriptor, name, AtFlags::SYMLINK_NOFOLLOW)?;
        // Of a file from before 1970, the age does not matter.
        let seconds = u64::try_from(found.st_mtime).unwrap_or(0);
        let modified = SystemTime::UNIX_EPOCH + Duration::new(seconds, u32::try_from(found.st_mtime_nsec).unwrap_or(0));
        Ok(Entry { bytes: u64::try_from(found.st_size).unwrap_or(0), modified })
    }

    /// The names of all files. A name that is not UTF-8 is none of the cache's.
    pub(in crate::cache) fn names(&self) -> io::Result<Vec<String>> {
        // A single entry that cannot be read does not hide the others.
        let names = Dir::read_from(&self.descriptor)?.flatten();
        let names = names.filter_map(|entry| entry.file_name().to_str().ok().map(str::to_owned));
        Ok(names.filter(|name| name != "." && name != "..").collect())
    }

    /// Creates a file that did not exist.
    pub(in crate::cache) fn create_new(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(openat(&self.descriptor, name, flags, PRIVATE)?.into())
    }

    /// Renames a file; a file that had the new name is gone.
    pub(in crate::cache) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        Ok(renameat(&self.descriptor, from, &self.descriptor, to)?)
    }

    /// Renames a file to a name that is free.
    ///
    /// # Errors
    /// `AlreadyExists` if the name is taken.
    pub(in crate::cache) fn rename_new(&self, from: &str, to: &str) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        {
            use rustix::fs::{RenameFlags, renameat_with};
            use rustix::io::Errno;
            match renameat_with(&self.descriptor, from, &self.descriptor, to, RenameFlags::NOREPLACE) {
                // Not on every filesystem.
                Err(Errno::INVAL | Errno::NOSYS) => {}
                renamed => return Ok(renamed?),
            }
        }
        rustix::fs::linkat(&self.descriptor, from, &self.descriptor, to, AtFlags::empty())?;
        self.remove(from)
    }

    /// Removes a file.
    pub(in crate::cache) fn remove(&self, name: &str) -> io::Result<()> {
        Ok(unlinkat(&self.descriptor, name, AtFlags::empty())?)
    }

    /// Sets when a file was last written.
    pub(in crate::cache) fn set_modified(&self, name: &str, time: SystemTime) -> io::Result<()> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        File::from(openat(&self.descriptor, name, flags, Mode::empty())?).set_modified(time)
    }

    /// A file without a name on the disk of this directory. Where it must have one to be created, it has `name` for a moment.
    pub(in crate::cache) fn unnamed_file(&self, name: &str) -> io::Result<File> {
        #[cfg(target_os = "linux")]
        {
            let flags = OFlags::RDWR | OFlags::TMPFILE | OFlags::CLOEXEC;
            // Not on every filesystem.
            if let Ok(file) = openat(&self.descriptor, ".", flags, PRIVATE) {
                return Ok(file.into());
            }
        }
        let file = self.create_new(name)?;
        self.remove(name)?;
        Ok(file)
    }
}

fn is_ours(found: &Stat) -> bool {
    let is_owner = found.st_uid == rustix::process::geteuid().as_raw();
    is_owner && !Mode::from_raw_mode(found.st_mode).intersects(OTHERS_MAY_WRITE)
}
