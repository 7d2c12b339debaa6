//! The key of the cache: random bytes, created by the first run and the same for all later ones.
//!
//! A key file appears once and is never replaced or removed, so that all processes agree on one key: artifacts under
//! another key would not match.

use std::io;

use super::directory::Directory;
use super::file::Temporary;
use super::private::CacheError;

pub(super) const KEY_BYTES: usize = blake3::KEY_LEN;

pub(super) type Key = [u8; KEY_BYTES];

/// The content of a key file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KeyFile {
    Absent,
    /// The file does not have the length of a key, or another user may have written it.
    Damaged,
    Whole(Key),
}

/// The key of a cache directory. Creates the key when the directory has none.
///
/// A damaged file is passed over for the next name, and stays: removing it could remove the key that another process has
/// just created in its place.
pub(super) fn read_or_create(directory: &Directory) -> Result<Key, CacheError> {
    let mut number = 0;
    loop {
        let name = key_file(number);
        let path = directory.path().join(&name);
        let found = match read(directory, &name) {
            Ok(KeyFile::Absent) => create(directory, &name),
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
fn key_file(number: usize) -> String {
    match number {
        0 => "key".to_owned(),
        number => format!("key.{number}"),
    }
}

fn read(directory: &Directory, name: &str) -> io::Result<KeyFile> {
    match directory.read(name) {
        Ok(bytes) => Ok(bytes.try_into().map_or(KeyFile::Damaged, KeyFile::Whole)),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(KeyFile::Damaged),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(KeyFile::Absent),
        Err(error) => Err(error),
    }
}

/// Creates a key file. When another process has created it first, returns the content of that file, which is absent only
/// if the cache is being deleted.
fn create(directory: &Directory, name: &str) -> io::Result<KeyFile> {
    let mut key = [0; KEY_BYTES];
    getrandom::fill(&mut key).map_err(io::Error::other)?;
    let file = Temporary::write(directory, &[&key])?;
    // All artifacts depend on the key: a power cut must not leave an empty file under its name.
    file.sync()?;
    match file.rename_new(name) {
        Ok(()) => Ok(KeyFile::Whole(key)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read(directory, name),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::fs;
    use std::path::Path;
    use std::sync::Barrier;
    use std::thread;

    use tempfile::tempdir;

    use super::*;
    use crate::cache::file::names;

    fn open(directory: &Path) -> Directory {
        Directory::open(directory).unwrap()
    }

    #[test]
    fn key_of_two_processes_that_found_none_is_the_first_one() {
        let directory = tempdir().unwrap();
        let opened = open(directory.path());
        assert_eq!(read(&opened, "key").unwrap(), KeyFile::Absent, "both look before either creates");
        let [first, second] = [(); 2].map(|()| create(&opened, "key").unwrap());
        assert!(matches!(first, KeyFile::Whole(_)));
        assert_eq!(second, first);
        assert_eq!(read(&opened, "key").unwrap(), first);
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
                read_or_create(&open(directory.path())).unwrap()
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
            fs::write(directory.path().join(key_file(number)), bytes).unwrap();
        }
        let key = read_or_create(&open(directory.path())).unwrap();
        assert_eq!(read_or_create(&open(directory.path())).unwrap(), key);
        assert_eq!(names(directory.path()), ["key", "key.1", "key.2", "key.3"]);
        assert_eq!(fs::read(directory.path().join("key.3")).unwrap(), key);
        for (number, bytes) in damaged.iter().enumerate() {
            assert_eq!(fs::read(directory.path().join(key_file(number))).unwrap(), *bytes);
        }
    }

    #[cfg(unix)]
    #[test]
    fn key_that_is_a_link_is_an_error() {
        let directory = tempdir().unwrap();
        let path = directory.path().join("key");
        fs::write(directory.path().join("target"), [7; KEY_BYTES]).unwrap();
        std::os::unix::fs::symlink("target", &path).unwrap();
        let error = read_or_create(&open(directory.path())).unwrap_err();
        let CacheError::Io { path: reported, source } = error else { panic!("{error}") };
        assert_eq!(reported, path);
        assert_eq!(source.raw_os_error(), Some(rustix::io::Errno::LOOP.raw_os_error()));
    }

    /// Somebody who could write into the directory before it was made private knows this key.
    #[cfg(unix)]
    #[test]
    fn key_that_another_user_may_have_written_is_passed_over() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempdir().unwrap();
        let path = directory.path().join("key");
        fs::write(&path, [7; KEY_BYTES]).unwrap();
        assert_eq!(read_or_create(&open(directory.path())).unwrap(), [7; KEY_BYTES]);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        assert_ne!(read_or_create(&open(directory.path())).unwrap(), [7; KEY_BYTES]);
        assert_eq!(names(directory.path()), ["key", "key.1"]);
    }

    #[test]
    fn key_that_cannot_be_read_is_an_error() {
        let directory = tempdir().unwrap();
        fs::create_dir(directory.path().join("key")).unwrap();
        assert!(matches!(read_or_create(&open(directory.path())), Err(CacheError::Io { .. })));
    }
}
