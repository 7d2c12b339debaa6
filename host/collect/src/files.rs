//! Small files of the kernel, as text or as a number. An absent file is `None`; a file that cannot be read is an error.

use std::io;
use std::path::Path;
use std::str::FromStr;

use checkpost_model::clean;
use checkpost_model::metric::Snapshot;

/// Length at which a diagnostic cuts a text.
const SHOWN_CHARS: usize = 64;

/// The text of a file, without surrounding blanks.
pub(super) fn read(path: &Path) -> io::Result<String> {
    // Firmware and devices choose their names, so that one invalid byte must not make the text unreadable.
    Ok(String::from_utf8_lossy(&std::fs::read(path)?).trim().to_owned())
}

/// [`read`] for a file that some systems do not have.
pub(super) fn text(path: &Path) -> Result<Option<String>, String> {
    match read(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(cannot_read(path, &error)),
    }
}

/// The number that a file consists of.
pub(super) fn number<T: FromStr>(path: &Path) -> Result<Option<T>, String> {
    let Some(text) = text(path)? else { return Ok(None) };
    text.parse().map(Some).map_err(|_| no_number(path, &text))
}

/// The names in a directory that some systems do not have.
pub(super) fn names(directory: &Path) -> Result<Option<Vec<String>>, String> {
    let names = std::fs::read_dir(directory)
        .and_then(|entries| entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect());
    match names {
        Ok(names) => Ok(Some(names)),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(cannot_read(directory, &error)),
    }
}

/// The number after a name, in lines such as `oom_kill 3` or `MemTotal: 8000 kB`.
pub(super) fn field(text: &str, name: &str) -> Option<u64> {
    let mut fields = text.lines().map(str::split_whitespace);
    fields.find_map(|mut words| (words.next()? == name).then(|| words.next()?.parse().ok()).flatten())
}

/// The result of a read; an error becomes a diagnostic.
pub(super) fn or_diagnose<T>(
    read: Result<Option<T>, String>,
    source: &'static str,
    snapshot: &mut Snapshot,
) -> Option<T> {
    read.unwrap_or_else(|why| {
        snapshot.diagnose(source, why);
        None
    })
}

/// The message about a file that could not be read, on one line.
pub(super) fn cannot_read(path: &Path, why: &dyn std::fmt::Display) -> String {
    format!("cannot read {}: {why}", display(path))
}

/// A path as text on one line.
pub(super) fn display(path: &Path) -> String {
    clean::owned(&path.display().to_string())
}

fn no_number(path: &Path, text: &str) -> String {
    format!("no number in {}: '{}'", display(path), clean::bounded(text, SHOWN_CHARS))
}

/// Whether a file or its value is absent, which is not an error.
fn is_absent(error: &io::Error) -> bool {
    // ENODATA comes from a driver without a value at the moment, such as a radio that is switched off. ENODEV comes from a
    // device that was removed while it was read.
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
        || matches!(error.raw_os_error(), Some(libc::ENODATA | libc::ENODEV))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::tests::proc_with;

    #[test]
    fn absent_file_is_none_and_no_error() {
        let directory = proc_with(&[("file", "1")]);
        let path = |name| directory.path().join(name);
        assert_eq!(text(&path("absent")), Ok(None));
        assert_eq!(text(&path("file/below")), Ok(None));
        assert_eq!(number::<u64>(&path("absent")), Ok(None));
        assert_eq!(names(&path("absent")), Ok(None));
        for errno in [libc::ENOENT, libc::ENODATA, libc::ENODEV] {
            assert!(is_absent(&io::Error::from_raw_os_error(errno)), "{errno}");
        }
        for errno in [libc::EIO, libc::EAGAIN, libc::EACCES] {
            assert!(!is_absent(&io::Error::from_raw_os_error(errno)), "{errno}");
        }
    }

    #[test]
    fn error_names_the_file_and_the_cause() {
        let directory = proc_with(&[("number/file", "many\u{1b}[31m\n"), ("latin", "1")]);
        std::fs::write(directory.path().join("latin"), b"K\xfchler\n").unwrap();
        let path = |name| directory.path().join(name);
        assert!(text(&path("number")).unwrap_err().contains("cannot read"));
        let why = number::<u64>(&path("number/file")).unwrap_err();
        assert!(why.starts_with("no number in /") && why.ends_with("file: 'many\\u{1b}[31m'"), "{why}");
        assert_eq!(text(&path("latin")), Ok(Some("K\u{fffd}hler".to_owned())));
    }

    #[test]
    fn field_is_found_by_its_whole_name() {
        let text = "oom 1\noom_kill 2\nMemTotal:  3 kB\nbroken\nodd many\n";
        let found = ["oom", "oom_kill", "MemTotal:", "broken", "odd", "absent"].map(|name| field(text, name));
        assert_eq!(found, [Some(1), Some(2), Some(3), None, None, None]);
    }
}
