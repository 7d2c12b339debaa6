//! Eviction: limits the size of the cache, and removes the files that were used least recently.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::file::{ANSWERS, ARTIFACT, ENDED, QUARANTINED, REFUSAL, TEMPORARY};

/// Shortest time between two recorded uses of a module: recording costs a write.
const USE_RECORDED_EVERY: Duration = Duration::from_secs(24 * 3600);

/// Age at which a temporary file counts as abandoned by a run that was killed.
const ABANDONED_AFTER: Duration = Duration::from_secs(3600);

/// Records that a compiled module is in use, in its modification time. A failure is harmless: the module may be evicted
/// early and compiled again.
pub(super) fn mark_used(path: &Path) {
    let now = SystemTime::now();
    let modified = fs::metadata(path).and_then(|metadata| metadata.modified());
    if modified.is_ok_and(|modified| now.duration_since(modified).is_ok_and(|age| age >= USE_RECORDED_EVERY)) {
        let _ = File::options().append(true).open(path).and_then(|file| file.set_modified(now));
    }
}

/// The room of a cache.
pub(super) struct Room {
    /// Size of all compiled modules and answers, in bytes.
    bytes: u64,
    /// Number of notes about modules that were not compiled.
    notes: usize,
}

impl Room {
    /// Some twenty Python checks, and all module files of a full directory.
    pub(super) const MOST: Self = Self { bytes: 1 << 30, notes: 10_000 };
}

/// Removes files until the rest fits, and the temporary files of killed runs. The files of the modules in `ranks` stay
/// longest, in the order of their ranks; of the others, those that were used most recently. Another process that needs a
/// removed file makes it again.
pub(super) fn evict(directory: &Path, room: &Room, ranks: &HashMap<&str, usize>, now: SystemTime) -> io::Result<()> {
    let (mut modules, mut notes) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(directory)? {
        // A single entry that cannot be read does not stop the eviction of the others.
        let Ok(path) = entry.map(|entry| entry.path()) else { continue };
        let Ok(metadata) = fs::metadata(&path) else { continue };
        let used = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        let digest = path.file_stem().and_then(OsStr::to_str).unwrap_or_default();
        let rank = ranks.get(digest).copied().unwrap_or(usize::MAX);
        let file = ((rank, Reverse(used)), metadata.len(), path.clone());
        match path.extension().and_then(OsStr::to_str) {
            Some(ARTIFACT | ANSWERS) => modules.push(file),
            Some(REFUSAL | ENDED | QUARANTINED) => notes.push(file),
            _ if is_abandoned(&path, used, now) => remove(&path),
            _ => {}
        }
    }
    modules.sort_by_key(|(order, ..)| *order);
    notes.sort_by_key(|(order, ..)| *order);
    let mut total_bytes = 0;
    for (_, bytes, path) in modules {
        total_bytes += bytes;
        if total_bytes > room.bytes {
            remove(&path);
        }
    }
    notes.iter().skip(room.notes).for_each(|(.., path)| remove(path));
    Ok(())
}

fn is_abandoned(path: &Path, written: SystemTime, now: SystemTime) -> bool {
    let is_temporary = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(TEMPORARY.as_bytes()));
    is_temporary && now.duration_since(written).is_ok_and(|age| age >= ABANDONED_AFTER)
}

/// Removes a file if possible; the next eviction tries again.
fn remove(path: &Path) {
    let _ = fs::remove_file(path);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::cache::file::names;

    const HOUR: Duration = Duration::from_secs(3600);
    const ROOM: Room = Room { bytes: 200, notes: 1 };

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

    #[test]
    fn least_recently_used_module_is_evicted_and_the_key_stays() {
        let now = SystemTime::now();
        let directory =
            cache(&[("a.cwasm", HOUR), ("b.cwasm", 3 * HOUR), ("c.cwasm", 2 * HOUR), ("key", 9 * HOUR)], now);
        evict(directory.path(), &ROOM, &HashMap::new(), now).unwrap();
        assert_eq!(names(directory.path()), ["a.cwasm", "c.cwasm", "key"]);
    }

    #[test]
    fn cache_within_its_size_stays_whole() {
        let now = SystemTime::now();
        let directory = cache(&[("a.cwasm", HOUR), ("b.cwasm", 3 * HOUR)], now);
        evict(directory.path(), &ROOM, &HashMap::new(), now).unwrap();
        assert_eq!(names(directory.path()), ["a.cwasm", "b.cwasm"]);
    }

    #[test]
    fn module_in_use_stays_although_others_are_newer() {
        let now = SystemTime::now();
        let directory =
            cache(&[("a.cwasm", HOUR), ("b.cwasm", 3 * HOUR), ("c.cwasm", 2 * HOUR), ("d.cwasm", Duration::ZERO)], now);
        evict(directory.path(), &ROOM, &HashMap::from([("b", 0), ("d", 1)]), now).unwrap();
        assert_eq!(names(directory.path()), ["b.cwasm", "d.cwasm"]);
        evict(directory.path(), &Room { bytes: 100, notes: 1 }, &HashMap::from([("b", 0), ("d", 1)]), now).unwrap();
        assert_eq!(names(directory.path()), ["b.cwasm"]);
    }

    #[test]
    fn notes_are_evicted_beyond_their_number() {
        let now = SystemTime::now();
        let directory = cache(&[("a.refused", HOUR), ("b.quarantined", 3 * HOUR), ("c.ended", 2 * HOUR)], now);
        evict(directory.path(), &Room { bytes: 200, notes: 2 }, &HashMap::from([("b", 0)]), now).unwrap();
        assert_eq!(names(directory.path()), ["a.refused", "b.quarantined"]);
    }

    #[test]
    fn abandoned_file_is_evicted_and_a_file_being_written_stays() {
        let now = SystemTime::now();
        let directory = cache(&[(".tmpOld", 2 * HOUR), (".tmpNew", Duration::ZERO)], now);
        evict(directory.path(), &ROOM, &HashMap::new(), now).unwrap();
        assert_eq!(names(directory.path()), [".tmpNew"]);
    }

    #[test]
    fn use_is_recorded_once_a_day() {
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
