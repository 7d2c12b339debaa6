//! Files and directories that runs write. They are examined without being opened: opening could hang on a pipe, and could
//! create a missing file.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::path::Path;

#[cfg(unix)]
use checkpost_report::format::bytes;

use crate::config::Config;

use super::finding::{About, Finding};

/// Free space below which a cycle may not fit.
#[cfg(unix)]
const CRITICAL_BYTES: u64 = 1 << 20;
/// Free space below which the disk will be full in a few weeks.
#[cfg(unix)]
const LOW_BYTES: u64 = 100 << 20;

const MAKE_WRITABLE: &str = "make it writable for the user that runs checkpost";

pub(super) fn examine(config: &Config, report: &mut dyn FnMut(Finding)) {
    report(log(&config.log.file));
    report(cache(&config.cache_dir));
    if let Some(file) = &config.export.textfile {
        // Runs do not write to the file but replace it.
        let directory = file.parent().unwrap_or(Path::new("."));
        report(match may_write_in(directory) {
            Ok(()) => About::Textfile.ok(file.display().to_string()),
            Err(error) => {
                let text = format!("{} cannot be written: {error}", file.display());
                About::Textfile.warning(text).remedy(format!("create its directory, and {MAKE_WRITABLE}"))
            }
        });
    }
}

fn log(file: &Path) -> Finding {
    if fs::symlink_metadata(file).is_ok_and(|metadata| !metadata.is_file()) {
        let text = format!("{} is not a file: nothing is logged", file.display());
        return About::Log.warning(text).remedy("remove it, or set log.file to another file");
    }
    match may_write(file) {
        Ok(()) => About::Log.ok(file.display().to_string()),
        Err(error) => {
            About::Log.warning(format!("{} cannot be written: {error}", file.display())).remedy(MAKE_WRITABLE)
        }
    }
}

fn cache(directory: &Path) -> Finding {
    let usable = match checkpost_sandbox::examine_cache(directory) {
        // The error names its remedy.
        Err(error) => return About::Cache.warning(format!("{error}; until then, every run compiles every check")),
        Ok(true) => may_write_in(directory),
        Ok(false) => may_write(directory),
    };
    match usable {
        Ok(()) => About::Cache.ok(directory.display().to_string()),
        Err(error) => {
            About::Cache.warning(format!("{} cannot be written: {error}", directory.display())).remedy(MAKE_WRITABLE)
        }
    }
}

/// Whether a file can be written, or created with its missing directories.
pub(super) fn may_write(file: &Path) -> io::Result<()> {
    match fs::metadata(file) {
        Ok(metadata) if metadata.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(metadata) => may_access(file, &metadata),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // The nearest directory that exists, `/` at the latest.
            let nearest = file.ancestors().skip(1).find(|directory| fs::symlink_metadata(directory).is_ok());
            may_write_in(nearest.unwrap_or(Path::new(".")))
        }
        Err(error) => Err(error),
    }
}

/// Whether files can be created in a directory.
fn may_write_in(directory: &Path) -> io::Result<()> {
    let metadata = fs::metadata(directory)?;
    if !metadata.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    may_access(directory, &metadata)
}

/// Whether the run lock of a database can be taken. A link cannot be locked.
pub(super) fn may_lock(database: &Path) -> io::Result<()> {
    let mut lock = OsString::from(database);
    lock.push(".lock");
    match fs::symlink_metadata(&lock) {
        Ok(metadata) if !metadata.is_file() => Err(io::Error::other("not a file")),
        Ok(metadata) => may_access(Path::new(&lock), &metadata),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(unix)]
fn may_access(path: &Path, metadata: &Metadata) -> io::Result<()> {
    use rustix::fs::{Access, access};
    let search = if metadata.is_dir() { Access::EXEC_OK } else { Access::empty() };
    Ok(access(path, Access::WRITE_OK | search)?)
}

#[cfg(not(unix))]
fn may_access(_: &Path, metadata: &Metadata) -> io::Result<()> {
    let is_refused = metadata.permissions().readonly() && !metadata.is_dir();
    if is_refused { Err(io::ErrorKind::PermissionDenied.into()) } else { Ok(()) }
}

/// The remedy if the database belongs to another user, whose permissions cannot be examined by this one.
#[cfg(unix)]
pub(super) fn other_owner(database: &Path) -> Option<String> {
    let owner = std::os::unix::fs::MetadataExt::uid(&fs::metadata(database).ok()?);
    (owner != rustix::process::geteuid().as_raw()).then(|| format!("run the doctor as the user with the id {owner}"))
}

#[cfg(not(unix))]
pub(super) fn other_owner(_: &Path) -> Option<String> {
    None
}

/// The free space on the disk of the database.
#[cfg(unix)]
pub(super) fn disk(database: &Path) -> Option<Finding> {
    let nearest = database.ancestors().skip(1).find(|directory| directory.exists())?;
    let disk = rustix::fs::statvfs(nearest).ok()?;
    // The space that is free for users, without the reserve for root.
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let text = format!("{} free for the database", bytes(free as f64));
    Some(match free {
        ..CRITICAL_BYTES => About::Disk.failed(text).remedy("free some space, or move the database"),
        CRITICAL_BYTES..LOW_BYTES => About::Disk.warning(text).remedy("free some space, or delete old cycles"),
        LOW_BYTES.. => About::Disk.ok(text),
    })
}

#[cfg(not(unix))]
pub(super) fn disk(_: &Path) -> Option<Finding> {
    None
}
