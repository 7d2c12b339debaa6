//! The key of the cache: random bytes, created by the first run and the same for all later ones.
//!
//! A key file appears once and is never replaced or removed, so that all processes agree on one key: artifacts under
//! another key would not match.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::directory::CacheError;
use super::file::write_temporary;

pub(super) const KEY_BYTES: usize = blake3::KEY_LEN;

pub(super) type Key = [u8; KEY_BYTES];

/// The content of a key file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KeyFile {
    Absent,
    /// The file does not have the length of a key.
    Damaged,
    Whole(Key),
}

/// The key of a cache directory. Creates the key when the directory has none.
///
/// A damaged file is passed over for the next name, and stays: removing it could remove the key that another process has
/// just created in its place.
pub(super) fn read_or_create(directory: &Path) -> Result<Key, CacheError> {
    let mut number = 0;
    loop {
        let path = key_file(directory, number);
        let found = match read(&path) {
            Ok(KeyFile::Absent) => create(&path),
            found => found,
        };
        match found.map_err(CacheError::at(&path))? {
            KeyFile::Whole(key) => return Ok(key),
            KeyFile::Absent => return Err(CacheError::at(&path)(io::ErrorKind::NotFound.into())),
            KeyFile::Damaged => tracing::debug!(file = %path.display(), "damaged cache key is passed over"),
        }
        number += 1;
    }
}

/// `key`, `key.1`, `key.2`, …
fn key_file(directory: &Path, number: usize) -> PathBuf {
    match number {
        0 => directory.join("key"),
        number => directory.join(format!("key.{number}")),
    }
}

fn read(path: &Path) -> io::Result<KeyFile> {
    match fs::read(path) {
        Ok(bytes) => Ok(bytes.try_into().map_or(KeyFile::Damaged, KeyFile::Whole)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(KeyFile::Absent),
        Err(error) => Err(error),
    }
}

/// Creates a key file. When another process has created it first, returns the content of that file, which is absent only
/// if the cache is being deleted.
fn create(path: &Path) -> io::Result<KeyFile> {
    let mut key = [0; KEY_BYTES];
    getrandom::fill(&mut key).map_err(io::Error::other)?;
    let file = write_temporary(path, &[&key])?;
    // All artifacts depend on the key: a power cut must not leave an empty file under its name.
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(KeyFile::Whole(key)),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => read(path),
        Err(error) => Err(error.error),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::Barrier;
    use std::thread;

    use tempfile::tempdir;

    use super::*;
    use crate::cache::file::names;

    #[test]
    fn key_of_two_processes_that_found_none_is_the_first_one() {
        let directory = tempdir().unwrap();
        let path = key_file(directory.path(), 0);
        assert_eq!(read(&path).unwrap(), KeyFile::Absent, "both look before either creates");
        let [first, second] = [(); 2].map(|()| create(&path).unwrap());
        assert!(matches!(first, KeyFile::Whole(_)));
        assert_eq!(second, first);
        assert_eq!(read(&path).unwrap(), first);
        assert_eq!(names(directory.path()), ["key"], "no temporary file is left");
    }

    #[test]
    fn key_of_concurrent_callers_is_one() {
        const CALLERS: usize = 8;
        for _ in 0..20 {
            let directory = tempdir().unwrap();
            let barrier = Barrier::new(CALLERS);
            let caller = || {
                barrier.wait();
                read_or_create(directory.path()).unwrap()
            };
            let keys: Vec<Key> = thread::scope(|scope| {
                let callers: Vec<_> = (0..CALLERS).map(|_| scope.spawn(caller)).collect();
                callers.into_iter().map(|caller| caller.join().unwrap()).collect()
            });
            assert!(keys.iter().all(|key| *key == keys[0]));
            assert_eq!(names(directory.path()), ["key"]);
        }
    }

    #[test]
    fn damaged_key_is_passed_over_by_all_and_stays() {
        let directory = tempdir().unwrap();
        let damaged: [&[u8]; 3] = [&[], &[7; KEY_BYTES - 1], &[7; KEY_BYTES + 1]];
        for (number, bytes) in damaged.iter().enumerate() {
            fs::write(key_file(directory.path(), number), bytes).unwrap();
        }
        let key = read_or_create(directory.path()).unwrap();
        assert_eq!(read_or_create(directory.path()).unwrap(), key);
        assert_eq!(names(directory.path()), ["key", "key.1", "key.2", "key.3"]);
        assert_eq!(fs::read(directory.path().join("key.3")).unwrap(), key);
        for (number, bytes) in damaged.iter().enumerate() {
            assert_eq!(fs::read(key_file(directory.path(), number)).unwrap(), *bytes);
        }
    }

    /// A link to a missing file looks like a key that is deleted while it is read: the name is taken, and reading finds no
    /// file.
    #[cfg(unix)]
    #[test]
    fn key_that_is_deleted_meanwhile_is_an_error() {
        let directory = tempdir().unwrap();
        let path = key_file(directory.path(), 0);
        std::os::unix::fs::symlink("missing", &path).unwrap();
        let CacheError::Io { path: reported, source } = read_or_create(directory.path()).unwrap_err() else { panic!() };
        assert_eq!((reported, source.kind()), (path, io::ErrorKind::NotFound));
    }

    #[test]
    fn key_that_cannot_be_read_is_an_error() {
        let directory = tempdir().unwrap();
        fs::create_dir(key_file(directory.path(), 0)).unwrap();
        assert!(matches!(read_or_create(directory.path()), Err(CacheError::Io { .. })));
    }
}
