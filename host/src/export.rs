//! A file for other programs to read, replaced whole: node_exporter's textfile collector and the like.

use std::io::{self, Write};
use std::path::Path;

/// Puts a text in the place of a file, in one step: a reader sees the old one or the new one. Everybody may read it.
///
/// # Errors
/// When its directory is not there or cannot be written, or the disk is full; the old file stays.
pub fn replace(file: &Path, text: &str) -> io::Result<()> {
    let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Not `*.prom`: a reader of the directory must not take it for the file.
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
    fn a_file_is_replaced_and_nothing_else_is_left() {
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
    fn what_cannot_be_replaced_stays() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("taken");
        fs::create_dir_all(file.join("not empty")).unwrap();
        assert!(replace(&file, "one\n").is_err());
        assert!(replace(&directory.path().join("nosuch/checkpost.prom"), "one\n").is_err());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}
