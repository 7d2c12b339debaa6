//! Reads the bytes of a module. A file in the checks directory may be anything.

use std::borrow::Cow;
use std::fmt::Display;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use checkpost_model::check::{Failure, ModuleSource, Reason};
use checkpost_model::digest::{self, sha256_hex};

use crate::bundle::builtin;

/// The current SHA-256 of a module, for reports only: loading a module computes the digest of the very bytes that it
/// loads.
///
/// # Errors
/// When the module cannot be read, or is larger than `max_bytes`.
pub fn module_digest(source: &ModuleSource, max_bytes: u64) -> Result<String, Failure> {
    match source {
        ModuleSource::Builtin(_) => read(source, max_bytes).map(|bytes| sha256_hex(&bytes)),
        ModuleSource::File(path) => Ok(ModuleFile::examine(path, max_bytes)?.digest()?.0),
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

/// What tells files from each other, whatever they are called.
pub(crate) type FileId = (u64, u64);

/// A module file that has been examined and not yet read.
pub(crate) struct ModuleFile {
    path: PathBuf,
    pub(crate) id: FileId,
    /// The size when it was examined.
    pub(crate) size_bytes: u64,
}

impl ModuleFile {
    /// Examines a file without reading more of it than its first bytes.
    pub(crate) fn examine(path: &Path, max_bytes: u64) -> Result<Self, Failure> {
        let (file, id) = open(path)?;
        let size_bytes = file.metadata().map_err(|error| unreadable(path, &error))?.len();
        if size_bytes > max_bytes {
            return Err(too_large(&path.display().to_string(), max_bytes));
        }
        Ok(Self { path: path.to_owned(), id, size_bytes })
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
        let (file, id) = open(&self.path)?;
        if id != self.id {
            return Err(unreadable(&self.path, &"replaced while it was read"));
        }
        // Files of the kernel have a length of 0: some never end, and reading some of them consumes their content.
        Ok(file.take(self.size_bytes))
    }
}

fn unreadable(path: &Path, cause: &dyn Display) -> Failure {
    Failure::new(Reason::Unreadable, format!("{}: {cause}", path.display()))
}

/// The failure of a module that is larger than the limit of its instance.
pub(crate) fn too_large(path: &str, max_bytes: u64) -> Failure {
    Failure::new(Reason::ModuleTooLarge, format!("{path}: larger than the limit of {max_bytes} bytes"))
}

/// Opens a regular file without blocking: the path may lead to a pipe without a writer, or to a file of the kernel without
/// content.
fn open(path: &Path) -> Result<(File, FileId), Failure> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits() as i32);
    }
    let file = options.open(path).map_err(|error| unreadable(path, &error))?;
    let metadata = file.metadata().map_err(|error| unreadable(path, &error))?;
    if !metadata.is_file() {
        return Err(unreadable(path, &"not a regular file"));
    }
    Ok((file, file_id(path, &metadata)))
}

#[cfg(unix)]
fn file_id(_path: &Path, metadata: &Metadata) -> FileId {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

/// Elsewhere, each path counts as a file of its own.
#[cfg(not(unix))]
fn file_id(path: &Path, _metadata: &Metadata) -> FileId {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    (0, hasher.finish())
}
