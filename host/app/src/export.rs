//! Files for other programs, such as node_exporter's textfile collector, replaced atomically.

use std::io::{self, Write};
use std::path::Path;

/// Replaces a file atomically: a reader sees the old text or the new one. Every user may read the file.
///
/// # Errors
/// If the directory does not exist or cannot be written, or the disk is full. The old file is unchanged then.
pub fn replace(file: &Path, text: &str) -> io::Result<()> {
    let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // node_exporter reads every `*.prom`, so the temporary file has another name.
    let mut new = tempfile::Builder::new().prefix(".checkpost-").suffix(".tmp").tempfile_in(directory)?;
    new.write_all(text.as_bytes())?;
    #[cfg(unix)]
    std::fs::set_permissions(new.path(), std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
    new.persist(file)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::fs;

    use super::*;

    #[test]
    fn file_is_replaced_and_no_other_file_is_left() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("checkpost.prom");
        replace(&file, "one\n").unwrap();
        replace(&file, "two\n").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "two\n");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o644);
        }
    }

    #[test]
    fn path_that_cannot_be_replaced_is_unchanged() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("taken");
        fs::create_dir_all(file.join("not empty")).unwrap();
        assert!(replace(&file, "one\n").is_err());
        assert!(replace(&directory.path().join("nosuch/checkpost.prom"), "one\n").is_err());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}
