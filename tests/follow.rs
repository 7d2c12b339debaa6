//! `checkpost notifications --follow`: notifications that are stored while somebody watches.

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

/// `checkpost notifications --follow`, with its output.
struct Follower {
    process: Child,
    lines: Receiver<String>,
}

impl Follower {
    fn start(site: &Site, arguments: &[&str]) -> Self {
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

    fn prints_nothing(&self) {
        let output = self.lines.recv_timeout(Duration::from_millis(1_500));
        assert_eq!(output, Err(RecvTimeoutError::Timeout));
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
    site.execute(&["run"], 0);
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
fn stored_notifications_come_oldest_first_and_new_ones_after_them() {
    let site = site();
    for message in ["first", "second", "third"] {
        store(&site, message, "WARNING", EARLY);
    }
    store(&site, "newest", "WARNING", "2025-01-01 00:05:00.000");
    let follower = Follower::start(&site, &["--limit", "3"]);
    assert!(follower.line().trim_start().starts_with("ID  TIME"));
    for message in ["first", "second", "newest"] {
        assert!(follower.line().ends_with(&format!("WARNING   raised        memory        {message}")));
    }
    // The third notification was cut off by the limit and is not new.
    follower.prints_nothing();
    store(&site, "one\nmore", "CRITICAL", EARLY);
    assert!(follower.line().ends_with("CRITICAL  raised        memory        one\\u{a}more"));
    follower.prints_nothing();
    let pid = follower.process.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_eq!(follower.lines.recv_timeout(PATIENCE), Err(RecvTimeoutError::Disconnected));
    site.execute(&["db", "check"], 0);
}

#[test]
fn filters_apply_to_new_notifications_too() {
    let site = site();
    store(&site, "old", "CRITICAL", EARLY);
    let follower = Follower::start(&site, &["--level", "critical", "--since", "1h", "--format", "json"]);
    store(&site, "a warning", "WARNING", LATE);
    store(&site, "critical", "CRITICAL", LATE);
    assert_eq!(follower.message(), "critical");
    // All notifications are deleted, and their numbers start again.
    site.database().execute_batch("DELETE FROM notifications").unwrap();
    thread::sleep(Duration::from_millis(2_500));
    store(&site, "anew", "CRITICAL", LATE);
    assert_eq!(follower.message(), "anew");
}

#[test]
fn follow_ends_when_its_reader_is_gone() {
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
    // The pipe is closed, and no new notification forces a write.
    let began = Instant::now();
    while process.try_wait().unwrap().is_none() {
        assert!(began.elapsed() < PATIENCE, "it still runs");
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(process.wait().unwrap().code(), Some(0));
}

#[test]
fn locked_database_is_waited_for() {
    let site = site();
    // In this journal mode a writer locks readers out.
    site.database().execute_batch("PRAGMA journal_mode = DELETE").unwrap();
    let follower = Follower::start(&site, &["--format", "json"]);
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
fn replaced_database_file_is_followed() {
    let (site, other) = (site(), site());
    store(&site, "shown", "WARNING", "2025-01-01 00:05:00.000");
    let follower = Follower::start(&site, &["--format", "json"]);
    assert_eq!(follower.message(), "shown");
    store(&other, "older", "WARNING", EARLY);
    store(&other, "newer", "WARNING", "2025-01-01 00:06:00.000");
    // For a while there is no database.
    fs::rename(site.path("data/automation.db"), site.path("data/old.db")).unwrap();
    follower.prints_nothing();
    fs::copy(other.path("data/automation.db"), site.path("data/new.db")).unwrap();
    fs::rename(site.path("data/new.db"), site.path("data/automation.db")).unwrap();
    assert_eq!(follower.message(), "newer");
    follower.prints_nothing();
}

#[test]
fn missing_database_is_an_error() {
    assert!(Site::new().execute(&["notifications", "--follow"], 1).error().starts_with("no database at "));
}
