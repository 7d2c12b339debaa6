//! The cache of compiled modules: files that this host wrote are used, and all others are rebuilt.

mod sharing;
mod warm;

use std::fs;
use std::path::PathBuf;

use crate::support::{Site, assert_built_in_judged, check};

#[test]
fn second_run_loads_what_the_first_one_compiled() {
    let site = Site::new();
    site.run_json();
    let files = || fs::read_dir(site.path("data/cache")).unwrap().count();
    // Four modules, the description of each, and the key.
    assert_eq!(files(), 9);
    let before = fs::metadata(site.path("data/cache/key")).unwrap().modified().unwrap();
    site.run_json();
    assert_eq!(files(), 9);
    assert_eq!(fs::metadata(site.path("data/cache/key")).unwrap().modified().unwrap(), before);
    assert!(!site.log().contains("is rebuilt"), "{}", site.log());
}

#[test]
fn compiled_module_with_a_flipped_bit_is_recompiled_and_never_run() {
    let site = Site::new();
    site.run_json();
    for entry in fs::read_dir(site.path("data/cache")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "cwasm") {
            let mut bytes = fs::read(&path).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::write(&path, bytes).unwrap();
        }
    }
    let report = site.run_json();
    assert_ne!(check(&report, "memory")["status"], "unknown", "{report:#}");
    assert_eq!(site.log().matches("does not match and is rebuilt").count(), 4, "{}", site.log());
}

/// The cached files with this extension, sorted.
fn cached_files(site: &Site, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(site.path("data/cache")).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|found| found == extension)).collect();
    files.sort();
    files
}

/// Judges, tampers with the cache, judges again, and returns how many cached files were rejected.
fn rejected_files(spoil: impl FnOnce(&Site)) -> usize {
    let site = Site::new();
    site.run_json();
    spoil(&site);
    let report = site.run_json();
    assert_built_in_judged(&report);
    let warnings = site.log().matches("does not match and is rebuilt").count();
    site.run_json();
    assert_eq!(
        site.log().matches("does not match and is rebuilt").count(),
        warnings,
        "the rejected files were rebuilt"
    );
    warnings
}

#[test]
fn cached_file_of_another_kind_or_module_is_rejected() {
    let swap = |a: &PathBuf, b: &PathBuf| {
        let (of_a, of_b) = (fs::read(a).unwrap(), fs::read(b).unwrap());
        fs::write(a, of_b).unwrap();
        fs::write(b, of_a).unwrap();
    };
    for extension in ["cwasm", "json"] {
        let two_modules = |site: &Site| {
            let files = cached_files(site, extension);
            swap(&files[0], &files[1]);
        };
        assert_eq!(rejected_files(two_modules), 2, "{extension}");
    }
    let two_kinds = |site: &Site| swap(&cached_files(site, "cwasm")[0], &cached_files(site, "json")[0]);
    assert_eq!(rejected_files(two_kinds), 2);
}

#[test]
fn truncated_cached_file_is_rejected() {
    for bytes in [0, 31, 32, 1_000] {
        let cut = |site: &Site| {
            for file in [&cached_files(site, "cwasm")[2], &cached_files(site, "json")[2]] {
                fs::File::options().write(true).open(file).unwrap().set_len(bytes).unwrap();
            }
        };
        // A description is shorter than the last of these lengths, so the file is then padded with zeros.
        assert_eq!(rejected_files(cut), 2, "{bytes} bytes");
    }
}

#[test]
fn changed_key_invalidates_the_whole_cache() {
    let rekey = |site: &Site| {
        let key = site.path("data/cache/key");
        let mut bytes = fs::read(&key).unwrap();
        bytes[0] ^= 1;
        fs::write(key, bytes).unwrap();
    };
    assert_eq!(rejected_files(rekey), 8, "four modules and their descriptions");
}

#[test]
fn damaged_key_invalidates_the_whole_cache_once() {
    let damage = |site: &Site| fs::write(site.path("data/cache/key"), [7; 31]).unwrap();
    assert_eq!(rejected_files(damage), 8, "four modules and their descriptions, and none in the run after that");
}
