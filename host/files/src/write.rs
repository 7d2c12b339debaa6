//! Opens files of our own for writing, where another user may have put something else in the meantime.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

use crate::error::{FileError, Kind};
use crate::open::require_regular;

/// Opens a regular file, or creates it, as `how` says. A link is not followed, and nothing but a file is opened: a FIFO would
/// wait for its reader, and a device may be anything.
///
/// # Errors
/// When the path is anything but a regular file that may be written, or cannot be created.
pub fn open_for_writing(path: &Path, how: &mut OpenOptions) -> Result<File, FileError> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => return Err(FileError::NotAFile(Kind::Link)),
        Ok(found) => require_regular(found.file_type())?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    // It may have been replaced since.
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;

        use rustix::fs::OFlags;
        how.custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY).bits() as i32);
    }
    let file = how.open(path)?;
    require_regular(file.metadata()?.file_type())?;
    Ok(file)
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io::Write;
    use std::os::unix::fs::symlink;
    use std::process::Command;

    use super::*;

    fn append(path: &Path) -> Result<File, String> {
        open_for_writing(path, File::options().create(true).append(true)).map_err(|error| error.to_string())
    }

    #[test]
    fn file_is_created_and_then_opened_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        for _ in 0..2 {
            append(&path).unwrap().write_all(b"line").unwrap();
        }
        assert_eq!(fs::read(&path).unwrap(), b"lineline");
    }

    #[test]
    fn what_is_no_file_is_refused_without_waiting() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        assert!(Command::new("mkfifo").arg(path("fifo")).status().unwrap().success());
        symlink("target", path("link")).unwrap();
        assert_eq!(append(&path("fifo")).unwrap_err(), "is a FIFO, not a file");
        assert_eq!(append(&path("link")).unwrap_err(), "is a symbolic link, not a file");
        assert_eq!(append(Path::new("/dev/null")).unwrap_err(), "is a device, not a file");
        assert_eq!(append(directory.path()).unwrap_err(), "is a directory, not a file");
        assert!(!path("target").exists());
    }
}
