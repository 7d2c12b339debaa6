//! Invalid configuration and unusable databases: one clear line, the documented exit code, nothing stored.

use std::fs;

use rusqlite::Connection;

#[cfg(target_os = "linux")]
use crate::support::skip;
use crate::support::{Output, Site};

/// Runs `checkpost run` with one variable set, and returns the error.
fn refused(site: &Site, variable: &str, value: &str, exit_code: i32) -> String {
    let output = Output::of(site.checkpost(&["run"]).env(variable, value), exit_code);
    assert_eq!(output.stdout, "");
    output.error().to_owned()
}

#[test]
fn invalid_thresholds_are_refused_by_name() {
    let site = Site::new();
    for value in ["abc", "-5", "150", "NaN", "inf", "80%"] {
        let error = refused(&site, "CPU_THRESHOLD", value, 2);
        for part in ["CPU_THRESHOLD", value, "must be a number from 0 to 100"] {
            assert!(error.contains(part), "{part} is not in {error}");
        }
    }
    let error = refused(&site, "MEMORY_THRESHOLD", "", 2);
    assert!(error.contains("MEMORY_THRESHOLD") && error.contains("empty"), "{error}");
    assert!(!site.path("data").exists(), "an invalid configuration creates nothing");
}

#[test]
fn threshold_above_the_critical_line_is_accepted() {
    let site = Site::new();
    site.checkpost(&["run"]).env("CPU_THRESHOLD", "97").assert().success();
    assert_eq!(site.count("runs"), 1);
}

#[test]
fn unusable_databases_are_refused_with_the_remedy() {
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
    site.execute(&["db", "migrate"], 0);
    fs::copy(site.path("data/automation.db"), site.path("newer.db")).unwrap();
    Connection::open(site.path("newer.db")).unwrap().execute_batch("PRAGMA user_version = 999").unwrap();
    let error = refused(&site, "DATABASE_URL", "sqlite:///newer.db", 1);
    assert!(error.contains("newer") && error.contains("999"), "{error}");
}

#[test]
fn database_of_the_replaced_script_is_left_alone() {
    let site = Site::new();
    fs::create_dir(site.path("data")).unwrap();
    site.database()
        .execute_batch("CREATE TABLE system_metrics(id INTEGER, cpu REAL); INSERT INTO system_metrics VALUES (1, 2)")
        .unwrap();
    let output = site.execute(&["run"], 1);
    assert!(output.error().contains("automation.db"), "{}", output.stderr);
    assert_eq!(site.count("system_metrics"), 1);
    assert_eq!(site.count("sqlite_master"), 1, "nothing was added to the database");
}

/// A read-only mount binds root, too; permissions do not.
#[cfg(target_os = "linux")]
struct Mount(std::path::PathBuf);

#[cfg(target_os = "linux")]
impl Mount {
    /// A tmpfs of this size; `None`, with a message, where mounting is not allowed.
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
fn full_disk_is_reported_and_no_partial_cycle_is_stored() {
    let site = Site::new();
    let Some(_mount) = Mount::tmpfs(site.path("data"), "2m") else { return };
    site.execute(&["db", "migrate"], 0);
    // Fill the rest of the filesystem.
    let filled = fs::File::create(site.path("data/filler"))
        .and_then(|mut file| std::io::copy(&mut std::io::repeat(0), &mut file));
    assert_eq!(filled.unwrap_err().kind(), std::io::ErrorKind::StorageFull);
    let output = site.execute(&["run"], 1);
    assert!(output.error().starts_with("no space left for the database"), "{}", output.stderr);
    fs::remove_file(site.path("data/filler")).unwrap();
    assert!(site.is_empty());
    site.execute(&["run"], 0);
    assert_eq!(site.count("runs"), 1);
}

#[cfg(target_os = "linux")]
#[test]
fn read_only_database_is_reported() {
    let site = Site::new();
    let Some(mount) = Mount::tmpfs(site.path("data"), "8m") else { return };
    site.execute(&["run"], 0);
    mount.read_only();
    let output = site.execute(&["run"], 1);
    assert!(output.error().to_lowercase().contains("read-only"), "{}", output.stderr);
}

#[test]
fn configuration_mistakes_name_line_value_and_what_is_allowed() {
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
        let output = site.execute(&["run"], 2);
        for part in parts {
            assert!(output.error().contains(part), "{part} is not in {}", output.error());
        }
        assert!(site.is_empty(), "{toml}");
    }
}

#[test]
fn missing_files_and_directories_are_named() {
    let site = Site::new();
    let output = site.execute(&["run", "--config", "nosuch.toml"], 2);
    assert!(output.error().contains("nosuch.toml"), "{}", output.stderr);
    let output = site.execute(&["run", "--checks", "nosuch"], 2);
    assert!(output.error().contains("nosuch"), "{}", output.stderr);
    let output = site.execute(&["metrics"], 1);
    assert!(output.error().contains("checkpost run"), "{}", output.stderr);
}
