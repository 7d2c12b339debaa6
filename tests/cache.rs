//! The cache of compiled modules: used when it is this host's own, made again whenever it is not.

use std::fs;
use std::path::PathBuf;

use crate::support::{Site, assert_built_in_judged, check};

#[test]
fn a_warm_run_loads_what_the_first_one_compiled() {
    let site = Site::new();
    site.run_json();
    let modules = || std::fs::read_dir(site.path("data/cache")).unwrap().count();
    // Four modules, what each said, and the key.
    assert_eq!(modules(), 9);
    let before = std::fs::metadata(site.path("data/cache/key")).unwrap().modified().unwrap();
    site.run_json();
    assert_eq!(modules(), 9);
    assert_eq!(std::fs::metadata(site.path("data/cache/key")).unwrap().modified().unwrap(), before);
    assert!(!site.log().contains("made again"), "{}", site.log());
}

#[test]
fn a_compiled_module_with_a_flipped_bit_is_compiled_again_and_never_run() {
    let site = Site::new();
    site.run_json();
    for entry in std::fs::read_dir(site.path("data/cache")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "cwasm") {
            let mut bytes = std::fs::read(&path).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            std::fs::write(&path, bytes).unwrap();
        }
    }
    let report = site.run_json();
    assert_ne!(check(&report, "memory")["status"], "unknown", "{report:#}");
    assert_eq!(site.log().matches("does not match and is made again").count(), 4, "{}", site.log());
}

/// The cached files with this ending, sorted.
fn cached(site: &Site, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(site.path("data/cache")).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|found| found == ending)).collect();
    files.sort();
    files
}

/// Judges with a cache that somebody has been at; says how many of its files were not taken.
fn not_taken(spoil: impl FnOnce(&Site)) -> usize {
    let site = Site::new();
    site.run_json();
    spoil(&site);
    let report = site.run_json();
    assert_built_in_judged(&report);
    let warnings = site.log().matches("does not match and is made again").count();
    site.run_json();
    assert_eq!(site.log().matches("does not match and is made again").count(), warnings, "it was made again");
    warnings
}

#[test]
fn a_cached_file_of_another_kind_or_module_is_not_taken() {
    let swap = |a: &PathBuf, b: &PathBuf| {
        let (of_a, of_b) = (fs::read(a).unwrap(), fs::read(b).unwrap());
        fs::write(a, of_b).unwrap();
        fs::write(b, of_a).unwrap();
    };
    for ending in ["cwasm", "json"] {
        let two_modules = |site: &Site| {
            let files = cached(site, ending);
            swap(&files[0], &files[1]);
        };
        assert_eq!(not_taken(two_modules), 2, "{ending}");
    }
    let two_kinds = |site: &Site| swap(&cached(site, "cwasm")[0], &cached(site, "json")[0]);
    assert_eq!(not_taken(two_kinds), 2);
}

#[test]
fn a_cached_file_that_is_cut_short_is_not_taken() {
    for bytes in [0, 31, 32, 1_000] {
        let cut = |site: &Site| {
            for file in [&cached(site, "cwasm")[2], &cached(site, "json")[2]] {
                fs::File::options().write(true).open(file).unwrap().set_len(bytes).unwrap();
            }
        };
        // What a module said is shorter than the last of these lengths, and then ends in zeros.
        assert_eq!(not_taken(cut), 2, "{bytes} bytes");
    }
}

#[test]
fn another_key_makes_everything_strange() {
    let rekey = |site: &Site| {
        let key = site.path("data/cache/key");
        let mut bytes = fs::read(&key).unwrap();
        bytes[0] ^= 1;
        fs::write(key, bytes).unwrap();
    };
    assert_eq!(not_taken(rekey), 8, "four modules and what each said");
}

#[test]
fn many_runs_at_once_share_a_cache() {
    let cache = tempfile::tempdir().unwrap();
    let directory = cache.path().join("cache");
    // A database each: otherwise all but one would be skipped.
    let sites: Vec<Site> = (0..4).map(|_| Site::with_config(&format!("cache_dir = {directory:?}\n"))).collect();
    for _ in 0..2 {
        std::thread::scope(|scope| {
            for site in &sites {
                scope.spawn(|| assert_ne!(check(&site.run_json(), "memory")["reason"], "invalid_module"));
            }
        });
    }
    assert_eq!(fs::read_dir(directory).unwrap().count(), 9);
    for site in &sites {
        assert!(!site.log().contains("WARNING | cannot"), "{}", site.log());
        assert!(!site.log().contains("does not match"), "{}", site.log());
    }
}

#[cfg(unix)]
#[test]
fn a_cache_that_others_can_write_to_is_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let site = Site::new();
    site.write("data/cache/planted", "");
    std::fs::set_permissions(site.path("data/cache"), std::fs::Permissions::from_mode(0o777)).unwrap();
    let report = site.run_json();
    assert_ne!(check(&report, "memory")["status"], "unknown", "{report:#}");
    assert!(site.log().contains("is not private"), "{}", site.log());
    assert_eq!(std::fs::read_dir(site.path("data/cache")).unwrap().count(), 1);
}
