//! Files that a command or the configuration names, and that are no files: each is one clear line, at once.

#![cfg(unix)]

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::{Output, Site};

/// More than any of these commands takes, on a loaded machine.
const AT_ONCE: Duration = Duration::from_secs(10);

/// What a path may lead to.
struct Kind {
    name: &'static str,
    make: fn(&Path),
    /// How that is said, in one of these ways.
    causes: &'static [&'static str],
}

const KINDS: [Kind; 4] = [
    Kind { name: "FIFO", make: make_fifo, causes: &["is a FIFO, not a file"] },
    // To root, a device is not trusted already because everybody may write it.
    Kind {
        name: "device",
        make: link_to_zeros,
        causes: &["is a device, not a file", "because /dev/zero may be written by everybody"],
    },
    Kind { name: "directory", make: make_directory, causes: &["is a directory, not a file"] },
    Kind { name: "sparse file", make: make_sparse, causes: &["larger than ", "is too long for a secret"] },
];

fn make_fifo(path: &Path) {
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}

fn link_to_zeros(path: &Path) {
    std::os::unix::fs::symlink("/dev/zero", path).unwrap();
}

fn make_directory(path: &Path) {
    fs::create_dir(path).unwrap();
}

fn make_sparse(path: &Path) {
    File::create(path).unwrap().set_len(10 << 30).unwrap();
}

/// Runs a command in a site where this file is of each kind in turn; asserts that it fails at once with this exit code and one
/// line that names the file and its kind.
fn assert_refused(config: &str, file: &str, arguments: &[&str], exit_code: i32) {
    for Kind { name, make, causes } in KINDS {
        let site = Site::new();
        if !config.is_empty() {
            site.write("checkpost.toml", config);
        }
        make(&site.path(file));
        let started = Instant::now();
        let mut command = site.checkpost(arguments);
        let output = Output::of(command.timeout(AT_ONCE), exit_code);
        let error = output.error();
        assert!(started.elapsed() < AT_ONCE, "{file} as a {name}: {:?}", started.elapsed());
        assert!(
            error.contains(file) && causes.iter().any(|cause| error.contains(cause)),
            "{file} as a {name}: {error}"
        );
    }
}

#[test]
fn configuration_that_is_no_file_is_refused_at_once() {
    assert_refused("", "checkpost.toml", &["run"], 2);
    // A flag that names a directory is refused as a flag.
    for Kind { name, make, .. } in KINDS {
        let site = Site::new();
        make(&site.path("other"));
        let mut command = site.checkpost(&["config", "check", "--config", "other"]);
        let output = Output::of(command.timeout(AT_ONCE), 2);
        assert!(output.error().contains("other"), "{name}: {}", output.stderr);
    }
}

#[test]
fn variables_and_pins_that_are_no_files_are_refused_at_once() {
    assert_refused("", ".env", &["run"], 2);
    assert_refused("", "checkpost.lock", &["run"], 2);
    assert_refused("", "checkpost.lock", &["check", "lock"], 2);
}

#[test]
fn module_that_is_no_file_is_refused_by_every_command_at_once() {
    assert_refused("", "module.wasm", &["check", "inspect", "./module.wasm"], 1);
    assert_refused("", "module.wasm", &["check", "pack", "module.wasm", "--output", "packed.wasm"], 1);
}

#[test]
fn secrets_and_certificates_that_are_no_files_are_refused_at_once() {
    let route = |transport: &str| format!("[[route]]\nname = \"ops\"\n[route.{transport}\n");
    assert_refused(&route("slack]\nurl = { file = \"secret\" }"), "secret", &["config", "check"], 2);
    let certificates = route("webhook]\nurl = \"https://localhost/\"\nca_file = \"certificates\"");
    assert_refused(&certificates, "certificates", &["config", "check"], 2);
}
