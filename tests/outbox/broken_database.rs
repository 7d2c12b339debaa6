//! A database that cannot be written: the cycle fails whole, and every route says so, without the database.

use std::process::Command;

use serde_json::json;

use super::*;

/// What is told of it, in a run that fails with this error.
fn assert_told(site: &Site, endpoint: &Endpoint, error: &str) {
    let said = site.says(&["run", "--quiet"], 1);
    assert!(said.error().contains(error), "{}", said.stderr);
    let message = messages(endpoint, endpoint.count().max(1)).pop().unwrap();
    let item = &message["items"][0];
    assert_eq!((&item["title"], &item["level"]), (&json!("checkpost cannot store"), &json!("unknown")), "{message:#}");
    assert!(item["message"].as_str().unwrap().contains(error), "{item:#}");
}

/// Two routes that take nothing of what goes on here otherwise.
fn config_for(one: &Endpoint, other: &Endpoint) -> String {
    let nothing =
        |name: &str, endpoint: &Endpoint| route(name, &endpoint.url("/"), "").replace("check=memory", "check=none");
    config(true, &(nothing("one", one) + &nothing("other", other)))
}

#[test]
fn a_database_that_is_locked_for_too_long_is_told_on_every_route_once_and_so_is_its_end() {
    let (Some(one), Some(other)) = (Endpoint::start(), Endpoint::start()) else { return };
    let site = Site::with_config(&config_for(&one, &other));
    site.run_json();
    assert_eq!((one.count(), other.count()), (0, 0));
    let database = site.database();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    let locked = "has been locked by another process for too long";
    assert_told(&site, &one, locked);
    assert_eq!(messages(&other, 1)[0]["route"], "other");
    site.says(&["run", "--quiet"], 1);
    assert_eq!((one.requests(1).len(), other.requests(1).len()), (1, 1), "people know");

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
            crate::support::skip("a small filesystem can only be mounted by root");
        }
        mounted.then_some(Self(site))
    }

    fn make(&self, options: &str) {
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
fn what_nobody_could_be_told_is_told_by_the_next_run() {
    let Some(mut one) = Endpoint::start() else { return };
    let toml = config(true, &route("one", &one.url("/"), "").replace("check=memory", "check=none"));
    let site = Site::with_config(&toml);
    site.run_json();
    let database = site.database();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    one.will(&[json!({"status": 500})]);
    for _ in 0..2 {
        site.says(&["run", "--quiet"], 1);
    }
    assert_eq!(one.requests(2).len(), 2);
}

#[test]
fn a_full_disk_is_told_on_every_route() {
    let (Some(one), Some(other)) = (Endpoint::start(), Endpoint::start()) else { return };
    let toml = "cache_dir = \"cache\"\n".to_owned() + &config_for(&one, &other);
    let site = Site::with_config(&toml);
    let Some(disk) = Disk::mount(&site) else { return };
    site.run_json();
    let file = site.path("data/fills");
    // As much as there is room for.
    let _ = std::fs::write(&file, vec![1_u8; 2 << 20]);
    assert_told(&site, &one, "no space left for the database");
    assert_eq!(messages(&other, 1).len(), 1);
    site.says(&["run", "--quiet"], 1);
    assert_eq!(one.requests(1).len(), 1, "a full disk still remembers that people know");
    std::fs::remove_file(file).unwrap();
    site.run_json();
    assert_eq!(messages(&one, 2)[1]["items"][0]["kind"], "resolved");
    assert_eq!(site.count("runs"), 2, "what failed left nothing");
    drop(disk);
}

#[test]
fn a_read_only_disk_is_told_on_every_route() {
    let (Some(one), Some(other)) = (Endpoint::start(), Endpoint::start()) else { return };
    let toml = "cache_dir = \"cache\"\n".to_owned() + &config_for(&one, &other);
    let site = Site::with_config(&toml);
    let Some(disk) = Disk::mount(&site) else { return };
    site.run_json();
    disk.make("ro");
    let said = site.says(&["run", "--quiet"], 1);
    assert!(said.stderr.contains("Read-only file system"), "{}", said.stderr);
    assert_eq!((messages(&one, 1).len(), messages(&other, 1).len()), (1, 1));
    site.says(&["run", "--quiet"], 1);
    assert_eq!(one.count(), 1, "it is remembered elsewhere that people know");
    disk.make("rw");
    site.run_json();
    assert_eq!(messages(&one, 2)[1]["items"][0]["kind"], "resolved");
}
