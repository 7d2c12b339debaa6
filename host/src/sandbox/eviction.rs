//! Keeps the cache of compiled modules within its size: what was not used for longest goes first.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::cache::ANSWERS;

/// A use is noted at most this often: it costs a write.
const NOTED_EVERY: Duration = Duration::from_secs(24 * 3600);

/// A file that was being written longer ago than this was left by a run that was killed.
const ABANDONED_AFTER: Duration = Duration::from_secs(3600);

/// Notes that a compiled module is in use. Failing to is harmless: it may be compiled again some day.
pub(super) fn mark_used(path: &Path) {
    let now = SystemTime::now();
    let modified = fs::metadata(path).and_then(|metadata| metadata.modified());
    if modified.is_ok_and(|modified| now.duration_since(modified).is_ok_and(|age| age >= NOTED_EVERY)) {
        let _ = File::options().append(true).open(path).and_then(|file| file.set_modified(now));
    }
}

/// Removes compiled modules, the least recently used first, until those that stay have at most `max_bytes`; and what
/// killed runs left half-written. Another process that wants a removed one compiles it again.
pub(super) fn evict(directory: &Path, max_bytes: u64, now: SystemTime) -> io::Result<()> {
    let mut modules = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let Ok(metadata) = fs::metadata(&path) else { continue };
        let used = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        if path.extension().is_some_and(|extension| extension == "cwasm" || extension == ANSWERS) {
            modules.push((used, metadata.len(), path));
        } else if is_abandoned(&path, used, now) {
            remove(&path);
        }
    }
    modules.sort_by_key(|(used, ..)| std::cmp::Reverse(*used));
    let mut kept_bytes = 0;
    for (_, bytes, path) in modules {
        kept_bytes += bytes;
        if kept_bytes > max_bytes {
            remove(&path);
        }
    }
    Ok(())
}

fn is_abandoned(path: &Path, written: SystemTime, now: SystemTime) -> bool {
    let temporary = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".tmp"));
    temporary && now.duration_since(written).is_ok_and(|age| age >= ABANDONED_AFTER)
}

/// Another process may have been quicker.
fn remove(path: &Path) {
    let _ = fs::remove_file(path);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    /// A cache with files of 100 bytes, by their age.
    fn cache(files: &[(&str, Duration)], now: SystemTime) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for (name, age) in files {
            let path = directory.path().join(name);
            fs::write(&path, [0; 100]).unwrap();
            File::options().append(true).open(path).unwrap().set_modified(now - *age).unwrap();
        }
        directory
    }

    fn names(directory: &tempfile::TempDir) -> Vec<String> {
        let entries = fs::read_dir(directory.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_was_not_used_for_longest_goes_and_the_key_stays() {
        let now = SystemTime::now();
        let directory =
            cache(&[("a.cwasm", HOUR), ("b.cwasm", 3 * HOUR), ("c.cwasm", 2 * HOUR), ("key", 9 * HOUR)], now);
        evict(directory.path(), 200, now).unwrap();
        assert_eq!(names(&directory), ["a.cwasm", "c.cwasm", "key"]);
    }

    #[test]
    fn within_the_size_nothing_goes() {
        let now = SystemTime::now();
        let directory = cache(&[("a.cwasm", HOUR), ("b.cwasm", 3 * HOUR)], now);
        evict(directory.path(), 200, now).unwrap();
        assert_eq!(names(&directory), ["a.cwasm", "b.cwasm"]);
    }

    #[test]
    fn what_a_killed_run_left_goes_and_what_is_being_written_stays() {
        let now = SystemTime::now();
        let directory = cache(&[(".tmpOld", 2 * HOUR), (".tmpNew", Duration::ZERO)], now);
        evict(directory.path(), 200, now).unwrap();
        assert_eq!(names(&directory), [".tmpNew"]);
    }

    #[test]
    fn a_use_is_noted_once_a_day() {
        let now = SystemTime::now();
        let directory = cache(&[("old.cwasm", 25 * HOUR), ("new.cwasm", HOUR)], now);
        let age = |name: &str| {
            let path = directory.path().join(name);
            mark_used(&path);
            now.duration_since(fs::metadata(path).unwrap().modified().unwrap()).unwrap_or_default()
        };
        assert!(age("old.cwasm") < Duration::from_secs(60));
        assert!(age("new.cwasm") > Duration::from_secs(60));
    }
}
