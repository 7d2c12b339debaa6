//! Files and directories that runs write. Nothing is opened: what is there may be a pipe, and what is not there stays away.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::path::Path;

use super::{About, Finding};
use crate::config::Config;
#[cfg(unix)]
use crate::report::format::bytes;
use crate::sandbox;

/// Free space below which a cycle may find no room.
#[cfg(unix)]
const LEAST_BYTES: u64 = 1 << 20;
/// Free space below which it is full within some weeks.
#[cfg(unix)]
const FEW_BYTES: u64 = 100 << 20;

const RIGHTS: &str = "give it to the user that runs checkpost";

pub(super) fn examine(config: &Config, tell: &mut dyn FnMut(Finding)) {
    tell(log(&config.log.file));
    tell(cache(&config.cache_dir));
    if let Some(file) = &config.export.textfile {
        // It is replaced, not written.
        let directory = file.parent().unwrap_or(Path::new("."));
        tell(match may_write_in(directory) {
            Ok(()) => About::Textfile.ok(file.display().to_string()),
            Err(why) => {
                let text = format!("{} cannot be written: {why}", file.display());
                About::Textfile.warning(text).remedy(format!("make its directory, and {RIGHTS}"))
            }
        });
    }
}

fn log(file: &Path) -> Finding {
    if fs::metadata(file).is_ok_and(|metadata| is_pipe(&metadata)) {
        let text = format!("{} is a pipe: a run waits until somebody reads it", file.display());
        return About::Log.failed(text).remedy("set log.file to another file");
    }
    match may_write(file) {
        Ok(()) => About::Log.ok(file.display().to_string()),
        Err(why) => About::Log.warning(format!("{} cannot be written: {why}", file.display())).remedy(RIGHTS),
    }
}

fn cache(directory: &Path) -> Finding {
    let usable = match sandbox::examine_cache(directory) {
        // The errors have their remedies.
        Err(error) => return About::Cache.warning(format!("{error}; until then every check is compiled in every run")),
        Ok(true) => may_write_in(directory),
        Ok(false) => may_write(directory),
    };
    match usable {
        Ok(()) => About::Cache.ok(directory.display().to_string()),
        Err(why) => About::Cache.warning(format!("{} cannot be written: {why}", directory.display())).remedy(RIGHTS),
    }
}

/// Whether a file can be written, or made if it is not there, with the directories that are missing.
pub(super) fn may_write(file: &Path) -> io::Result<()> {
    match fs::metadata(file) {
        Ok(metadata) if metadata.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(metadata) => allowed(file, &metadata),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // The first one that is there; `/` is.
            let there = file.ancestors().skip(1).find(|directory| fs::symlink_metadata(directory).is_ok());
            may_write_in(there.unwrap_or(Path::new(".")))
        }
        Err(error) => Err(error),
    }
}

/// Whether files can be made in a directory.
fn may_write_in(directory: &Path) -> io::Result<()> {
    let metadata = fs::metadata(directory)?;
    if !metadata.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    allowed(directory, &metadata)
}

/// Whether the run lock beside the database can be taken: a link is none.
pub(super) fn may_lock(database: &Path) -> io::Result<()> {
    let mut lock = OsString::from(database);
    lock.push(".lock");
    match fs::symlink_metadata(&lock) {
        Ok(metadata) if !metadata.is_file() => Err(io::Error::other("it is not a file")),
        Ok(metadata) => allowed(Path::new(&lock), &metadata),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(unix)]
fn allowed(path: &Path, metadata: &Metadata) -> io::Result<()> {
    use rustix::fs::{Access, access};
    let search = if metadata.is_dir() { Access::EXEC_OK } else { Access::empty() };
    Ok(access(path, Access::WRITE_OK | search)?)
}

#[cfg(not(unix))]
fn allowed(_: &Path, metadata: &Metadata) -> io::Result<()> {
    let is_refused = metadata.permissions().readonly() && !metadata.is_dir();
    if is_refused { Err(io::ErrorKind::PermissionDenied.into()) } else { Ok(()) }
}

#[cfg(unix)]
fn is_pipe(metadata: &Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&metadata.file_type())
}

#[cfg(not(unix))]
fn is_pipe(_: &Metadata) -> bool {
    false
}

/// What to do when the database belongs to another user: what this one may do says nothing of that one.
#[cfg(unix)]
pub(super) fn other_owner(database: &Path) -> Option<String> {
    let owner = std::os::unix::fs::MetadataExt::uid(&fs::metadata(database).ok()?);
    (owner != rustix::process::geteuid().as_raw()).then(|| format!("run doctor as the user with the number {owner}"))
}

#[cfg(not(unix))]
pub(super) fn other_owner(_: &Path) -> Option<String> {
    None
}

/// What is free on the disk of the database.
#[cfg(unix)]
pub(super) fn disk(database: &Path) -> Option<Finding> {
    let there = database.ancestors().skip(1).find(|directory| directory.exists())?;
    let disk = rustix::fs::statvfs(there).ok()?;
    // To users, not to root.
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let text = format!("{} free for the database", bytes(free as f64));
    Some(match free {
        ..LEAST_BYTES => About::Disk.failed(text).remedy("free some, or move the database"),
        LEAST_BYTES..FEW_BYTES => About::Disk.warning(text).remedy("free some, or delete old cycles"),
        FEW_BYTES.. => About::Disk.ok(text),
    })
}

#[cfg(not(unix))]
pub(super) fn disk(_: &Path) -> Option<Finding> {
    None
}
