//! `checkpost notifications --follow`: what is stored while somebody looks on.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::Site;

/// Longer than any line takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// `checkpost notifications --follow`, with what it prints.
struct Follower {
    process: Child,
    lines: Receiver<String>,
}

impl Follower {
    fn of(site: &Site, arguments: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_checkpost"))
            .env_clear()
            .current_dir(site.directory.path())
            .args([&["notifications", "--follow"], arguments].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(process.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { process, lines }
    }

    fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).unwrap()
    }

    /// The message of the next line, which is JSON.
    fn message(&self) -> String {
        let row: Value = serde_json::from_str(&self.line()).unwrap();
        row["message"].as_str().unwrap().to_owned()
    }

    fn says_nothing(&self) {
        let said = self.lines.recv_timeout(Duration::from_millis(1_500));
        assert_eq!(said, Err(RecvTimeoutError::Timeout));
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A database with one run and no notification.
fn site() -> Site {
    let site = Site::new();
    site.says(&["run"], 0);
    site.database().execute_batch("DELETE FROM notifications").unwrap();
    site
}

fn store(site: &Site, message: &str, level: &str, sent_at: &str) {
    let sql = "INSERT INTO notifications
        (run_id, channel, level, title, message, sent_at, hostname, check_name, subject, kind)
        VALUES (1, 'system_monitoring', ?, 'title', ?, ?, 'web-1', 'memory', '', 'raised')";
    site.database().execute(sql, (level, message, sent_at)).unwrap();
}

const EARLY: &str = "2025-01-01 00:00:00.000";
const LATE: &str = "2099-01-01 00:00:00.000";

#[test]
fn what_is_there_comes_oldest_first_and_what_is_stored_later_after_it() {
    let site = site();
    for message in ["first", "second", "third"] {
        store(&site, message, "WARNING", EARLY);
    }
    store(&site, "newest", "WARNING", "2025-01-01 00:05:00.000");
    let follower = Follower::of(&site, &["--limit", "3"]);
    assert!(follower.line().trim_start().starts_with("ID  TIME"));
    for message in ["first", "second", "newest"] {
        assert!(follower.line().ends_with(&format!("WARNING   raised        memory        {message}")));
    }
    // The third was cut off by the limit, and is not new.
    follower.says_nothing();
    store(&site, "one\nmore", "CRITICAL", EARLY);
    assert!(follower.line().ends_with("CRITICAL  raised        memory        one\\u{a}more"));
    follower.says_nothing();
    let pid = follower.process.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_eq!(follower.lines.recv_timeout(PATIENCE), Err(RecvTimeoutError::Disconnected));
    site.says(&["db", "check"], 0);
}

#[test]
fn what_is_asked_for_holds_for_what_comes() {
    let site = site();
    store(&site, "old", "CRITICAL", EARLY);
    let follower = Follower::of(&site, &["--level", "critical", "--since", "1h", "--format", "json"]);
    store(&site, "a warning", "WARNING", LATE);
    store(&site, "critical", "CRITICAL", LATE);
    assert_eq!(follower.message(), "critical");
    // All that there was is deleted, and its numbers begin again.
    site.database().execute_batch("DELETE FROM notifications").unwrap();
    thread::sleep(Duration::from_millis(2_500));
    store(&site, "anew", "CRITICAL", LATE);
    assert_eq!(follower.message(), "anew");
}

#[test]
fn it_ends_when_nobody_reads_any_more() {
    let site = site();
    let mut process = Command::new(env!("CARGO_BIN_EXE_checkpost"))
        .env_clear()
        .current_dir(site.directory.path())
        .args(["notifications", "--follow"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut header = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut header).unwrap();
    // The pipe is closed, and nothing is stored that would have to be written.
    let began = Instant::now();
    while process.try_wait().unwrap().is_none() {
        assert!(began.elapsed() < PATIENCE, "it still waits");
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(process.wait().unwrap().code(), Some(0));
}

#[test]
fn a_database_that_is_locked_for_long_is_waited_for() {
    let site = site();
    // In this mode a writer locks readers out.
    site.database().execute_batch("PRAGMA journal_mode = DELETE").unwrap();
    let follower = Follower::of(&site, &["--format", "json"]);
    store(&site, "before", "WARNING", EARLY);
    assert_eq!(follower.message(), "before");
    let database = site.database();
    database.busy_timeout(PATIENCE).unwrap();
    database.execute_batch("BEGIN EXCLUSIVE").unwrap();
    // Longer than the 5 s for which a statement waits.
    thread::sleep(Duration::from_secs(7));
    database.execute_batch("ROLLBACK").unwrap();
    store(&site, "after", "WARNING", EARLY);
    assert_eq!(follower.message(), "after");
}

#[test]
fn another_file_in_the_place_of_the_database_is_followed() {
    let (site, other) = (site(), site());
    store(&site, "shown", "WARNING", "2025-01-01 00:05:00.000");
    let follower = Follower::of(&site, &["--format", "json"]);
    assert_eq!(follower.message(), "shown");
    store(&other, "older", "WARNING", EARLY);
    store(&other, "newer", "WARNING", "2025-01-01 00:06:00.000");
    // For a while there is none.
    fs::rename(site.path("data/automation.db"), site.path("data/old.db")).unwrap();
    follower.says_nothing();
    fs::copy(other.path("data/automation.db"), site.path("data/new.db")).unwrap();
    fs::rename(site.path("data/new.db"), site.path("data/automation.db")).unwrap();
    assert_eq!(follower.message(), "newer");
    follower.says_nothing();
}

#[test]
fn without_a_database_there_is_nothing_to_follow() {
    assert!(Site::new().says(&["notifications", "--follow"], 1).error().starts_with("no database at "));
}
