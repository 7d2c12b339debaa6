//! Pinned modules, and the commands around the cache: only what `checkpost.lock` pins runs, where that is required.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

use serde_json::Value;

use crate::support::{BUILT_IN, Said, Site, check, guest_file};

/// A site with a check dropped in, where nothing runs that is not pinned.
pub fn strict_site() -> Site {
    let site = Site::with_config("require_lock = true\n");
    site.drop_guest("misbehave", "team");
    site
}

/// The same guest with another digest: a section that means nothing is added.
pub fn changed_guest() -> Vec<u8> {
    let mut bytes = fs::read(guest_file("misbehave")).unwrap();
    bytes.extend([0, 2, 1, b'x']);
    bytes
}

/// The first digits that the lock file gives for the one module in it.
fn pinned_digits(site: &Site) -> String {
    let text = fs::read_to_string(site.path("checkpost.lock")).unwrap();
    text.split_once("sha256 = \"").unwrap().1[..12].to_owned()
}

/// Compiled modules by digest, with the time each was written.
pub fn cached(site: &Site) -> BTreeMap<String, SystemTime> {
    let Ok(entries) = fs::read_dir(site.path("data/cache")) else { return BTreeMap::new() };
    let files = entries.map(Result::unwrap).filter(|entry| entry.path().extension().is_some_and(|e| e == "cwasm"));
    files.map(|f| (f.file_name().into_string().unwrap(), f.metadata().unwrap().modified().unwrap())).collect()
}

/// The row of an instance in `check list --format json`.
pub fn listed(site: &Site, name: &str) -> Value {
    let list: Value = serde_json::from_str(&site.says(&["check", "list", "--format", "json"], 0).stdout).unwrap();
    list.as_array().unwrap().iter().find(|row| row["name"] == name).unwrap().clone()
}

/// Why the check `team` is not judged, after checking that the built-in ones are.
fn refusal(site: &Site) -> String {
    let report = site.run_json();
    for name in BUILT_IN {
        assert_eq!(check(&report, name)["reason"], Value::Null, "{name} is part of the binary");
    }
    let team = check(&report, "team");
    assert_eq!((&team["status"], &team["reason"]), (&"unknown".into(), &"not_locked".into()), "{team:#}");
    team["detail"].as_str().unwrap().to_owned()
}

#[test]
fn a_module_that_is_pinned_runs() {
    let site = strict_site();
    site.says(&["check", "lock"], 0);
    for _ in 0..2 {
        assert_eq!(check(&site.run_json(), "team")["status"], "ok");
    }
    assert!(!site.log().contains("pinned"), "{}", site.log());
}

#[test]
fn a_module_that_changed_is_refused_by_name_although_the_old_one_is_cached() {
    let site = strict_site();
    site.says(&["check", "lock"], 0);
    assert_eq!(check(&site.run_json(), "team")["status"], "ok");
    let (pinned, before) = (pinned_digits(&site), cached(&site));
    site.write("checks.d/team.wasm", changed_guest());
    let detail = refusal(&site);
    assert!(detail.contains("checks.d/team.wasm has SHA-256 "), "{detail}");
    assert!(detail.ends_with(&format!("…, checkpost.lock pins {pinned}…")), "{detail}");
    assert_eq!(cached(&site), before, "nothing of it was compiled");
}

#[test]
fn a_module_that_is_in_the_cache_itself_is_refused_all_the_same() {
    let site = strict_site();
    site.says(&["check", "lock"], 0);
    site.write("checkpost.toml", "");
    site.write("checks.d/team.wasm", changed_guest());
    assert_eq!(check(&site.run_json(), "team")["status"], "ok");
    assert_eq!(cached(&site).len(), 5);
    site.write("checkpost.toml", "require_lock = true\n");
    assert!(refusal(&site).contains("has SHA-256 "));
}

#[test]
fn a_module_that_is_not_pinned_is_refused_by_name() {
    let site = Site::with_config("require_lock = true\n");
    assert_eq!(
        site.says(&["check", "lock"], 0).stdout,
        format!("unchanged 0\n{}: 0 modules pinned, written\n", lock_file(&site))
    );
    site.drop_guest("misbehave", "team");
    let detail = refusal(&site);
    assert!(detail.ends_with("checks.d/team.wasm is not pinned in checkpost.lock"), "{detail}");
    assert_eq!(cached(&site).len(), 4);
    assert!(site.log().contains("not_locked: "), "{}", site.log());
    let stored: String = site.value("SELECT reason FROM evaluations WHERE instance = 'team'");
    assert_eq!(stored, "not_locked");
}

#[test]
fn without_a_lock_file_every_module_is_refused_and_told_how_to_get_one() {
    let site = strict_site();
    let detail = refusal(&site);
    assert!(
        detail.ends_with(
            "checks.d/team.wasm is not pinned: there is no checkpost.lock, `checkpost check lock` writes it"
        ),
        "{detail}"
    );
}

#[test]
fn a_configured_module_that_is_not_pinned_does_not_stop_the_run() {
    let module = guest_file("misbehave");
    let site = Site::with_config(&format!("require_lock = true\n[[check]]\nname = \"team\"\nmodule = {module:?}\n"));
    refusal(&site);
    site.says(&["check", "lock"], 0);
    assert_eq!(check(&site.run_json(), "team")["status"], "ok");
}

#[test]
fn a_lock_file_that_is_not_required_only_informs_once_a_run() {
    let module = "module = \"checks.d/team.wasm\"";
    let site = Site::with_config(&format!("[[check]]\nname = \"a\"\n{module}\n[[check]]\nname = \"b\"\n{module}\n"));
    site.drop_guest("misbehave", "team");
    site.run_json();
    assert!(!site.log().contains("pinned"), "there is no lock file: {}", site.log());
    site.says(&["check", "lock"], 0);
    site.write("checks.d/team.wasm", changed_guest());
    site.drop_guest("misbehave", "new");
    let report = site.run_json();
    for name in ["a", "b", "new"] {
        assert_eq!(check(&report, name)["status"], "ok", "{name}");
    }
    let log = site.log();
    for (warning, times) in
        [("team.wasm has SHA-256 ", 1), ("new.wasm is not pinned in checkpost.lock; it is loaded all the same", 1)]
    {
        let lines: Vec<_> = log.lines().filter(|line| line.contains("| WARNING |") && line.contains(warning)).collect();
        assert_eq!(lines.len(), times, "{log}");
    }
}

#[test]
fn a_lock_file_with_a_mistake_is_a_mistake_in_the_configuration() {
    let site = strict_site();
    for (text, said) in [
        ("version = 1\nmodules = []\n", ":2: unknown key 'modules': allowed here are version, module"),
        ("version = 2\n", ":1: version is 2: must be 1, the only version that this checkpost knows"),
        (
            "version = 1\n[[module]]\npath = \"a.wasm\"\nsha256 = \"abc\"\n",
            ":4: module.sha256 is \"abc\": must be 64 lower-case hexadecimal digits",
        ),
        ("version = 1\n<<<<<<< HEAD\n", ":2:9: not valid TOML: "),
    ] {
        site.write("checkpost.lock", text);
        for command in [&["run"][..], &["check", "list"], &["check", "lock"]] {
            let said_now = site.says(command, 2);
            let error = said_now.error();
            assert!(error.contains(&format!("checkpost.lock{said}")), "{command:?}: {error}");
        }
        assert_eq!(
            fs::read_to_string(site.path("checkpost.lock")).unwrap(),
            text,
            "it is nobody's to repair but yours"
        );
    }
    site.write("checkpost.lock", b"version = 1\n# \xff\n");
    assert!(site.says(&["run"], 2).error().contains("checkpost.lock:2: not valid UTF-8"));
    assert!(site.is_empty());
}

/// The path by which checkpost calls the lock file.
fn lock_file(site: &Site) -> String {
    site.directory.path().canonicalize().unwrap().join("checkpost.lock").display().to_string()
}

#[test]
fn check_lock_says_what_it_adds_changes_and_removes() {
    let outside = guest_file("trap-describe").canonicalize().unwrap();
    let site = Site::with_config(&format!(
        "[[check]]\nname = \"off\"\nmodule = {outside:?}\nenabled = false\n\
         [[check]]\nname = \"gone\"\nmodule = \"policies/gone.wasm\"\n"
    ));
    site.drop_guest("misbehave", "b");
    site.drop_guest("refuse-settings", "a");
    let digits = |path: &Path| checkpost::digest::sha256_hex(&fs::read(path).unwrap())[..12].to_owned();
    let [a, b, off] = [site.path("checks.d/a.wasm"), site.path("checks.d/b.wasm"), outside.clone()].map(|p| digits(&p));
    let said = site.says(&["check", "lock"], 0).stdout;
    let mut lines: Vec<_> = said.lines().collect();
    let summary = lines.pop().unwrap();
    assert_eq!(summary, format!("{}: 3 modules pinned, written", lock_file(&site)));
    lines.sort_unstable();
    let added_off = format!("added {} {off}", outside.display());
    let expected = [&added_off, &format!("added checks.d/a.wasm {a}"), &format!("added checks.d/b.wasm {b}")];
    assert_eq!(lines[..3], expected);
    assert_eq!(lines[3..], ["not found policies/gone.wasm", "unchanged 0"]);

    let first = fs::read_to_string(site.path("checkpost.lock")).unwrap();
    assert!(
        first.starts_with("# Pins every module file to its SHA-256. Written by `checkpost check lock`.\nversion = 1\n")
    );
    site.write("checks.d/b.wasm", changed_guest());
    fs::remove_file(site.path("checks.d/a.wasm")).unwrap();
    let said = site.says(&["check", "lock"], 0).stdout;
    let new_b = digits(&site.path("checks.d/b.wasm"));
    let expected = format!(
        "removed checks.d/a.wasm {a}\nchanged checks.d/b.wasm {b} -> {new_b}\nunchanged 1\nnot found policies/gone.wasm\n"
    );
    assert!(said.starts_with(&expected), "{said}");

    site.drop_guest("misbehave", "b");
    site.drop_guest("refuse-settings", "a");
    site.says(&["check", "lock"], 0);
    assert_eq!(fs::read_to_string(site.path("checkpost.lock")).unwrap(), first, "the same modules, the same file");
    let said = site.says(&["check", "lock"], 0).stdout;
    assert!(said.starts_with("unchanged 3\n") && said.ends_with(": 3 modules pinned, is up to date\n"), "{said}");
    assert!(!site.path("data").exists() && !site.path("logs").exists(), "nothing else is touched");
}

#[test]
fn check_lock_check_writes_nothing_and_fails_until_the_file_is_up_to_date() {
    let site = strict_site();
    let stale = |said: Said| assert!(said.stdout.contains("is not up to date: `checkpost check lock` writes it"));
    stale(site.says(&["check", "lock", "--check"], 1));
    assert!(!site.path("checkpost.lock").exists());
    site.says(&["check", "lock"], 0);
    assert!(site.says(&["check", "lock", "--check"], 0).stdout.ends_with(", is up to date\n"));
    let before = fs::read(site.path("checkpost.lock")).unwrap();
    site.write("checks.d/team.wasm", changed_guest());
    stale(site.says(&["check", "lock", "--check"], 1));
    assert_eq!(fs::read(site.path("checkpost.lock")).unwrap(), before);
    assert!(site.says(&["check", "lock", "--check", "--checks", "checks.d"], 1).stdout.starts_with("changed "));
}

#[test]
fn what_cannot_be_read_keeps_its_pin_and_is_told() {
    let site = strict_site();
    site.says(&["check", "lock"], 0);
    let before = fs::read(site.path("checkpost.lock")).unwrap();
    site.write("checkpost.toml", "require_lock = true\n[limits]\nmodule_bytes = 1\n");
    site.drop_guest("misbehave", "new");
    let said = site.says(&["check", "lock"], 1).stdout;
    assert_eq!(said.matches("cannot pin ").count(), 2, "{said}");
    assert!(said.starts_with("unchanged 1\n") && said.contains("module_too_large: "), "{said}");
    assert_eq!(fs::read(site.path("checkpost.lock")).unwrap(), before);
    // A directory that cannot be listed would take every pin with it.
    fs::remove_dir_all(site.path("checks.d")).unwrap();
    site.write("checks.d", "");
    assert!(site.says(&["check", "lock"], 1).error().starts_with("cannot read "));
    assert_eq!(fs::read(site.path("checkpost.lock")).unwrap(), before);
}

/// A limit on the size of files binds root too, and fails in the middle of writing.
#[cfg(unix)]
#[test]
fn a_lock_file_that_cannot_be_written_is_one_line_and_the_old_one_stays() {
    let site = strict_site();
    site.says(&["check", "lock"], 0);
    let before = fs::read(site.path("checkpost.lock")).unwrap();
    site.write("checks.d/team.wasm", changed_guest());
    let mut command = assert_cmd::Command::new("sh");
    command.current_dir(site.directory.path());
    command.args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" check lock", env!("CARGO_BIN_EXE_checkpost")]);
    let said = Said::of(&mut command, 1);
    assert!(said.error().starts_with(&format!("cannot write {}: ", lock_file(&site))), "{}", said.stderr);
    assert_eq!(fs::read(site.path("checkpost.lock")).unwrap(), before);
    let left: Vec<_> = fs::read_dir(site.directory.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "configuration, lock file and checks: {left:?}");
}

#[cfg(unix)]
#[test]
fn a_directory_that_is_read_only_keeps_its_lock_file() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let site = strict_site();
    site.says(&["check", "lock"], 0);
    let before = fs::read(site.path("checkpost.lock")).unwrap();
    site.write("checks.d/team.wasm", changed_guest());
    fs::set_permissions(site.directory.path(), fs::Permissions::from_mode(0o555)).unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_checkpost"));
    command.args(["check", "lock"]).current_dir(site.directory.path());
    // Permissions do not bind root, who can become somebody else.
    if rustix::process::geteuid().is_root() {
        command.uid(65_534).gid(65_534);
    }
    let output = command.output();
    fs::set_permissions(site.directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let Ok(output) = output else {
        crate::support::skip("another user cannot start the program where it lies");
        return;
    };
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    let expected = format!("checkpost: error: cannot write {}: Permission denied", lock_file(&site));
    assert!(stderr.starts_with(&expected), "{stderr}");
    assert_eq!(fs::read(site.path("checkpost.lock")).unwrap(), before);
}

#[test]
fn a_module_can_be_looked_at_before_it_is_pinned() {
    let site = strict_site();
    assert!(site.says(&["check", "inspect", "checks.d/team.wasm"], 0).stdout.starts_with("misbehave "));
}
