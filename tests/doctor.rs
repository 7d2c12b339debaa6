//! `checkpost doctor`: it finds what keeps an installation from working, on real files, and changes nothing.

use std::fs;
use std::path::Path;

use checkpost_store::SCHEMA_VERSION;
use serde_json::Value;

use crate::support::{Output, Site, skip};

/// The findings about one topic, each as its state and its text with the remedy.
fn findings_about(site: &Site, about: &str, exit_code: i32) -> Vec<(String, String)> {
    let output = site.execute(&["doctor", "--format", "json"], exit_code);
    let findings: Vec<Value> = serde_json::from_str(&output.stdout).unwrap();
    let text = |finding: &Value| match finding["remedy"].as_str() {
        Some(remedy) => format!("{}: {remedy}", finding["text"].as_str().unwrap()),
        None => finding["text"].as_str().unwrap().to_owned(),
    };
    let findings = findings.iter().filter(|finding| finding["about"] == about);
    findings.map(|finding| (finding["state"].as_str().unwrap().to_owned(), text(finding))).collect()
}

/// The only finding about a topic.
fn finding_about(site: &Site, of: &str, exit_code: i32) -> (String, String) {
    let findings = findings_about(site, of, exit_code);
    let [finding] = &findings[..] else { panic!("{of}: {findings:?}") };
    finding.clone()
}

fn assert_finding(site: &Site, of: &str, exit_code: i32, state: &str, part: &str) {
    let (is, text) = finding_about(site, of, exit_code);
    assert!(is == state && text.contains(part), "{of} is {is}: {text}");
}

/// A site after one run, with a synchronized clock.
fn site(config: &str) -> Site {
    let site = Site::with_config(config);
    site.execute(&["run"], 0);
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
fn doctor_before_the_first_run_finds_no_failure_and_creates_nothing() {
    let site = Site::new();
    assert_finding(&site, "database", 0, "warning", "run `checkpost run` first");
    assert_eq!(fs::read_dir(site.directory.path()).unwrap().count(), 0);
}

#[test]
fn doctor_after_a_run_finds_all_well() {
    if checkpost_files::problem(Path::new(env!("CARGO_BIN_EXE_checkpost"))).unwrap().is_some() {
        return skip("another user could change the program under test");
    }
    let site = site("interval = \"5m\"\n");
    let text = site.execute(&["doctor"], 0).stdout;
    assert!(text.ends_with("all is well\n"), "{text}");
    for about in [
        "configuration",
        "database",
        "disk",
        "last cycle",
        "log",
        "cache",
        "owners",
        "check",
        "module pins",
        "time zone",
    ] {
        let line = format!("ok       {about:<13}  ");
        assert!(text.lines().any(|found| found.starts_with(&line)), "{about} is not in {text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn invalid_configuration_exits_with_2() {
    let site = site("");
    site.write("checkpost.toml", "timeout_seconds = 0\n");
    assert_finding(&site, "configuration", 2, "failed", "checkpost.toml:1: timeout_seconds is 0: must be");
    assert_eq!(Output::of(&mut site.checkpost(&["doctor", "--config", "nowhere"]), 2).stderr, "");
    // Refused settings stop each run, too; the other findings are reported all the same.
    site.write("checkpost.toml", "[[check]]\nname = \"cpu\"\nsettings = { treshold = 5 }\n");
    let findings = findings_about(&site, "configuration", 2);
    assert!(findings[1].0 == "failed" && findings[1].1.contains("setting 'treshold'"), "{findings:?}");
    assert_finding(&site, "database", 2, "ok", ", schema ");
}

#[test]
fn unusable_database_fails() {
    let site = site("");
    let directory = Site::with_config("database_url = \"sqlite:///checkpost.toml/a.db\"\n");
    assert_finding(&directory, "database", 1, "failed", "ot a directory");
    site.write("text.db", "this is not a database, but it is long enough to have a header of its own".repeat(9));
    site.write("checkpost.toml", "database_url = \"sqlite:///text.db\"\n");
    assert_finding(&site, "database", 1, "failed", "is not a SQLite database");
    site.write("checkpost.toml", "");
    site.database().execute_batch("PRAGMA user_version = 1").unwrap();
    assert_finding(&site, "database", 0, "warning", "run `checkpost db migrate`");
    site.database().execute_batch("PRAGMA user_version = 999").unwrap();
    assert_finding(&site, "database", 1, "failed", "upgrade checkpost");
    let restore = format!("PRAGMA user_version = {SCHEMA_VERSION}; PRAGMA wal_checkpoint(TRUNCATE)");
    site.database().execute_batch(&restore).unwrap();
    let mut bytes = fs::read(site.path("data/automation.db")).unwrap();
    let page = bytes.len() / 2 / 4096 * 4096;
    bytes[page..page + 4096].fill(0xAA);
    site.write("data/automation.db", bytes);
    assert_finding(&site, "database", 1, "failed", "corrupt");
}

#[test]
fn unavailable_run_lock_fails() {
    let site = site("");
    fs::remove_file(site.path("data/automation.db.lock")).unwrap();
    fs::create_dir(site.path("data/automation.db.lock")).unwrap();
    assert_finding(&site, "database", 1, "failed", "the run lock of ");
}

#[test]
fn database_being_written_is_a_warning() {
    let site = site("");
    let database = site.database();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_finding(&site, "database", 0, "warning", "locked by another process");
}

#[test]
fn overdue_cycle_fails() {
    let site = site("interval = \"5m\"\n");
    assert_finding(&site, "cycle", 0, "ok", "one is due every 5 min (interval)");
    site.database().execute_batch("UPDATE runs SET started_at_ms = started_at_ms - 3600000").unwrap();
    assert_finding(&site, "cycle", 1, "failed", "check that cron still starts runs");
    site.database().execute_batch("UPDATE runs SET started_at_ms = started_at_ms + 7200000").unwrap();
    assert_finding(&site, "cycle", 0, "warning", "check that the clock is right");
    site.database().execute_batch("DELETE FROM runs").unwrap();
    assert_finding(&site, "cycle", 0, "warning", "there has been no cycle yet");
}

#[test]
fn log_that_is_no_file_is_a_warning_without_blocking() {
    let site = site("");
    fs::remove_file(site.path("logs/automation.log")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(site.path("logs/automation.log")).status().unwrap().success());
    assert_finding(&site, "log", 0, "warning", "is not a file: nothing is logged: remove it, or set log.file");
    site.write("checkpost.toml", "[log]\nfile = \"checkpost.toml/automation.log\"\n");
    assert_finding(&site, "log", 0, "warning", "cannot be written");
}

#[test]
fn cache_writable_by_others_is_a_warning_and_left_unchanged() {
    use std::os::unix::fs::PermissionsExt;
    let site = site("");
    let cache = site.path("data/cache");
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o777)).unwrap();
    assert_finding(&site, "cache", 0, "warning", "is not private: chmod it to 0700");
    assert_eq!(fs::metadata(&cache).unwrap().permissions().mode() & 0o777, 0o777);
    fs::remove_dir_all(&cache).unwrap();
    assert_finding(&site, "cache", 0, "ok", "data/cache");
    assert!(!cache.exists());
}

#[test]
fn textfile_without_its_directory_is_a_warning() {
    let site = site("[export]\ntextfile = \"nowhere/checkpost.prom\"\n");
    assert_finding(&site, "textfile", 0, "warning", "nowhere/checkpost.prom cannot be written: No such file");
}

#[test]
fn checks_that_cannot_judge_are_named_once() {
    let site = Site::new();
    site.write("checks.d/broken.wasm", "no module");
    site.execute(&["run"], 0);
    assert_finding(&site, "check", 0, "warning", "'broken' cannot judge: invalid_module: ");
    fs::remove_file(site.path("checks.d/broken.wasm")).unwrap();
    let findings = findings_about(&site, "check", 0);
    assert_eq!(findings.len(), 2, "{findings:?}");
    assert_eq!(findings[0], ("ok".to_owned(), "4 instances ready".to_owned()));
    assert!(findings[1].1.starts_with("'broken' could not judge in the last cycle: invalid_module: "), "{findings:?}");
    // Hostile names and reasons stay on their lines.
    let sql = "UPDATE evaluations SET instance = 'a' || char(27) || '[2J', detail = char(10) WHERE reason IS NOT NULL";
    site.database().execute_batch(sql).unwrap();
    let text = site.execute(&["doctor"], 0).stdout;
    assert!(text.contains("'a\\u{1b}[2J' could not judge"), "{text}");
}

#[test]
fn unpinned_module_files_do_not_run_where_pins_are_required() {
    let site = Site::with_config("require_lock = true\n");
    assert_finding(&site, "module_lock", 1, "failed", "no module file runs: review the modules");
    site.drop_guest("misbehave", "mine");
    site.execute(&["check", "lock"], 0);
    assert_finding(&site, "module_lock", 0, "ok", "1 module file pinned in ");
    site.write("checks.d/mine.wasm", b"\0asm of another module");
    assert_finding(&site, "module_lock", 0, "warning", "'mine' changed; these checks do not run: review the modules");
    site.write("checkpost.toml", "");
    assert_finding(&site, "module_lock", 0, "warning", "'mine' changed: review the modules");
}

#[test]
fn unsynchronized_clock_is_a_warning() {
    let site = site("");
    if findings_about(&site, "clock", 0).is_empty() {
        return;
    }
    assert_finding(&site, "clock", 0, "ok", "synchronized");
    set_clock(&site, 0);
    assert_finding(&site, "clock", 0, "warning", "start a time service");
}

#[test]
fn heartbeat_with_an_unreadable_address_fails() {
    let site = site("");
    assert_finding(&site, "heartbeat", 0, "ok", "set [heartbeat]");
    site.write("checkpost.toml", "[heartbeat]\nurl = { file = \"ping.url\" }\n");
    assert_finding(&site, "heartbeat", 1, "failed", "cannot be sent: cannot read ");
    site.write("ping.url", "hc-ping.com/secret\n");
    let (state, text) = finding_about(&site, "heartbeat", 1);
    assert!(state == "failed" && text.contains("of the form https://") && !text.contains("secret"), "{text}");
    site.write("ping.url", "https://hc-ping.com/secret\n");
    assert_eq!(finding_about(&site, "heartbeat", 0), ("ok".to_owned(), "https://hc-ping.com/…".to_owned()));
}

#[test]
fn route_that_cannot_send_fails() {
    let site = site("");
    site.write("checkpost.toml", "[[route]]\nname = \"ops\"\nwebhook = { url = { env = \"OPS_URL\" } }\n");
    assert_finding(&site, "route", 1, "failed", "'ops' cannot send: OPS_URL is neither in the environment nor in .env");
    site.write(".env", "OPS_URL=https://example.org/secret\n");
    let (state, text) = finding_about(&site, "route", 0);
    assert!(state == "ok" && text.starts_with("'ops': webhook") && !text.contains("secret"), "{state}: {text}");
}

#[test]
fn failing_route_fails_and_abandoned_messages_are_a_warning() {
    let site = Site::new();
    let config = |more: &str| format!("[[check]]\nname = \"memory\"\n[check.settings]\nthreshold = 0.001\n{more}");
    let route = "[[route]]\nname = \"ops\"\n[route.webhook]\nurl = \"http://127.0.0.1:1/\"\n";
    site.write("checkpost.toml", config(route));
    site.execute(&["run"], 0);
    set_clock(&site, 1);
    let found = findings_about(&site, "route", 1);
    let fails = found.iter().find(|(state, _)| state == "failed").unwrap();
    assert!(
        fails.1.starts_with("'ops' has been failing since 20") && fails.1.contains("checkpost notify test ops"),
        "{found:?}"
    );

    site.database().execute_batch("UPDATE deliveries SET state = 'expired'; UPDATE routes SET failures = 0").unwrap();
    let found = findings_about(&site, "route", 0);
    assert!(found.iter().any(|(state, text)| state == "warning" && text.contains("abandoned in the last day")));

    site.database().execute_batch("UPDATE deliveries SET state = 'pending'").unwrap();
    site.write("checkpost.toml", config(""));
    assert_finding(&site, "route", 0, "warning", "'ops' is not in the configuration; pending: ");
}
