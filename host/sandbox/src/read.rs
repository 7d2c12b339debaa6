//! Reads the bytes of a module. A file in the checks directory may be anything.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt::Display;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use checkpost_files::{FileError, FileId, open_regular};
use checkpost_model::check::{Failure, ModuleSource, Reason};
use checkpost_model::digest::{self, sha256_hex};

use crate::bundle::builtin;
use crate::encode::{MAGIC, require_magic};

/// The current digests of modules, for reports only: loading a module computes the digest of the very bytes that it loads.
/// Each file is read once, whatever the number of links to it.
#[derive(Debug, Default)]
pub struct Digests {
    by_file: HashMap<FileId, Result<String, Failure>>,
    reading: Reading,
}

impl Digests {
    /// The SHA-256 of a module.
    ///
    /// # Errors
    /// When the module cannot be read, or is larger than `max_bytes`, or what a run reads has been read.
    pub fn of(&mut self, source: &ModuleSource, max_bytes: u64) -> Result<String, Failure> {
        let ModuleSource::File(path) = source else {
            return read(source, max_bytes).map(|bytes| sha256_hex(&bytes));
        };
        let file = ModuleFile::examine(path, max_bytes)?;
        if let Some(digest) = self.by_file.get(&file.id) {
            return digest.clone();
        }
        self.reading.admit(&file)?;
        let digest = file.digest().map(|(digest, _)| digest);
        self.by_file.insert(file.id, digest.clone());
        digest
    }
}

/// Bytes of module files that one run reads.
const MAX_RUN_BYTES: u64 = 2 << 30;

/// The module files that a run reads.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    admitted: HashSet<FileId>,
    bytes: u64,
}

impl Reading {
    /// Admits a file, by all of its names once.
    ///
    /// # Errors
    /// When the run would read too much with it.
    pub(crate) fn admit(&mut self, file: &ModuleFile) -> Result<(), Failure> {
        if self.admitted.contains(&file.id) {
            return Ok(());
        }
        let bytes = self.bytes.saturating_add(file.size_bytes);
        if bytes > MAX_RUN_BYTES {
            let path = file.path.display();
            let detail =
                format!("{path}: with the files before it, this run would read more than {MAX_RUN_BYTES} bytes");
            return Err(Failure::new(Reason::ModuleTooLarge, detail));
        }
        self.bytes = bytes;
        self.admitted.insert(file.id);
        Ok(())
    }
}

/// The bytes of a module, which may be at most `max_bytes`.
pub(crate) fn read(source: &ModuleSource, max_bytes: u64) -> Result<Cow<'static, [u8]>, Failure> {
    match source {
        ModuleSource::Builtin(name) => {
            builtin(name).map(|builtin| Cow::Borrowed(builtin.bytes)).ok_or_else(|| no_such_builtin(name))
        }
        ModuleSource::File(path) => ModuleFile::examine(path, max_bytes)?.read().map(Cow::Owned),
    }
}

/// The failure of a module that is not among the built-in ones.
pub(crate) fn no_such_builtin(name: &str) -> Failure {
    Failure::new(Reason::Unreadable, format!("there is no built-in check '{name}'"))
}

/// A module file that has been examined and not yet read.
pub(crate) struct ModuleFile {
    path: PathBuf,
    pub(crate) id: FileId,
    /// The size when it was examined.
    pub(crate) size_bytes: u64,
}

impl ModuleFile {
    /// Examines a file without reading more of it than its first bytes, which show whether it can be a module.
    pub(crate) fn examine(path: &Path, max_bytes: u64) -> Result<Self, Failure> {
        let mut opened =
            open_regular(path).and_then(|opened| opened.within(max_bytes)).map_err(|error| match error {
                FileError::TooLarge { max_bytes } => too_large(&path.display().to_string(), max_bytes),
                error @ FileError::Sparse { .. } => invalid(format!("{}: {error}", path.display())),
                error => unreadable(path, &error),
            })?;
        // No more than the stated length, as everywhere: some files of the kernel change when they are read.
        let mut start = Vec::new();
        let length = opened.len.min(MAGIC.len() as u64);
        (&mut opened.file).take(length).read_to_end(&mut start).map_err(|error| unreadable(path, &error))?;
        require_magic(&start).map_err(|error| invalid(error.to_string()))?;
        Ok(Self { path: path.to_owned(), id: opened.id, size_bytes: opened.len })
    }

    /// Digest and size of its present bytes, of which there may be no more than when the file was examined.
    pub(crate) fn digest(&self) -> Result<(String, u64), Failure> {
        let mut file = self.reopen()?;
        let mut hasher = digest::Hasher::default();
        let mut size_bytes = 0;
        let mut buffer = vec![0; 64 << 10];
        loop {
            let length = file.read(&mut buffer).map_err(|error| unreadable(&self.path, &error))?;
            if length == 0 {
                return Ok((hasher.finish(), size_bytes));
            }
            hasher.update(&buffer[..length]);
            size_bytes += length as u64;
        }
    }

    /// Its present bytes, of which there may be no more than when the file was examined.
    pub(crate) fn read(&self) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        self.reopen()?.read_to_end(&mut bytes).map_err(|error| unreadable(&self.path, &error))?;
        Ok(bytes)
    }

    /// The file from its beginning. Thousands of files cannot all stay open.
    fn reopen(&self) -> Result<io::Take<File>, Failure> {
        let opened = open_regular(&self.path).map_err(|error| unreadable(&self.path, &error))?;
        if opened.id != self.id {
            return Err(unreadable(&self.path, &"was replaced while it was read"));
        }
        Ok(opened.file.take(self.size_bytes))
    }
}

fn unreadable(path: &Path, cause: &dyn Display) -> Failure {
    Failure::new(Reason::Unreadable, format!("{}: {cause}", path.display()))
}

fn invalid(detail: String) -> Failure {
    Failure::new(Reason::InvalidModule, detail)
}

/// The failure of a module that is larger than the limit of its instance.
pub(crate) fn too_large(path: &str, max_bytes: u64) -> Failure {
    Failure::new(Reason::ModuleTooLarge, format!("{path}: larger than the limit of {max_bytes} bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_beyond_what_a_run_reads_is_refused_by_all_of_its_names() {
        let file = |inode, size_bytes| ModuleFile { path: "/x.wasm".into(), id: (1, inode), size_bytes };
        let mut reading = Reading::default();
        assert_eq!(reading.admit(&file(1, MAX_RUN_BYTES)), Ok(()));
        for _ in 0..2 {
            let refused = reading.admit(&file(2, 1)).map_err(|failure| failure.reason);
            assert_eq!(refused, Err(Reason::ModuleTooLarge));
        }
        assert_eq!(reading.admit(&file(1, MAX_RUN_BYTES)), Ok(()), "another link to the first file");
    }
}
