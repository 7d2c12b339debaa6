//! Whose files decide what root runs. Only root can give files away, so other users skip what needs that.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

use serde_json::Value;

use crate::support::{Output, Site, skip};

const STRANGER: u32 = 65_534;

/// Whether this is root; says that the test is skipped if not.
fn is_root(site: &Site) -> bool {
    let is_root = fs::metadata(site.directory.path()).unwrap().uid() == 0;
    if !is_root {
        skip("only root can give files away");
    }
    is_root
}

fn give_away(site: &Site, name: &str) {
    chown(site.path(name), Some(STRANGER), Some(STRANGER)).unwrap();
}

fn chmod(site: &Site, name: &str, mode: u32) {
    fs::set_permissions(site.path(name), Permissions::from_mode(mode)).unwrap();
}

fn canonical(site: &Site, name: &str) -> String {
    let directory = fs::canonicalize(site.directory.path()).unwrap();
    directory.join(name).display().to_string().trim_end_matches('/').to_owned()
}

/// Asserts that a run without `--config` is refused because of this file, and stores nothing.
#[track_caller]
fn assert_refused(site: &Site, path: &str, problem: &str) {
    let output = site.execute(&["run"], 2);
    let expected = format!("{} is not trusted to say what root runs, because {problem}: ", canonical(site, path));
    assert!(output.error().starts_with(&expected), "{}", output.stderr);
    assert!(
        output.error().contains("with --config") || output.error().contains("with checks_dir"),
        "{}",
        output.stderr
    );
    assert!(site.is_empty());
}

/// A site with everything that can decide what root runs.
fn site() -> Site {
    let site = Site::with_config("[[route]]\nname = \"ops\"\ncommand = { argv = [\"bin/page\"] }\n");
    site.write(".env", "CPU_THRESHOLD=50\n");
    site.write("checkpost.lock", "version = 1\n");
    site.write("bin/page", "#!/bin/sh\nexit 0\n");
    chmod(&site, "bin/page", 0o755);
    fs::create_dir(site.path("checks.d")).unwrap();
    site
}

#[test]
fn root_runs_what_only_root_can_write() {
    let site = site();
    if is_root(&site) {
        site.execute(&["run"], 0);
        assert_eq!(site.count("runs"), 1);
    }
}

#[test]
fn root_refuses_found_files_of_another_user_and_takes_named_ones() {
    for name in ["checkpost.toml", ".env", "checkpost.lock", "checks.d", "bin", "bin/page"] {
        let site = site();
        if !is_root(&site) {
            return;
        }
        give_away(&site, name);
        let refused = if name == "bin" { "bin/page" } else { name };
        assert_refused(&site, refused, &format!("{} belongs to user {STRANGER}", canonical(&site, name)));
        site.execute(&["run", "--config", "checkpost.toml"], 0);
        let mut by_variable = site.checkpost(&["run"]);
        Output::of(by_variable.env("CHECKPOST_CONFIG", "checkpost.toml"), 0);
        assert_eq!(site.count("runs"), 2, "{name}");
    }
}

#[test]
fn root_refuses_found_files_that_others_may_write() {
    for name in ["checkpost.toml", ".env", "checkpost.lock", "checks.d", "bin/page"] {
        let site = site();
        if !is_root(&site) {
            return;
        }
        let mode = fs::metadata(site.path(name)).unwrap().mode();
        chmod(&site, name, mode | 0o002);
        assert_refused(&site, name, &format!("{} may be written by everybody", canonical(&site, name)));
        chmod(&site, name, mode);
        site.execute(&["run"], 0);
    }
}

/// Whoever may write there could create `checkpost.toml`, `.env` or `checks.d` at any moment.
#[test]
fn root_refuses_a_directory_of_another_user_although_it_is_empty() {
    let site = Site::new();
    if !is_root(&site) {
        return;
    }
    give_away(&site, "");
    assert_refused(&site, "", &format!("{} belongs to user {STRANGER}", canonical(&site, "")));
}

#[test]
fn root_takes_a_checks_directory_of_another_user_that_is_named() {
    let site = Site::with_config("checks_dir = \"checks.d\"\n");
    if !is_root(&site) {
        return;
    }
    fs::create_dir(site.path("checks.d")).unwrap();
    give_away(&site, "checks.d");
    site.execute(&["run"], 0);
    site.write("checkpost.toml", "");
    let output = site.execute(&["run"], 2);
    assert!(
        output.error().ends_with("give it to root, or name it with checks_dir if it is meant"),
        "{}",
        output.stderr
    );
}

#[test]
fn every_command_is_refused_that_reads_the_configuration() {
    let site = site();
    if !is_root(&site) {
        return;
    }
    give_away(&site, "checkpost.toml");
    for arguments in
        [&["config", "check"][..], &["check", "list"], &["alerts"], &["notify", "test", "ops"], &["doctor"]]
    {
        let output = site.execute(arguments, 2);
        let text = output.stdout + &output.stderr;
        assert!(text.contains("not trusted"), "{arguments:?}: {text}");
    }
}

/// The warnings of the doctor about owners and modes.
fn warnings(site: &Site) -> Vec<String> {
    let output = site.execute(&["doctor", "--config", "checkpost.toml", "--format", "json"], 0);
    let findings: Vec<Value> = serde_json::from_str(&output.stdout).unwrap();
    let is_warning = |finding: &&Value| finding["about"] == "owners" && finding["state"] == "warning";
    let text = |finding: &Value| format!("{}: {}", finding["text"], finding["remedy"]).replace('"', "");
    // The program under test may be where others can change it.
    findings.iter().filter(is_warning).map(text).filter(|text| !text.contains("checkpost itself")).collect()
}

#[test]
fn doctor_names_each_problem_once_with_all_that_it_concerns() {
    let site = site();
    site.drop_guest("misbehave", "mine");
    site.execute(&["run", "--config", "checkpost.toml"], 0);
    assert_eq!(warnings(&site), Vec::<String>::new());
    chmod(&site, "checks.d", 0o757);
    chmod(&site, "bin/page", 0o757);
    let path = |name| canonical(&site, name);
    let (checks, page) = (path("checks.d"), path("bin/page"));
    let mut expected = vec![
        format!(
            "{checks} may be written by everybody, who could change: the checks directory, the module of 'mine': chmod o-w {checks}"
        ),
        format!("{page} may be written by everybody, who could change: the program of route 'ops': chmod o-w {page}"),
    ];
    assert_eq!(warnings(&site), expected);
    chmod(&site, "data", 0o757);
    let data = path("data");
    expected.push(format!(
        "{data} may be written by everybody, who could change: the cache, the database: chmod o-w {data}"
    ));
    assert_eq!(warnings(&site), expected);
}

#[test]
fn doctor_names_the_owner_and_the_remedy() {
    let site = site();
    if !is_root(&site) {
        return;
    }
    site.execute(&["run"], 0);
    give_away(&site, "checkpost.toml");
    let file = canonical(&site, "checkpost.toml");
    let expected = format!(
        "{file} belongs to user {STRANGER}, who could change: the configuration: give {file} to root or to the user that \
         runs checkpost"
    );
    assert_eq!(warnings(&site), [expected]);
}
