//! Reads the bytes of a module, which may be anything that lies in a directory.

use std::borrow::Cow;
use std::fmt::Display;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::check::{Failure, ModuleSource, Reason, builtin};
use crate::digest::sha256_hex;

/// The SHA-256 of a module as it is now, for telling of it: what is loaded is held to the digest of its own bytes.
///
/// # Errors
/// When it cannot be read, or is larger than `max_bytes`.
pub fn module_digest(source: &ModuleSource, max_bytes: u64) -> Result<String, Failure> {
    read(source, max_bytes).map(|bytes| sha256_hex(&bytes))
}

/// The bytes of a module, at most `max_bytes` of them.
pub(super) fn read(source: &ModuleSource, max_bytes: u64) -> Result<Cow<'static, [u8]>, Failure> {
    match source {
        ModuleSource::Builtin(name) => builtin(name)
            .map(|builtin| Cow::Borrowed(builtin.bytes))
            .ok_or_else(|| Failure::new(Reason::Unreadable, format!("there is no built-in check '{name}'"))),
        ModuleSource::File(path) => read_file(path, max_bytes).map(Cow::Owned),
    }
}

fn read_file(path: &Path, max_bytes: u64) -> Result<Vec<u8>, Failure> {
    let unreadable = |why: &dyn Display| Failure::new(Reason::Unreadable, format!("{}: {why}", path.display()));
    let file = open(path).map_err(|error| unreadable(&error))?;
    let metadata = file.metadata().map_err(|error| unreadable(&error))?;
    if !metadata.is_file() {
        return Err(unreadable(&"not a regular file"));
    }
    if metadata.len() > max_bytes {
        return Err(too_large(&path.display().to_string(), max_bytes));
    }
    // Files of the kernel say that they are empty; some never end, and some forget what was read of them.
    let mut bytes = Vec::new();
    file.take(metadata.len()).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    Ok(bytes)
}

/// A module that is larger than an instance of it may be.
pub(super) fn too_large(path: &str, max_bytes: u64) -> Failure {
    Failure::new(Reason::ModuleTooLarge, format!("{path}: larger than the limit of {max_bytes} bytes"))
}

/// Opens without waiting for whoever may be at the other end: the name may lead to a pipe, or to a file of the kernel
/// that has nothing to say yet.
fn open(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits() as i32);
    }
    options.open(path)
}
