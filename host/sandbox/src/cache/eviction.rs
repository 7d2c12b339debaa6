//! Eviction: limits the size of the cache, and removes the files that were used least recently.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::io;
use std::time::{Duration, SystemTime};

use super::directory::Directory;
use super::file::{ANSWERS, ARTIFACT, ENDED, QUARANTINED, REFUSAL, TEMPORARY};

/// Shortest time between two recorded uses of a module: recording costs a write.
const USE_RECORDED_EVERY: Duration = Duration::from_secs(24 * 3600);

/// Age at which a temporary file counts as abandoned by a run that was killed.
const ABANDONED_AFTER: Duration = Duration::from_secs(3600);

/// Records that a compiled module is in use, in its modification time. A failure is harmless: the module may be evicted
/// early and compiled again.
pub(super) fn mark_used(directory: &Directory, name: &str) {
    let now = SystemTime::now();
    let entry = directory.entry(name);
    if entry.is_ok_and(|entry| now.duration_since(entry.modified).is_ok_and(|age| age >= USE_RECORDED_EVERY)) {
        let _ = directory.set_modified(name, now);
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
pub(super) fn evict(
    directory: &Directory,
    room: &Room,
    ranks: &HashMap<&str, usize>,
    now: SystemTime,
) -> io::Result<()> {
    // Removes a file if possible; the next eviction tries again.
    let remove = |name: &str| _ = directory.remove(name);
    let (mut modules, mut notes) = (Vec::new(), Vec::new());
    for name in directory.names()? {
        // A single entry that cannot be read does not stop the eviction of the others.
        let Ok(entry) = directory.entry(&name) else { continue };
        let (digest, extension) = name.rsplit_once('.').unwrap_or((&name, ""));
        let rank = ranks.get(digest).copied().unwrap_or(usize::MAX);
        let order = (rank, Reverse(entry.modified));
        match extension {
            ARTIFACT | ANSWERS => modules.push((order, entry.bytes, name)),
            REFUSAL | ENDED | QUARANTINED => notes.push((order, name)),
            _ if is_abandoned(&name, entry.modified, now) => remove(&name),
            _ => {}
        }
    }
    modules.sort_by_key(|(order, ..)| *order);
    notes.sort_by_key(|(order, _)| *order);
    let mut total_bytes = 0;
    for (_, bytes, name) in modules {
        total_bytes += bytes;
        if total_bytes > room.bytes {
            remove(&name);
        }
    }
    notes.iter().skip(room.notes).for_each(|(_, name)| remove(name));
    Ok(())
}

fn is_abandoned(name: &str, written: SystemTime, now: SystemTime) -> bool {
    name.starts_with(TEMPORARY) && now.duration_since(written).is_ok_and(|age| age >= ABANDONED_AFTER)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::fs::{self, File};

    use super::*;
    use crate::cache::file::names;

    const HOUR: Duration = Duration::from_secs(3600);
    const ROOM: Room = Room { bytes: 200, notes: 1 };

    fn open(directory: &tempfile::TempDir) -> Directory {
        Directory::open(directory.path()).unwrap()
    }

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
        evict(&open(&directory), &ROOM, &HashMap::new(), now).unwrap();
        assert_eq!(names(directory.path()), ["a.cwasm", "c.cwasm", "key"]);
    }

    #[test]
    fn cache_within_its_size_stays_whole() {
        let now = SystemTime::now();
        let directory = cache(&[("a.cwasm", HOUR), ("b.cwasm", 3 * HOUR)], now);
        evict(&open(&directory), &ROOM, &HashMap::new(), now).unwrap();
        assert_eq!(names(directory.path()), ["a.cwasm", "b.cwasm"]);
    }

    #[test]
    fn module_in_use_stays_although_others_are_newer() {
        let now = SystemTime::now();
        let directory =
            cache(&[("a.cwasm", HOUR), ("b.cwasm", 3 * HOUR), ("c.cwasm", 2 * HOUR), ("d.cwasm", Duration::ZERO)], now);
        evict(&open(&directory), &ROOM, &HashMap::from([("b", 0), ("d", 1)]), now).unwrap();
        assert_eq!(names(directory.path()), ["b.cwasm", "d.cwasm"]);
        evict(&open(&directory), &Room { bytes: 100, notes: 1 }, &HashMap::from([("b", 0), ("d", 1)]), now).unwrap();
        assert_eq!(names(directory.path()), ["b.cwasm"]);
    }

    #[test]
    fn notes_are_evicted_beyond_their_number() {
        let now = SystemTime::now();
        let directory = cache(&[("a.refused", HOUR), ("b.quarantined", 3 * HOUR), ("c.ended", 2 * HOUR)], now);
        evict(&open(&directory), &Room { bytes: 200, notes: 2 }, &HashMap::from([("b", 0)]), now).unwrap();
        assert_eq!(names(directory.path()), ["a.refused", "b.quarantined"]);
    }

    #[test]
    fn abandoned_file_is_evicted_and_a_file_being_written_stays() {
        let now = SystemTime::now();
        let directory = cache(&[(".tmpOld", 2 * HOUR), (".tmpNew", Duration::ZERO)], now);
        evict(&open(&directory), &ROOM, &HashMap::new(), now).unwrap();
        assert_eq!(names(directory.path()), [".tmpNew"]);
    }

    #[test]
    fn use_is_recorded_once_a_day() {
        let now = SystemTime::now();
        let directory = cache(&[("old.cwasm", 25 * HOUR), ("new.cwasm", HOUR)], now);
        let age = |name: &str| {
            mark_used(&open(&directory), name);
            let path = directory.path().join(name);
            now.duration_since(fs::metadata(path).unwrap().modified().unwrap()).unwrap_or_default()
        };
        assert!(age("old.cwasm") < Duration::from_secs(60));
        assert!(age("new.cwasm") > Duration::from_secs(60));
    }
}
