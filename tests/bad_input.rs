//! Wrong configuration and wrong databases: one clear line, the documented exit code, nothing stored.

use std::fs;

use rusqlite::Connection;

#[cfg(target_os = "linux")]
use crate::support::skip;
use crate::support::{Said, Site};

/// `checkpost run` with one variable set; returns the error.
fn refused(site: &Site, variable: &str, value: &str, exit_code: i32) -> String {
    let said = Said::of(site.checkpost(&["run"]).env(variable, value), exit_code);
    assert_eq!(said.stdout, "");
    said.error().to_owned()
}

#[test]
fn thresholds_that_are_none_are_refused_by_name() {
    let site = Site::new();
    for value in ["abc", "-5", "150", "NaN", "inf", "80%"] {
        let error = refused(&site, "CPU_THRESHOLD", value, 2);
        for part in ["CPU_THRESHOLD", value, "must be a number from 0 to 100"] {
            assert!(error.contains(part), "{part} is not in {error}");
        }
    }
    let error = refused(&site, "MEMORY_THRESHOLD", "", 2);
    assert!(error.contains("MEMORY_THRESHOLD") && error.contains("empty"), "{error}");
    assert!(!site.path("data").exists(), "nothing is made for a configuration that is wrong");
}

#[test]
fn a_threshold_above_the_critical_line_is_fine() {
    let site = Site::new();
    site.checkpost(&["run"]).env("CPU_THRESHOLD", "97").assert().success();
    assert_eq!(site.count("runs"), 1);
}

#[test]
fn databases_that_are_none_are_refused_with_the_remedy() {
    let site = Site::new();
    let error = refused(&site, "DATABASE_URL", "mysql://root:secret@db/x", 2);
    assert!(error.contains("sqlite:///") && !error.contains("secret"), "{error}");

    fs::create_dir(site.path("directory")).unwrap();
    let error = refused(&site, "DATABASE_URL", "sqlite:///directory", 1);
    assert!(error.contains("directory"), "{error}");

    site.write("text.db", "this is not a database, but it is long enough to have a header of its own".repeat(9));
    let error = refused(&site, "DATABASE_URL", "sqlite:///text.db", 1);
    assert!(error.contains("text.db") && error.contains("not a"), "{error}");
    assert!(fs::read_to_string(site.path("text.db")).unwrap().starts_with("this is not"));

    Connection::open(site.path("newer.db")).unwrap().execute_batch("CREATE TABLE runs(x)").unwrap();
    site.says(&["db", "migrate"], 0);
    fs::copy(site.path("data/automation.db"), site.path("newer.db")).unwrap();
    Connection::open(site.path("newer.db")).unwrap().execute_batch("PRAGMA user_version = 999").unwrap();
    let error = refused(&site, "DATABASE_URL", "sqlite:///newer.db", 1);
    assert!(error.contains("newer") && error.contains("999"), "{error}");
}

#[test]
fn the_database_of_the_script_before_us_is_left_alone() {
    let site = Site::new();
    fs::create_dir(site.path("data")).unwrap();
    site.database()
        .execute_batch("CREATE TABLE system_metrics(id INTEGER, cpu REAL); INSERT INTO system_metrics VALUES (1, 2)")
        .unwrap();
    let said = site.says(&["run"], 1);
    assert!(said.error().contains("automation.db"), "{}", said.stderr);
    assert_eq!(site.count("system_metrics"), 1);
    assert_eq!(site.count("sqlite_master"), 1, "nothing was added to it");
}

/// A read-only mount binds root too, which permissions do not.
#[cfg(target_os = "linux")]
struct Mount(std::path::PathBuf);

#[cfg(target_os = "linux")]
impl Mount {
    /// A tmpfs of this size, or `None`, with a message, where mounting is not allowed.
    fn tmpfs(at: std::path::PathBuf, size: &str) -> Option<Self> {
        fs::create_dir_all(&at).unwrap();
        let mounted = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(&at)
            .stderr(std::process::Stdio::null())
            .status();
        if mounted.is_ok_and(|status| status.success()) {
            return Some(Self(at));
        }
        skip("mounting a tmpfs needs root");
        None
    }

    fn read_only(&self) {
        let status = std::process::Command::new("mount").args(["-o", "remount,ro"]).arg(&self.0).status().unwrap();
        assert!(status.success());
    }
}

#[cfg(target_os = "linux")]
impl Drop for Mount {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg(&self.0).status();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said_and_nothing_is_stored_halfway() {
    let site = Site::new();
    let Some(_mount) = Mount::tmpfs(site.path("data"), "2m") else { return };
    site.says(&["db", "migrate"], 0);
    // All the rest of it.
    let filled = fs::File::create(site.path("data/filler"))
        .and_then(|mut file| std::io::copy(&mut std::io::repeat(0), &mut file));
    assert_eq!(filled.unwrap_err().kind(), std::io::ErrorKind::StorageFull);
    let said = site.says(&["run"], 1);
    assert!(said.error().starts_with("no space left for the database"), "{}", said.stderr);
    fs::remove_file(site.path("data/filler")).unwrap();
    assert!(site.is_empty());
    site.says(&["run"], 0);
    assert_eq!(site.count("runs"), 1);
}

#[cfg(target_os = "linux")]
#[test]
fn a_read_only_database_is_said() {
    let site = Site::new();
    let Some(mount) = Mount::tmpfs(site.path("data"), "8m") else { return };
    site.says(&["run"], 0);
    mount.read_only();
    let said = site.says(&["run"], 1);
    assert!(said.error().to_lowercase().contains("read-only"), "{}", said.stderr);
}

#[test]
fn mistakes_in_the_configuration_name_line_value_and_what_is_allowed() {
    for (toml, parts) in [
        ("tiemout_seconds = 5\n", &["checkpost.toml:1", "tiemout_seconds", "timeout_seconds"][..]),
        ("timeout_seconds = \"x\"\n", &["checkpost.toml:1", "timeout_seconds"]),
        (
            "[[check]]\nname = \"cpu\"\n[check.settings]\nthreshhold = 5\n",
            &["checkpost.toml:4", "threshhold", "threshold"],
        ),
        (
            "[[check]]\nname = \"cpu\"\n[check.settings]\nthreshold = \"5\"\n",
            &["checkpost.toml:4", "threshold", "\"5\"", "number"],
        ),
        (
            "[[check]]\nname = \"cpu\"\n[check.settings]\nthreshold = 150\n",
            &["checkpost.toml:4", "threshold", "150", "100"],
        ),
        (
            "[[check]]\nname = \"cpu\"\n[check.settings]\nthreshold = 50\nclear = 60\n",
            &["checkpost.toml:", "clear", "60", "50"],
        ),
        ("[[check]]\nname = \"x\"\nmodule = \"nosuch\"\n", &["checkpost.toml:", "nosuch", "cpu, memory, disk"]),
        ("[[check]]\nname = \"cpu\"\n[[check]]\nname = \"cpu\"\n", &["checkpost.toml:", "cpu"]),
        ("x = [\n", &["checkpost.toml:"]),
    ] {
        let site = Site::with_config(toml);
        let said = site.says(&["run"], 2);
        for part in parts {
            assert!(said.error().contains(part), "{part} is not in {}", said.error());
        }
        assert!(site.is_empty(), "{toml}");
    }
}

#[test]
fn files_and_directories_that_are_not_there_are_named() {
    let site = Site::new();
    let said = site.says(&["run", "--config", "nosuch.toml"], 2);
    assert!(said.error().contains("nosuch.toml"), "{}", said.stderr);
    let said = site.says(&["run", "--checks", "nosuch"], 2);
    assert!(said.error().contains("nosuch"), "{}", said.stderr);
    let said = site.says(&["metrics"], 1);
    assert!(said.error().contains("checkpost run"), "{}", said.stderr);
}
