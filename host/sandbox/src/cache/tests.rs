//! Several processes on one cache directory: keys, artifacts, eviction, quarantine.
#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::fs;
use std::time::{Duration, SystemTime};

use tempfile::{TempDir, tempdir};
use wasmtime::Engine;

use crate::artifact::Artifact;

use super::directory::Directory;
use super::eviction::{self, Room};
use super::{Cache, CacheError, file};

const DIGEST: &str = "1234abcd1234abcd1234abcd1234abcd1234abcd1234abcd1234abcd1234abcd";
const OTHER: &str = "56785678abcdabcd56785678abcdabcd56785678abcdabcd56785678abcdabcd";

fn cache(directory: &TempDir) -> Cache {
    Cache::open(&directory.path().join("cache"), &Engine::default()).unwrap()
}

fn artifact(content: &str) -> Artifact {
    Artifact::new(0, content.as_bytes().to_owned())
}

fn content(cache: &Cache, digest: &str) -> Option<String> {
    cache.get(digest).map(|artifact| String::from_utf8(artifact.bytes()[8..].to_owned()).unwrap())
}

#[test]
fn artifact_of_each_first_run_serves_the_other() {
    let directory = tempdir().unwrap();
    let [first, second] = [(); 2].map(|()| cache(&directory));
    first.put(DIGEST, &artifact("compiled by the first")).unwrap();
    second.put(OTHER, &artifact("compiled by the second")).unwrap();
    for cache in [&first, &second] {
        assert_eq!(content(cache, DIGEST).as_deref(), Some("compiled by the first"));
        assert_eq!(content(cache, OTHER).as_deref(), Some("compiled by the second"));
    }
}

#[test]
fn artifact_under_another_key_is_rejected() {
    let directory = tempdir().unwrap();
    cache(&directory).put(DIGEST, &artifact("compiled")).unwrap();
    fs::write(directory.path().join("cache/key"), [0; blake3::KEY_LEN]).unwrap();
    assert_eq!(content(&cache(&directory), DIGEST), None);
}

#[test]
fn quarantine_holds_until_the_release() {
    let directory = tempdir().unwrap();
    let cache = cache(&directory);
    cache.quarantine(DIGEST, "the compiler crashed").unwrap();
    cache.quarantine(OTHER, "the compiler crashed").unwrap();
    assert_eq!(cache.quarantine_reason(DIGEST).as_deref(), Some("the compiler crashed"));
    assert_eq!(cache.release(&DIGEST[..8]).unwrap(), 1);
    assert_eq!(cache.quarantine_reason(DIGEST), None);
    assert!(cache.quarantine_reason(OTHER).is_some());
    assert_eq!(cache.release(&DIGEST[..8]).unwrap(), 0);
}

#[test]
fn empty_quarantine_file_is_no_quarantine() {
    let directory = tempdir().unwrap();
    let cache = cache(&directory);
    fs::write(directory.path().join("cache").join(super::name(DIGEST, file::QUARANTINED)), "").unwrap();
    assert_eq!(cache.quarantine_reason(DIGEST), None);
}

#[test]
fn file_that_another_process_removed_is_no_error() {
    let directory = tempdir().unwrap();
    fs::write(directory.path().join("1234.quarantined"), "the compiler crashed").unwrap();
    let directory = Directory::open(directory.path()).unwrap();
    assert!(file::remove(&directory, "1234.quarantined").unwrap());
    assert!(!file::remove(&directory, "1234.quarantined").unwrap());
}

#[test]
fn file_is_written_again_when_its_temporary_file_was_evicted() {
    let directory = tempdir().unwrap();
    let opened = Directory::open(directory.path()).unwrap();
    let parts: &[&[u8]] = &[b"tag", b"content"];
    let temporary = file::Temporary::write(&opened, parts).unwrap();
    let two_hours_later = SystemTime::now() + Duration::from_secs(2 * 3600);
    eviction::evict(&opened, &Room::MOST, &HashMap::new(), two_hours_later).unwrap();
    assert_eq!(file::names(directory.path()).len(), 0);
    file::rename_or_rewrite(temporary, "1234.cwasm", parts).unwrap();
    assert_eq!(fs::read(directory.path().join("1234.cwasm")).unwrap(), b"tagcontent");
    assert_eq!(file::names(directory.path()).len(), 1);
}

/// In a directory that may be written and not listed. The thread that writes gives up root's right to list it anyway.
#[cfg(target_os = "linux")]
#[test]
fn artifact_is_cached_although_eviction_fails() {
    use std::os::unix::fs::PermissionsExt;
    use std::thread;

    use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};

    let directory = tempdir().unwrap();
    let cache = cache(&directory);
    let allow = |mode| fs::set_permissions(directory.path().join("cache"), fs::Permissions::from_mode(mode)).unwrap();
    allow(0o300);
    let unprivileged = || {
        let none = CapabilitySet::empty();
        set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none }).unwrap();
        let evicted = eviction::evict(&cache.directory, &Room::MOST, &HashMap::new(), SystemTime::now());
        (evicted, cache.put(DIGEST, &artifact("compiled")))
    };
    let (evicted, put) = thread::scope(|scope| scope.spawn(unprivileged).join()).unwrap();
    allow(0o700);
    assert!(evicted.is_err());
    put.unwrap();
    assert_eq!(content(&cache, DIGEST).as_deref(), Some("compiled"));
}

/// Puts the directory of another user's making where the cache was.
#[cfg(unix)]
#[test]
fn directory_in_the_place_of_an_open_cache_is_not_used() {
    let directory = tempdir().unwrap();
    let planted = tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    fs::create_dir(path("parent")).unwrap();
    let open = |parent: &std::path::Path| Cache::open(&parent.join("cache"), &Engine::default()).unwrap();
    let cache = open(&path("parent"));
    cache.put(DIGEST, &artifact("compiled here")).unwrap();
    // An artifact under the same key: only where it lies tells it from this cache's.
    fs::create_dir(planted.path().join("cache")).unwrap();
    fs::set_permissions(planted.path().join("cache"), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    fs::copy(path("parent/cache/key"), planted.path().join("cache/key")).unwrap();
    let other = open(planted.path());
    other.put(DIGEST, &artifact("planted")).unwrap();
    other.put(OTHER, &artifact("planted")).unwrap();
    other.quarantine(OTHER, "planted").unwrap();
    fs::rename(path("parent"), path("moved")).unwrap();
    std::os::unix::fs::symlink(planted.path(), path("parent")).unwrap();

    assert_eq!(content(&cache, DIGEST).as_deref(), Some("compiled here"));
    assert_eq!(content(&cache, OTHER), None);
    assert_eq!(cache.artifact_bytes(OTHER), None);
    assert_eq!(cache.quarantine_reason(OTHER), None);
    assert_eq!(cache.release(OTHER).unwrap(), 0);
    cache.put(OTHER, &artifact("compiled later")).unwrap();
    cache.evict([DIGEST].into_iter());
    let planted = open(planted.path());
    assert_eq!(content(&planted, OTHER).as_deref(), Some("planted"), "nothing was written there");
    assert_eq!(content(&open(&path("moved")), OTHER).as_deref(), Some("compiled later"));
}

#[cfg(unix)]
#[test]
fn artifact_that_another_user_may_have_written_is_not_used() {
    let directory = tempdir().unwrap();
    let cache = cache(&directory);
    cache.put(DIGEST, &artifact("compiled")).unwrap();
    let file = directory.path().join("cache").join(super::name(DIGEST, file::ARTIFACT));
    fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o666)).unwrap();
    assert_eq!(content(&cache, DIGEST), None);
    cache.put(DIGEST, &artifact("compiled again")).unwrap();
    assert_eq!(content(&cache, DIGEST).as_deref(), Some("compiled again"));
}

#[cfg(unix)]
#[test]
fn cache_below_a_directory_that_others_may_write_is_refused() {
    let directory = tempdir().unwrap();
    let open = || Cache::open(&directory.path().join("cache"), &Engine::default());
    let allow = |mode| fs::set_permissions(directory.path(), std::os::unix::fs::PermissionsExt::from_mode(mode));
    for private in [0o700, 0o755, 0o1777] {
        allow(private).unwrap();
        assert!(open().is_ok(), "{private:o}");
    }
    allow(0o777).unwrap();
    let Err(CacheError::Replaceable { problem, .. }) = open() else { panic!("the cache was opened") };
    assert_eq!(problem.path, directory.path().canonicalize().unwrap());
}
