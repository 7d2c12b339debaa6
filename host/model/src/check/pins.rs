//! Pins of module files: SHA-256 digests by path. Pure data: the configuration reads and writes `checkpost.lock`, and
//! the sandbox refuses files because of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

/// The pins in force, and whether unpinned module files may run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PinPolicy {
    /// Absolute path of `checkpost.lock`, which need not exist.
    pub file: PathBuf,
    /// `require_lock`: a module file without a matching pin does not run.
    pub required: bool,
    /// The pins of the file; `None` if there is no file.
    pub pins: Option<Pins>,
}

impl PinPolicy {
    /// Compares a module file of this digest with its pin; `None` without a lock file.
    pub fn pin(&self, path: &Path, digest: &str) -> Option<Pin> {
        self.pins.as_ref().map(|pins| pins.pin(path, digest))
    }
}

/// The result of comparing a module file with its pin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pin {
    /// The file has the digest that it is pinned to.
    Pinned,
    /// The file has another digest.
    Changed,
    /// The lock file does not name the file.
    NotPinned,
}

impl Pin {
    /// The words for people: `not pinned`.
    pub fn words(self) -> &'static str {
        match self {
            Self::Pinned => "pinned",
            Self::Changed => "changed",
            Self::NotPinned => "not pinned",
        }
    }
}

/// SHA-256 digests in lower-case hexadecimal, by absolute path.
///
/// Paths are text because the lock file is UTF-8; a path that is not UTF-8 has no pin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pins(BTreeMap<String, String>);

impl Pins {
    /// Pins a file. Returns `false` for a path that is not UTF-8, which cannot be pinned.
    #[must_use]
    pub fn insert(&mut self, path: &Path, digest: &str) -> bool {
        let Some(path) = path.to_str() else { return false };
        self.0.insert(path.to_owned(), digest.to_owned());
        true
    }

    /// The digest that a file is pinned to.
    pub fn get(&self, path: &Path) -> Option<&str> {
        self.0.get(path.to_str()?).map(String::as_str)
    }

    /// Every file with its digest, by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(path, digest)| (path.as_str(), digest.as_str()))
    }

    /// Compares a file of this digest with its pin.
    pub fn pin(&self, path: &Path, digest: &str) -> Pin {
        match self.get(path) {
            None => Pin::NotPinned,
            Some(pinned) if pinned == digest => Pin::Pinned,
            Some(_) => Pin::Changed,
        }
    }

    /// The changes that turn these pins into `newer`, by path.
    pub fn changes<'a>(&'a self, newer: &'a Self) -> Vec<Change<'a>> {
        let mut paths: Vec<&str> = self.0.keys().chain(newer.0.keys()).map(String::as_str).collect();
        paths.sort_unstable();
        paths.dedup();
        let change = |path| {
            let (from, to) = (self.0.get(path).map(String::as_str), newer.0.get(path).map(String::as_str));
            (from != to).then_some(Change { path, from, to })
        };
        paths.into_iter().filter_map(change).collect()
    }
}

/// A pin that differs between two lock files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change<'a> {
    /// The module file, absolute.
    pub path: &'a str,
    /// The old digest; `None` for a file that was not pinned.
    pub from: Option<&'a str>,
    /// The new digest; `None` for a file that is no longer pinned.
    pub to: Option<&'a str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pins(entries: &[(&str, &str)]) -> Pins {
        let mut pins = Pins::default();
        for (path, digest) in entries {
            assert!(pins.insert(Path::new(path), digest));
        }
        pins
    }

    #[test]
    fn file_is_pinned_changed_or_neither() {
        let pins = pins(&[("/a.wasm", "11")]);
        assert_eq!(pins.pin(Path::new("/a.wasm"), "11"), Pin::Pinned);
        assert_eq!(pins.pin(Path::new("/a.wasm"), "22"), Pin::Changed);
        assert_eq!(pins.pin(Path::new("/b.wasm"), "11"), Pin::NotPinned);
    }

    #[test]
    fn pin_is_unknown_without_a_lock_file() {
        let policy = PinPolicy { required: true, ..PinPolicy::default() };
        assert_eq!(policy.pin(Path::new("/a.wasm"), "11"), None);
    }

    #[test]
    fn changes_are_additions_replacements_and_removals() {
        let older = pins(&[("/changed", "1"), ("/gone", "2"), ("/same", "3")]);
        let newer = pins(&[("/added", "4"), ("/changed", "5"), ("/same", "3")]);
        let change = |path, from, to| Change { path, from, to };
        assert_eq!(
            older.changes(&newer),
            [
                change("/added", None, Some("4")),
                change("/changed", Some("1"), Some("5")),
                change("/gone", Some("2"), None)
            ]
        );
        assert_eq!(older.changes(&older), []);
    }

    #[cfg(unix)]
    #[test]
    fn path_that_is_not_utf8_has_no_pin() {
        use std::os::unix::ffi::OsStrExt;
        let path = Path::new(std::ffi::OsStr::from_bytes(b"/a\xff.wasm"));
        let mut pins = Pins::default();
        assert!(!pins.insert(path, "11"));
        assert_eq!(pins.pin(path, "11"), Pin::NotPinned);
    }
}
