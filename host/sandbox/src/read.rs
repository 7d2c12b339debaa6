//! Reads the bytes of a module. A file in the checks directory may be anything.

use std::borrow::Cow;
use std::fmt::Display;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use checkpost_model::check::{Failure, ModuleSource, Reason};
use checkpost_model::digest::sha256_hex;

use crate::bundle::builtin;

/// The current SHA-256 of a module, for reports only: loading a module computes the digest of the very bytes that it
/// loads.
///
/// # Errors
/// When the module cannot be read, or is larger than `max_bytes`.
pub fn module_digest(source: &ModuleSource, max_bytes: u64) -> Result<String, Failure> {
    read(source, max_bytes).map(|bytes| sha256_hex(&bytes))
}

/// The bytes of a module, which may be at most `max_bytes`.
pub(crate) fn read(source: &ModuleSource, max_bytes: u64) -> Result<Cow<'static, [u8]>, Failure> {
    match source {
        ModuleSource::Builtin(name) => builtin(name)
            .map(|builtin| Cow::Borrowed(builtin.bytes))
            .ok_or_else(|| Failure::new(Reason::Unreadable, format!("there is no built-in check '{name}'"))),
        ModuleSource::File(path) => read_file(path, max_bytes).map(Cow::Owned),
    }
}

fn read_file(path: &Path, max_bytes: u64) -> Result<Vec<u8>, Failure> {
    let unreadable = |cause: &dyn Display| Failure::new(Reason::Unreadable, format!("{}: {cause}", path.display()));
    let file = open(path).map_err(|error| unreadable(&error))?;
    let metadata = file.metadata().map_err(|error| unreadable(&error))?;
    if !metadata.is_file() {
        return Err(unreadable(&"not a regular file"));
    }
    if metadata.len() > max_bytes {
        return Err(too_large(&path.display().to_string(), max_bytes));
    }
    // Files of the kernel have a length of 0: some never end, and reading some of them consumes their content.
    let mut bytes = Vec::new();
    file.take(metadata.len()).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    Ok(bytes)
}

/// The failure of a module that is larger than the limit of its instance.
pub(crate) fn too_large(path: &str, max_bytes: u64) -> Failure {
    Failure::new(Reason::ModuleTooLarge, format!("{path}: larger than the limit of {max_bytes} bytes"))
}

/// Opens a file without blocking: the path may lead to a pipe without a writer, or to a file of the kernel without
/// content.
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
