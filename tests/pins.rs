//! Pinned modules: where pins are required, only the modules that `checkpost.lock` pins run.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{BUILT_IN, Output, Site, changed_guest, check, compiled_modules, guest_file, site_requiring_pins};

/// The first digits of the pin of the only module in the lock file.
fn pinned_digits(site: &Site) -> String {
    let text = fs::read_to_string(site.path("checkpost.lock")).unwrap();
    text.split_once("sha256 = \"").unwrap().1[..12].to_owned()
}

/// Why the check `team` is not judged; asserts that the built-in checks are.
fn refusal(site: &Site) -> String {
    let report = site.run_json();
    for name in BUILT_IN {
        assert_eq!(check(&report, name)["reason"], Value::Null, "{name} is part of the binary and needs no pin");
    }
    let team = check(&report, "team");
    assert_eq!((&team["status"], &team["reason"]), (&"unknown".into(), &"not_locked".into()), "{team:#}");
    team["detail"].as_str().unwrap().to_owned()
}

#[test]
fn pinned_module_runs() {
    let site = site_requiring_pins();
    site.execute(&["check", "lock"], 0);
    for _ in 0..2 {
        assert_eq!(check(&site.run_json(), "team")["status"], "ok");
    }
    assert!(!site.log().contains("pinned"), "{}", site.log());
}

#[test]
fn changed_module_is_refused_by_name_although_the_old_one_is_cached() {
    let site = site_requiring_pins();
    site.execute(&["check", "lock"], 0);
    assert_eq!(check(&site.run_json(), "team")["status"], "ok");
    let (pinned, before) = (pinned_digits(&site), compiled_modules(&site));
    site.write("checks.d/team.wasm", changed_guest());
    let detail = refusal(&site);
    assert!(detail.contains("checks.d/team.wasm has SHA-256 "), "{detail}");
    assert!(detail.ends_with(&format!("…, checkpost.lock pins {pinned}…")), "{detail}");
    assert_eq!(compiled_modules(&site), before, "the changed module was not compiled");
}

#[test]
fn changed_module_is_refused_even_if_it_is_cached_itself() {
    let site = site_requiring_pins();
    site.execute(&["check", "lock"], 0);
    site.write("checkpost.toml", "");
    site.write("checks.d/team.wasm", changed_guest());
    assert_eq!(check(&site.run_json(), "team")["status"], "ok");
    assert_eq!(compiled_modules(&site).len(), 5);
    site.write("checkpost.toml", "require_lock = true\n");
    assert!(refusal(&site).contains("has SHA-256 "));
}

#[test]
fn unpinned_module_is_refused_by_name() {
    let site = Site::with_config("require_lock = true\n");
    assert_eq!(
        site.execute(&["check", "lock"], 0).stdout,
        format!("unchanged 0\n{}: 0 modules pinned, written\n", lock_file(&site))
    );
    site.drop_guest("misbehave", "team");
    let detail = refusal(&site);
    assert!(detail.ends_with("checks.d/team.wasm is not pinned in checkpost.lock"), "{detail}");
    assert_eq!(compiled_modules(&site).len(), 4);
    assert!(site.log().contains("not_locked: "), "{}", site.log());
    let stored: String = site.value("SELECT reason FROM evaluations WHERE instance = 'team'");
    assert_eq!(stored, "not_locked");
}

#[test]
fn missing_lock_file_refuses_every_module_and_names_the_command() {
    let site = site_requiring_pins();
    let detail = refusal(&site);
    assert!(
        detail.ends_with(
            "checks.d/team.wasm is not pinned: there is no checkpost.lock, `checkpost check lock` writes it"
        ),
        "{detail}"
    );
}

#[test]
fn unpinned_configured_module_does_not_stop_the_run() {
    let module = guest_file("misbehave");
    let site = Site::with_config(&format!("require_lock = true\n[[check]]\nname = \"team\"\nmodule = {module:?}\n"));
    refusal(&site);
    site.execute(&["check", "lock"], 0);
    assert_eq!(check(&site.run_json(), "team")["status"], "ok");
}

#[test]
fn lock_file_that_is_not_required_warns_once_per_run() {
    let module = "module = \"checks.d/team.wasm\"";
    let site = Site::with_config(&format!("[[check]]\nname = \"a\"\n{module}\n[[check]]\nname = \"b\"\n{module}\n"));
    site.drop_guest("misbehave", "team");
    site.run_json();
    assert!(!site.log().contains("pinned"), "there is no lock file: {}", site.log());
    site.execute(&["check", "lock"], 0);
    site.write("checks.d/team.wasm", changed_guest());
    site.drop_guest("misbehave", "new");
    let report = site.run_json();
    for name in ["a", "b", "new"] {
        assert_eq!(check(&report, name)["status"], "ok", "{name}");
    }
    let log = site.log();
    for (warning, times) in
        [("team.wasm has SHA-256 ", 1), ("new.wasm is not pinned in checkpost.lock; loaded anyway", 1)]
    {
        let lines: Vec<_> = log.lines().filter(|line| line.contains("| WARNING |") && line.contains(warning)).collect();
        assert_eq!(lines.len(), times, "{log}");
    }
}

#[test]
fn mistake_in_the_lock_file_is_a_configuration_mistake() {
    let site = site_requiring_pins();
    for (text, message) in [
        ("version = 1\nmodules = []\n", ":2: unknown key 'modules': allowed keys are version, module"),
        ("version = 2\n", ":1: version is 2: must be 1, the only version that this checkpost supports"),
        (
            "version = 1\n[[module]]\npath = \"a.wasm\"\nsha256 = \"abc\"\n",
            ":4: module.sha256 is \"abc\": must be 64 lower-case hexadecimal digits",
        ),
        ("version = 1\n<<<<<<< HEAD\n", ":2:9: not valid TOML: "),
    ] {
        site.write("checkpost.lock", text);
        for command in [&["run"][..], &["check", "list"], &["check", "lock"]] {
            let output = site.execute(command, 2);
            let error = output.error();
            assert!(error.contains(&format!("checkpost.lock{message}")), "{command:?}: {error}");
        }
        assert_eq!(
            fs::read_to_string(site.path("checkpost.lock")).unwrap(),
            text,
            "only the operator may repair the file"
        );
    }
    site.write("checkpost.lock", b"version = 1\n# \xff\n");
    assert!(site.execute(&["run"], 2).error().contains("checkpost.lock:2: not valid UTF-8"));
    assert!(site.is_empty());
}

/// The path of the lock file as checkpost prints it.
fn lock_file(site: &Site) -> String {
    site.directory.path().canonicalize().unwrap().join("checkpost.lock").display().to_string()
}

#[test]
fn check_lock_reports_what_it_adds_changes_and_removes() {
    let outside = guest_file("trap-describe").canonicalize().unwrap();
    let site = Site::with_config(&format!(
        "[[check]]\nname = \"off\"\nmodule = {outside:?}\nenabled = false\n\
         [[check]]\nname = \"gone\"\nmodule = \"policies/gone.wasm\"\n"
    ));
    site.drop_guest("misbehave", "b");
    site.drop_guest("refuse-settings", "a");
    let digits = |path: &Path| checkpost_model::digest::sha256_hex(&fs::read(path).unwrap())[..12].to_owned();
    let [a, b, off] = [site.path("checks.d/a.wasm"), site.path("checks.d/b.wasm"), outside.clone()].map(|p| digits(&p));
    let output = site.execute(&["check", "lock"], 0).stdout;
    let mut lines: Vec<_> = output.lines().collect();
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
    let output = site.execute(&["check", "lock"], 0).stdout;
    let new_b = digits(&site.path("checks.d/b.wasm"));
    let expected = format!(
        "removed checks.d/a.wasm {a}\nchanged checks.d/b.wasm {b} -> {new_b}\nunchanged 1\nnot found policies/gone.wasm\n"
    );
    assert!(output.starts_with(&expected), "{output}");

    site.drop_guest("misbehave", "b");
    site.drop_guest("refuse-settings", "a");
    site.execute(&["check", "lock"], 0);
    assert_eq!(fs::read_to_string(site.path("checkpost.lock")).unwrap(), first, "the same modules make the same file");
    let output = site.execute(&["check", "lock"], 0).stdout;
    assert!(output.starts_with("unchanged 3\n") && output.ends_with(": 3 modules pinned, up to date\n"), "{output}");
    assert!(!site.path("data").exists() && !site.path("logs").exists(), "nothing else is touched");
}

#[test]
fn check_lock_check_writes_nothing_and_fails_until_the_file_is_up_to_date() {
    let site = site_requiring_pins();
    let stale = |output: Output| assert!(output.stdout.contains("pinned, not up to date: run `checkpost check lock`"));
    stale(site.execute(&["check", "lock", "--check"], 1));
    assert!(!site.path("checkpost.lock").exists());
    site.execute(&["check", "lock"], 0);
    assert!(site.execute(&["check", "lock", "--check"], 0).stdout.ends_with(", up to date\n"));
    let before = fs::read(site.path("checkpost.lock")).unwrap();
    site.write("checks.d/team.wasm", changed_guest());
    stale(site.execute(&["check", "lock", "--check"], 1));
    assert_eq!(fs::read(site.path("checkpost.lock")).unwrap(), before);
    assert!(site.execute(&["check", "lock", "--check", "--checks", "checks.d"], 1).stdout.starts_with("changed "));
}

#[test]
fn unreadable_module_keeps_its_pin_and_is_reported() {
    let site = site_requiring_pins();
    site.execute(&["check", "lock"], 0);
    let before = fs::read(site.path("checkpost.lock")).unwrap();
    site.write("checkpost.toml", "require_lock = true\n[limits]\nmodule_bytes = 1\n");
    site.drop_guest("misbehave", "new");
    let output = site.execute(&["check", "lock"], 1).stdout;
    assert_eq!(output.matches("cannot pin ").count(), 2, "{output}");
    assert!(output.starts_with("unchanged 1\n") && output.contains("module_too_large: "), "{output}");
    assert_eq!(fs::read(site.path("checkpost.lock")).unwrap(), before);
    // An unreadable directory must not remove every pin.
    fs::remove_dir_all(site.path("checks.d")).unwrap();
    site.write("checks.d", "");
    assert!(site.execute(&["check", "lock"], 1).error().starts_with("cannot read "));
    assert_eq!(fs::read(site.path("checkpost.lock")).unwrap(), before);
}

#[test]
fn file_that_is_no_module_is_not_pinned() {
    let site = site_requiring_pins();
    site.write("checks.d/empty.wasm", "");
    site.write("checks.d/script.wasm", "#!/bin/sh\n");
    let output = site.execute(&["check", "lock"], 1).stdout;
    assert!(output.contains("script.wasm: invalid_module: not a WebAssembly module"), "{output}");
    assert!(output.contains("empty.wasm: invalid_module: the file is empty"), "{output}");
    assert!(output.contains("1 module pinned, written"), "{output}");
    let text = fs::read_to_string(site.path("checkpost.lock")).unwrap();
    assert!(text.contains("team.wasm") && !text.contains("script.wasm") && !text.contains("empty.wasm"), "{text}");
}

/// A limit on the size of files binds root, too, and fails in the middle of a write.
#[cfg(unix)]
#[test]
fn unwritable_lock_file_is_a_one_line_error_and_stays_unchanged() {
    let site = site_requiring_pins();
    site.execute(&["check", "lock"], 0);
    let before = fs::read(site.path("checkpost.lock")).unwrap();
    site.write("checks.d/team.wasm", changed_guest());
    let mut command = assert_cmd::Command::new("sh");
    command.current_dir(site.directory.path());
    command.args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" check lock", env!("CARGO_BIN_EXE_checkpost")]);
    let output = Output::of(&mut command, 1);
    assert!(output.error().starts_with(&format!("cannot write {}: ", lock_file(&site))), "{}", output.stderr);
    assert_eq!(fs::read(site.path("checkpost.lock")).unwrap(), before);
    let left: Vec<_> = fs::read_dir(site.directory.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "configuration, lock file and checks: {left:?}");
}

#[cfg(unix)]
#[test]
fn read_only_directory_keeps_its_lock_file() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let site = site_requiring_pins();
    site.execute(&["check", "lock"], 0);
    let before = fs::read(site.path("checkpost.lock")).unwrap();
    site.write("checks.d/team.wasm", changed_guest());
    fs::set_permissions(site.directory.path(), fs::Permissions::from_mode(0o555)).unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_checkpost"));
    command.args(["check", "lock"]).current_dir(site.directory.path());
    // Permissions do not bind root, but root can become another user.
    if rustix::process::geteuid().is_root() {
        command.uid(65_534).gid(65_534);
    }
    let output = command.output();
    fs::set_permissions(site.directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let Ok(output) = output else {
        crate::support::skip("another user cannot start the program in its directory");
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
fn unpinned_module_can_be_inspected() {
    let site = site_requiring_pins();
    assert!(site.execute(&["check", "inspect", "checks.d/team.wasm"], 0).stdout.starts_with("misbehave "));
}
