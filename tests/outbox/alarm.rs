//! The alarm: when the database cannot be written, the cycle fails as a whole, and every route says so without the
//! database.

use std::process::Command;

use serde_json::json;

use super::*;

/// Asserts that a run fails with this error and that the endpoint receives an alarm about it.
fn assert_alarm(site: &Site, endpoint: &Endpoint, error: &str) {
    let output = site.execute(&["run", "--quiet"], 1);
    assert!(output.error().contains(error), "{}", output.stderr);
    let message = messages(endpoint, endpoint.count().max(1)).pop().unwrap();
    let item = &message["items"][0];
    assert_eq!((&item["title"], &item["level"]), (&json!("checkpost cannot store"), &json!("unknown")), "{message:#}");
    assert!(item["message"].as_str().unwrap().contains(error), "{item:#}");
}

/// Two routes that take no other notification of these tests.
fn config_for(one: &Endpoint, other: &Endpoint) -> String {
    let nothing =
        |name: &str, endpoint: &Endpoint| route(name, &endpoint.url("/"), "").replace("check=memory", "check=none");
    config(true, &(nothing("one", one) + &nothing("other", other)))
}

#[test]
fn locked_database_and_its_end_are_reported_once_on_every_route() {
    let (Some(one), Some(other)) = (Endpoint::start(), Endpoint::start()) else { return };
    let site = Site::with_config(&config_for(&one, &other));
    site.run_json();
    assert_eq!((one.count(), other.count()), (0, 0));
    let database = site.database();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    let locked = "has been locked by another process for too long";
    assert_alarm(&site, &one, locked);
    assert_eq!(messages(&other, 1)[0]["route"], "other");
    site.execute(&["run", "--quiet"], 1);
    assert_eq!((one.requests(1).len(), other.requests(1).len()), (1, 1), "the alarm is not repeated");

    database.execute_batch("ROLLBACK").unwrap();
    site.run_json();
    let end = &messages(&one, 2)[1];
    assert_eq!((&end["items"][0]["kind"], &end["level"]), (&json!("resolved"), &json!("ok")));
    site.run_json();
    assert_eq!(one.requests(2).len(), 2);
    assert_eq!(site.count("runs"), 3);
}

/// A small filesystem with the database on it, unmounted when dropped. Only root may mount.
struct Disk<'a>(&'a Site);

impl<'a> Disk<'a> {
    fn mount(site: &'a Site) -> Option<Self> {
        std::fs::create_dir_all(site.path("data")).unwrap();
        let mounted = Self::command("mount", &["-t", "tmpfs", "-o", "size=1024k", "checkpost-test"], site);
        if !mounted {
            crate::support::skip("only root can mount a small filesystem");
        }
        mounted.then_some(Self(site))
    }

    fn remount(&self, options: &str) {
        assert!(Self::command("mount", &["-o", &format!("remount,{options}")], self.0));
    }

    fn command(command: &str, arguments: &[&str], site: &Site) -> bool {
        let output = Command::new(command).args(arguments).arg(site.path("data")).output();
        output.is_ok_and(|output| output.status.success())
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        Self::command("umount", &["--lazy"], self.0);
    }
}

#[test]
fn undelivered_alarm_is_sent_by_the_next_run() {
    let Some(mut one) = Endpoint::start() else { return };
    let toml = config(true, &route("one", &one.url("/"), "").replace("check=memory", "check=none"));
    let site = Site::with_config(&toml);
    site.run_json();
    let database = site.database();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    one.respond_with(&[json!({"status": 500})]);
    for _ in 0..2 {
        site.execute(&["run", "--quiet"], 1);
    }
    assert_eq!(one.requests(2).len(), 2);
}

#[test]
fn full_disk_is_reported_on_every_route() {
    let (Some(one), Some(other)) = (Endpoint::start(), Endpoint::start()) else { return };
    let toml = "cache_dir = \"cache\"\n".to_owned() + &config_for(&one, &other);
    let site = Site::with_config(&toml);
    let Some(disk) = Disk::mount(&site) else { return };
    site.run_json();
    let file = site.path("data/fills");
    // As much as fits.
    let _ = std::fs::write(&file, vec![1_u8; 2 << 20]);
    assert_alarm(&site, &one, "no space left for the database");
    assert_eq!(messages(&other, 1).len(), 1);
    site.execute(&["run", "--quiet"], 1);
    assert_eq!(one.requests(1).len(), 1, "a full disk can still record that the alarm was sent");
    std::fs::remove_file(file).unwrap();
    site.run_json();
    assert_eq!(messages(&one, 2)[1]["items"][0]["kind"], "resolved");
    assert_eq!(site.count("runs"), 2, "failed cycles left nothing");
    drop(disk);
}

#[test]
fn read_only_disk_is_reported_on_every_route() {
    let (Some(one), Some(other)) = (Endpoint::start(), Endpoint::start()) else { return };
    let toml = "cache_dir = \"cache\"\n".to_owned() + &config_for(&one, &other);
    let site = Site::with_config(&toml);
    let Some(disk) = Disk::mount(&site) else { return };
    site.run_json();
    disk.remount("ro");
    let output = site.execute(&["run", "--quiet"], 1);
    assert!(output.stderr.contains("Read-only file system"), "{}", output.stderr);
    assert_eq!((messages(&one, 1).len(), messages(&other, 1).len()), (1, 1));
    site.execute(&["run", "--quiet"], 1);
    assert_eq!(one.count(), 1, "it is recorded elsewhere that the alarm was sent");
    disk.remount("rw");
    site.run_json();
    assert_eq!(messages(&one, 2)[1]["items"][0]["kind"], "resolved");
}
