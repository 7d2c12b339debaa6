//! `checkpost doctor`: it finds what keeps an installation from its work, on real files, and changes nothing.

use std::fs;

use checkpost::store::SCHEMA_VERSION;
use serde_json::Value;

use crate::support::{Said, Site};

/// The findings about one thing, as state and text with its remedy.
fn about(site: &Site, about: &str, exit_code: i32) -> Vec<(String, String)> {
    let said = site.says(&["doctor", "--format", "json"], exit_code);
    let findings: Vec<Value> = serde_json::from_str(&said.stdout).unwrap();
    let text = |finding: &Value| match finding["remedy"].as_str() {
        Some(remedy) => format!("{}: {remedy}", finding["text"].as_str().unwrap()),
        None => finding["text"].as_str().unwrap().to_owned(),
    };
    let findings = findings.iter().filter(|finding| finding["about"] == about);
    findings.map(|finding| (finding["state"].as_str().unwrap().to_owned(), text(finding))).collect()
}

/// The one finding about something.
fn one(site: &Site, of: &str, exit_code: i32) -> (String, String) {
    let findings = about(site, of, exit_code);
    let [finding] = &findings[..] else { panic!("{of}: {findings:?}") };
    finding.clone()
}

fn assert_one(site: &Site, of: &str, exit_code: i32, state: &str, part: &str) {
    let (is, text) = one(site, of, exit_code);
    assert!(is == state && text.contains(part), "{of} is {is}: {text}");
}

/// A site in which a run has been, with a clock that is right.
fn site(config: &str) -> Site {
    let site = Site::with_config(config);
    site.says(&["run"], 0);
    set_clock(&site, 1);
    site
}

fn set_clock(site: &Site, synchronized: u8) {
    let sql = format!(
        "UPDATE samples SET value = {synchronized} WHERE series_id =
         (SELECT id FROM series WHERE name = 'checkpost.clock.synchronized')"
    );
    site.database().execute_batch(&sql).unwrap();
}

#[test]
fn before_the_first_run_nothing_has_failed_and_nothing_is_made() {
    let site = Site::new();
    assert_one(&site, "database", 0, "warning", "run `checkpost run` first");
    assert_eq!(fs::read_dir(site.directory.path()).unwrap().count(), 0);
}

#[test]
fn after_a_run_all_is_well() {
    let site = site("interval = \"5m\"\n");
    let text = site.says(&["doctor"], 0).stdout;
    assert!(text.ends_with("all is well\n"), "{text}");
    for about in
        ["configuration", "database", "disk", "last cycle", "log", "cache", "check", "module lock", "time zone"]
    {
        let line = format!("ok       {about:<13}  ");
        assert!(text.lines().any(|found| found.starts_with(&line)), "{about} is not in {text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn a_configuration_that_is_wrong_is_the_exit_code_2() {
    let site = site("");
    site.write("checkpost.toml", "timeout_seconds = 0\n");
    assert_one(&site, "configuration", 2, "failed", "checkpost.toml:1: timeout_seconds is 0: must be");
    assert_eq!(Said::of(&mut site.checkpost(&["doctor", "--config", "nowhere"]), 2).stderr, "");
    // Settings that a check refuses stop each run, too; what else there is is told all the same.
    site.write("checkpost.toml", "[[check]]\nname = \"cpu\"\nsettings = { treshold = 5 }\n");
    let findings = about(&site, "configuration", 2);
    assert!(findings[1].0 == "failed" && findings[1].1.contains("setting 'treshold'"), "{findings:?}");
    assert_one(&site, "database", 2, "ok", ", schema ");
}

#[test]
fn a_database_that_cannot_be_used_has_failed() {
    let site = site("");
    let directory = Site::with_config("database_url = \"sqlite:///checkpost.toml/a.db\"\n");
    assert_one(&directory, "database", 1, "failed", "ot a directory");
    site.write("text.db", "this is not a database, but it is long enough to have a header of its own".repeat(9));
    site.write("checkpost.toml", "database_url = \"sqlite:///text.db\"\n");
    assert_one(&site, "database", 1, "failed", "is not a SQLite database");
    site.write("checkpost.toml", "");
    site.database().execute_batch("PRAGMA user_version = 1").unwrap();
    assert_one(&site, "database", 0, "warning", "run `checkpost db migrate`");
    site.database().execute_batch("PRAGMA user_version = 999").unwrap();
    assert_one(&site, "database", 1, "failed", "upgrade checkpost");
    let restore = format!("PRAGMA user_version = {SCHEMA_VERSION}; PRAGMA wal_checkpoint(TRUNCATE)");
    site.database().execute_batch(&restore).unwrap();
    let mut bytes = fs::read(site.path("data/automation.db")).unwrap();
    let page = bytes.len() / 2 / 4096 * 4096;
    bytes[page..page + 4096].fill(0xAA);
    site.write("data/automation.db", bytes);
    assert_one(&site, "database", 1, "failed", "corrupt");
}

#[test]
fn a_run_lock_that_cannot_be_taken_has_failed() {
    let site = site("");
    fs::remove_file(site.path("data/automation.db.lock")).unwrap();
    fs::create_dir(site.path("data/automation.db.lock")).unwrap();
    assert_one(&site, "database", 1, "failed", "the lock beside ");
}

#[test]
fn a_database_that_is_written_right_now_is_to_look_at_later() {
    let site = site("");
    let database = site.database();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_one(&site, "database", 0, "warning", "locked by another process");
}

#[test]
fn cycles_that_no_longer_come_have_failed() {
    let site = site("interval = \"5m\"\n");
    assert_one(&site, "cycle", 0, "ok", "one is due every 5 min (interval)");
    site.database().execute_batch("UPDATE runs SET started_at_ms = started_at_ms - 3600000").unwrap();
    assert_one(&site, "cycle", 1, "failed", "see whether cron still starts it");
    site.database().execute_batch("UPDATE runs SET started_at_ms = started_at_ms + 7200000").unwrap();
    assert_one(&site, "cycle", 0, "warning", "see whether the clock is right");
    site.database().execute_batch("DELETE FROM runs").unwrap();
    assert_one(&site, "cycle", 0, "warning", "there was no cycle yet");
}

#[test]
fn a_log_that_is_a_pipe_has_failed_and_does_not_hold_it_up() {
    let site = site("");
    fs::remove_file(site.path("logs/automation.log")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(site.path("logs/automation.log")).status().unwrap().success());
    assert_one(&site, "log", 1, "failed", "is a pipe");
    site.write("checkpost.toml", "[log]\nfile = \"checkpost.toml/automation.log\"\n");
    assert_one(&site, "log", 0, "warning", "cannot be written");
}

#[test]
fn a_cache_that_others_can_write_is_not_used_and_left_as_it_is() {
    use std::os::unix::fs::PermissionsExt;
    let site = site("");
    let cache = site.path("data/cache");
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o777)).unwrap();
    assert_one(&site, "cache", 0, "warning", "is not private: chmod it to 0700");
    assert_eq!(fs::metadata(&cache).unwrap().permissions().mode() & 0o777, 0o777);
    fs::remove_dir_all(&cache).unwrap();
    assert_one(&site, "cache", 0, "ok", "data/cache");
    assert!(!cache.exists());
}

#[test]
fn a_textfile_without_a_directory_is_to_look_at() {
    let site = site("[export]\ntextfile = \"nowhere/checkpost.prom\"\n");
    assert_one(&site, "textfile", 0, "warning", "nowhere/checkpost.prom cannot be written: No such file");
}

#[test]
fn checks_that_cannot_judge_are_named_once() {
    let site = Site::new();
    site.write("checks.d/broken.wasm", "no module");
    site.says(&["run"], 0);
    assert_one(&site, "check", 0, "warning", "'broken' cannot judge: invalid_module: ");
    fs::remove_file(site.path("checks.d/broken.wasm")).unwrap();
    let findings = about(&site, "check", 0);
    assert_eq!(findings.len(), 2, "{findings:?}");
    assert_eq!(findings[0], ("ok".to_owned(), "4 instances ready".to_owned()));
    assert!(findings[1].1.starts_with("'broken' could not judge in the last cycle: invalid_module: "), "{findings:?}");
    // Hostile names and reasons stay on their lines.
    let sql = "UPDATE evaluations SET instance = 'a' || char(27) || '[2J', detail = char(10) WHERE reason IS NOT NULL";
    site.database().execute_batch(sql).unwrap();
    let text = site.says(&["doctor"], 0).stdout;
    assert!(text.contains("'a\\u{1b}[2J' could not judge"), "{text}");
}

#[test]
fn module_files_that_are_not_pinned_do_not_run_where_pins_are_required() {
    let site = Site::with_config("require_lock = true\n");
    assert_one(&site, "module_lock", 1, "failed", "no module file runs: look at them");
    site.drop_guest("misbehave", "mine");
    site.says(&["check", "lock"], 0);
    assert_one(&site, "module_lock", 0, "ok", "1 module file pinned in ");
    site.write("checks.d/mine.wasm", "another module");
    assert_one(&site, "module_lock", 0, "warning", "'mine' changed: these do not run: look at them");
    site.write("checkpost.toml", "");
    assert_one(&site, "module_lock", 0, "warning", "'mine' changed: look at them");
}

#[test]
fn a_clock_that_nobody_keeps_right_is_to_look_at() {
    let site = site("");
    if about(&site, "clock", 0).is_empty() {
        return;
    }
    assert_one(&site, "clock", 0, "ok", "kept right");
    set_clock(&site, 0);
    assert_one(&site, "clock", 0, "warning", "start a time service");
}

#[test]
fn a_heartbeat_whose_address_cannot_be_read_has_failed() {
    let site = site("");
    assert_one(&site, "heartbeat", 0, "ok", "set [heartbeat]");
    site.write("checkpost.toml", "[heartbeat]\nurl = { file = \"ping.url\" }\n");
    assert_one(&site, "heartbeat", 1, "failed", "cannot be sent: cannot read ");
    site.write("ping.url", "hc-ping.com/secret\n");
    let (state, text) = one(&site, "heartbeat", 1);
    assert!(state == "failed" && text.contains("of the form https://") && !text.contains("secret"), "{text}");
    site.write("ping.url", "https://hc-ping.com/secret\n");
    assert_eq!(one(&site, "heartbeat", 0), ("ok".to_owned(), "https://hc-ping.com/…".to_owned()));
}

#[test]
fn a_route_that_cannot_send_has_failed() {
    let site = site("");
    site.write("checkpost.toml", "[[route]]\nname = \"ops\"\nwebhook = { url = { env = \"OPS_URL\" } }\n");
    assert_one(&site, "route", 1, "failed", "'ops' cannot send: OPS_URL is neither in the environment nor in .env");
    site.write(".env", "OPS_URL=https://example.org/secret\n");
    let (state, text) = one(&site, "route", 0);
    assert!(state == "ok" && text.starts_with("'ops': webhook") && !text.contains("secret"), "{state}: {text}");
}

#[test]
fn a_route_that_fails_has_failed_and_what_was_given_up_is_to_look_at() {
    let site = Site::new();
    let config = |more: &str| format!("[[check]]\nname = \"memory\"\n[check.settings]\nthreshold = 0.001\n{more}");
    let route = "[[route]]\nname = \"ops\"\n[route.webhook]\nurl = \"http://127.0.0.1:1/\"\n";
    site.write("checkpost.toml", config(route));
    site.says(&["run"], 0);
    set_clock(&site, 1);
    let found = about(&site, "route", 1);
    let fails = found.iter().find(|(state, _)| state == "failed").unwrap();
    assert!(fails.1.starts_with("'ops' fails since 20") && fails.1.contains("checkpost notify test ops"), "{found:?}");

    site.database().execute_batch("UPDATE deliveries SET state = 'expired'; UPDATE routes SET failures = 0").unwrap();
    let found = about(&site, "route", 0);
    assert!(found.iter().any(|(state, text)| state == "warning" && text.contains("of the last day were given up")));

    site.database().execute_batch("UPDATE deliveries SET state = 'pending'").unwrap();
    site.write("checkpost.toml", config(""));
    assert_one(&site, "route", 0, "warning", "'ops' is not in the configuration; waiting for it: ");
}
