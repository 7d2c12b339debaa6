//! A cache that concurrent runs share, and a cache that other users could write to.

use std::fs;

use crate::support::{Site, check};

#[test]
fn concurrent_runs_share_a_cache() {
    let cache = tempfile::tempdir().unwrap();
    let directory = cache.path().join("cache");
    // Each site has its own database: on a shared one, all runs but one would be skipped.
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
fn cache_writable_by_others_is_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let site = Site::new();
    site.write("data/cache/planted", "");
    fs::set_permissions(site.path("data/cache"), fs::Permissions::from_mode(0o777)).unwrap();
    let report = site.run_json();
    assert_ne!(check(&report, "memory")["status"], "unknown", "{report:#}");
    assert!(site.log().contains("is not private"), "{}", site.log());
    assert_eq!(fs::read_dir(site.path("data/cache")).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn cache_is_created_private() {
    use std::os::unix::fs::PermissionsExt;
    let site = Site::new();
    site.execute(&["run"], 0);
    let mode = fs::metadata(site.path("data/cache")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    let mode = fs::metadata(site.path("data/cache/key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
