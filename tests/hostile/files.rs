//! Module files that are no files, or not what they say: each is refused by what it is, at once, and the rest of the cycle is
//! complete.

use std::fs::{self, File};
use std::path::Path;

use serde_json::Value;

use super::{HostileSite, hostile_site};
use crate::support::{assert_whole, check};

/// The bytes with which every component begins.
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

/// Writes a file that begins with these bytes and has this length; the rest is not stored.
fn write_sparse(path: &Path, start: &[u8], len: u64) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, start).unwrap();
    File::options().write(true).open(path).unwrap().set_len(len).unwrap();
}

/// Runs once; the evaluation of `bad`, without which the cycle is complete.
fn bad(site: &HostileSite) -> Value {
    let report = site.run_json();
    assert_whole(site, &report);
    check(&report, "bad").clone()
}

/// Asserts that `bad` is unknown for this reason, with this text in the detail.
fn assert_refused(site: &HostileSite, reason: &str, text: &str) {
    let bad = bad(site);
    assert_eq!(bad["reason"], reason, "{bad:#}");
    assert!(bad["detail"].as_str().unwrap().contains(text), "{text}: {bad:#}");
}

#[test]
fn file_beyond_the_size_limit_is_refused_unread() {
    let site = hostile_site("");
    write_sparse(&site.path("checks.d/bad.wasm"), COMPONENT, (64 << 20) + 1);
    assert_refused(&site, "module_too_large", "larger than the limit of 67108864 bytes");
}

#[cfg(target_os = "linux")]
#[test]
fn sparse_file_within_the_size_limit_is_refused_unread() {
    let site = hostile_site("");
    write_sparse(&site.path("checks.d/bad.wasm"), COMPONENT, 64 << 20);
    assert_refused(&site, "invalid_module", "of its 67108864 bytes are stored");
}

#[test]
fn file_with_other_first_bytes_is_refused_even_where_it_would_have_to_be_pinned() {
    let site = hostile_site("require_lock = true\n");
    site.write("checks.d/bad.wasm", "#!/bin/sh\n");
    assert_refused(&site, "invalid_module", "does not begin with '\\0asm'");
    site.write("checks.d/bad.wasm", COMPONENT);
    assert_eq!(check(&site.run_json(), "bad")["reason"], "not_locked");
}

#[cfg(unix)]
#[test]
fn pipes_devices_sockets_and_directories_are_refused_by_what_they_are() {
    let site = hostile_site("");
    fs::create_dir_all(site.path("checks.d/directory.wasm")).unwrap();
    let path = |name: &str| site.path(&format!("checks.d/{name}.wasm"));
    assert!(std::process::Command::new("mkfifo").arg(path("fifo")).status().unwrap().success());
    let _listener = std::os::unix::net::UnixListener::bind(path("socket")).unwrap();
    let links = [("device", "/dev/zero"), ("terminal", "/dev/tty"), ("dangling", "nowhere")];
    for (name, target) in links {
        std::os::unix::fs::symlink(target, path(name)).unwrap();
    }
    let report = site.run_json();
    assert_whole(&site, &report);
    for (name, cause) in [
        ("directory", "is a directory, not a file"),
        ("fifo", "is a FIFO, not a file"),
        ("socket", "is a socket, not a file"),
        ("device", "is a device, not a file"),
        ("terminal", "is a device, not a file"),
        ("dangling", "No such file or directory"),
    ] {
        let refused = check(&report, name);
        assert_eq!(refused["reason"], "unreadable", "{refused:#}");
        assert!(refused["detail"].as_str().unwrap().contains(cause), "{cause}: {refused:#}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn endless_file_of_the_kernel_is_read_as_empty() {
    let site = hostile_site("");
    fs::create_dir(site.path("checks.d")).unwrap();
    std::os::unix::fs::symlink("/proc/kmsg", site.path("checks.d/bad.wasm")).unwrap();
    let reason = bad(&site)["reason"].clone();
    assert!(reason == "invalid_module" || reason == "unreadable", "{reason}");
}
