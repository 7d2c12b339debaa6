//! Which bytes a module file must have: SHA-256 digests by path. Pure data: `checkpost.lock` is read and written in
//! `config`, and who is refused because of it is decided in `sandbox`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

/// Whether module files are pinned, and to what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModuleLock {
    /// `checkpost.lock`, absolute. It need not exist.
    pub file: PathBuf,
    /// `require_lock`: what is not pinned does not run.
    pub required: bool,
    /// What the file says, when there is one.
    pub pins: Option<Pins>,
}

impl ModuleLock {
    /// How a module file with this digest stands to its pin; `None` without a lock file.
    pub fn pin(&self, path: &Path, digest: &str) -> Option<Pin> {
        self.pins.as_ref().map(|pins| pins.pin(path, digest))
    }
}

/// How a module file stands to its pin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pin {
    /// It has the digest that it is pinned to.
    Pinned,
    /// It has another one.
    Changed,
    /// The lock file does not name it.
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
/// The paths are text, because they stand in a file that is UTF-8: one that is not has no pin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pins(BTreeMap<String, String>);

impl Pins {
    /// Pins a file. Returns whether it could be: its path must be UTF-8.
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

    /// How a file with this digest stands to its pin.
    pub fn pin(&self, path: &Path, digest: &str) -> Pin {
        match self.get(path) {
            None => Pin::NotPinned,
            Some(pinned) if pinned == digest => Pin::Pinned,
            Some(_) => Pin::Changed,
        }
    }

    /// What is to be done to these pins to make them `newer`, by path.
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
    /// What it was pinned to; `None` for a file that was not pinned.
    pub from: Option<&'a str>,
    /// What it is to be pinned to; `None` for a file that is to be pinned no more.
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
    fn a_file_is_pinned_changed_or_neither() {
        let pins = pins(&[("/a.wasm", "11")]);
        assert_eq!(pins.pin(Path::new("/a.wasm"), "11"), Pin::Pinned);
        assert_eq!(pins.pin(Path::new("/a.wasm"), "22"), Pin::Changed);
        assert_eq!(pins.pin(Path::new("/b.wasm"), "11"), Pin::NotPinned);
    }

    #[test]
    fn without_a_lock_file_nothing_is_said_of_pins() {
        let lock = ModuleLock { required: true, ..ModuleLock::default() };
        assert_eq!(lock.pin(Path::new("/a.wasm"), "11"), None);
    }

    #[test]
    fn changes_are_what_was_added_changed_and_removed() {
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
    fn a_path_that_is_no_text_has_no_pin() {
        use std::os::unix::ffi::OsStrExt;
        let path = Path::new(std::ffi::OsStr::from_bytes(b"/a\xff.wasm"));
        let mut pins = Pins::default();
        assert!(!pins.insert(path, "11"));
        assert_eq!(pins.pin(path, "11"), Pin::NotPinned);
    }
}
