//! The cache of compiled modules as `check warm` fills it.

use std::fs;

use crate::support::{BUILT_IN, Site, check, compiled_modules, listed, site_requiring_pins};

#[test]
fn warm_cache_serves_the_next_run() {
    let site = site_requiring_pins();
    site.execute(&["check", "lock"], 0);
    let output = site.execute(&["check", "warm"], 0).stdout;
    assert!(output.starts_with("built-in cpu: compiled\n") && output.ends_with("team.wasm: compiled\n"), "{output}");
    let warm = compiled_modules(&site);
    assert_eq!(warm.len(), 5);
    let again = site.execute(&["check", "warm"], 0).stdout;
    assert_eq!(again, output.replace(": compiled", ": already cached"));
    assert_eq!(check(&site.run_json(), "team")["status"], "ok");
    assert_eq!(compiled_modules(&site), warm, "the run wrote nothing to the cache");
    for name in BUILT_IN.into_iter().chain(["team"]) {
        assert_eq!(listed(&site, name)["code"], "cached", "{name}");
    }
}

#[test]
fn warming_continues_after_a_module_that_fails() {
    let site = Site::new();
    site.write("checks.d/broken.wasm", "no module");
    site.drop_guest("misbehave", "team");
    let output = site.execute(&["check", "warm"], 1).stdout;
    assert!(output.contains("checks.d/broken.wasm: invalid_module: "), "{output}");
    assert!(output.ends_with("checks.d/team.wasm: compiled\n"), "{output}");
    assert_eq!(compiled_modules(&site).len(), 5);
}

#[test]
fn warming_honors_pins_and_quarantine() {
    let site = site_requiring_pins();
    let output = site.execute(&["check", "warm"], 1).stdout;
    assert!(output.contains("checks.d/team.wasm: not_locked: "), "{output}");
    assert_eq!(compiled_modules(&site).len(), 4);
    site.execute(&["check", "lock"], 0);
    let digest = listed(&site, "team")["digest"].as_str().unwrap().to_owned();
    fs::remove_file(site.path("data/cache").join(&digest).with_extension("cwasm")).unwrap();
    site.write(&format!("data/cache/{digest}.quarantined"), "compilation took too much");
    let output = site.execute(&["check", "warm"], 1).stdout;
    assert!(
        output.contains("checks.d/team.wasm: compile_limit: compilation took too much; in quarantine as "),
        "{output}"
    );
    assert_eq!(compiled_modules(&site).len(), 4);
}

#[test]
fn unwritable_cache_is_not_reported_as_warm() {
    let site = Site::with_config("cache_dir = \"cache\"\n");
    site.write("cache", "no directory");
    let output = site.execute(&["check", "warm"], 1);
    assert!(output.stdout.starts_with("built-in cpu: compiled, but not cached\n"), "{}", output.stdout);
    assert!(output.stderr.contains("every check is compiled again in every run"), "{}", output.stderr);
    assert_eq!(listed(&site, "cpu")["code"], "not_kept");
}
