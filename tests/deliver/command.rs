//! Programs, as they come: some do not read, some do not end, some leave children.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use checkpost::deliver::{Command, Outlet, Scope, SendError, Template, Transport};
use serde_json::Value;
use tempfile::TempDir;

use super::{in_time, message, soon};

fn program(directory: &Path, script: &str) -> Outlet {
    let file = directory.join("page");
    fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    outlet(&["./page", "--to", "ops; touch /tmp/never", "$HOME"], directory)
}

fn outlet(argv: &[&str], directory: &Path) -> Outlet {
    let argv = argv.iter().map(|part| (*part).to_owned()).collect();
    let command = Command { argv, directory: directory.to_owned() };
    Outlet { transport: Transport::Command(command), template: Template::default() }
}

fn run(script: &str) -> (TempDir, Result<(), SendError>) {
    let directory = tempfile::tempdir().unwrap();
    let outcome = program(directory.path(), script).send(&message(), in_time());
    (directory, outcome)
}

#[test]
fn a_program_gets_json_its_arguments_as_they_are_and_a_small_environment() {
    let (directory, outcome) =
        run("cat > got.json; printf '%s\\n' \"$@\" > arguments; env > environment; echo never seen");
    outcome.unwrap();
    let read = |name| fs::read_to_string(directory.path().join(name)).unwrap();
    let json: Value = serde_json::from_str(&read("got.json")).unwrap();
    assert_eq!((&json["schema"], &json["items"][0]["subject"]), (&"checkpost.message/1".into(), &"/mnt/<b>".into()));
    assert_eq!(read("arguments"), "--to\nops; touch /tmp/never\n$HOME\n");
    let environment = read("environment");
    for line in [
        "CHECKPOST_KEY=k-1",
        "CHECKPOST_LEVEL=CRITICAL",
        "CHECKPOST_HOST=web-1",
        "CHECKPOST_ROUTE=ops",
        "CHECKPOST_TITLE=CRITICAL web-1: High disk usage",
        "CHECKPOST_COUNT=1",
        "CHECKPOST_TEST=0",
    ] {
        assert!(environment.lines().any(|found| found == line), "{line}: {environment}");
    }
    // Cargo gives its tests many variables.
    assert!(!environment.contains("CARGO"), "{environment}");
}

#[test]
fn a_program_that_fails_says_why_in_one_line() {
    let (_directory, outcome) = run("echo >&2; printf 'no \\033[31mpager\\nmore\\n' >&2; exit 3");
    let error = outcome.unwrap_err();
    assert_eq!(
        (error.scope, error.text.as_str()),
        (Scope::Message, "./page ended with exit code 3: no \\u{1b}[31mpager")
    );
    let (_directory, outcome) = run("kill -9 $$");
    assert!(outcome.unwrap_err().text.contains("signal: 9"));
    let (_directory, outcome) = run("head -c 1000000 /dev/zero | tr '\\0' x >&2; exit 1");
    assert!(outcome.unwrap_err().text.chars().count() < 300);
}

#[test]
fn a_program_that_does_not_read_breaks_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let mut message = message();
    message.items[0].message = "x".repeat(10 << 20);
    program(directory.path(), "exit 0").send(&message, in_time()).unwrap();
    program(directory.path(), "exec <&-; sleep 0.1").send(&message, in_time()).unwrap();
}

#[test]
fn a_program_that_does_not_end_is_ended_with_its_children() {
    let directory = tempfile::tempdir().unwrap();
    let began = Instant::now();
    let error = program(directory.path(), "sleep 3600 & echo $! > child; wait").send(&message(), soon()).unwrap_err();
    assert_eq!((error.scope, error.text.as_str()), (Scope::Route, "./page did not end in time, and was ended"));
    assert!(began.elapsed() < Duration::from_secs(5));
    let child = fs::read_to_string(directory.path().join("child")).unwrap();
    let state = format!("/proc/{}/stat", child.trim());
    // Killed, and perhaps not yet collected by whoever adopted it.
    let is_gone = || fs::read_to_string(&state).map_or(true, |stat| stat.contains(") Z "));
    let until = Instant::now() + Duration::from_secs(5);
    while cfg!(target_os = "linux") && !is_gone() {
        assert!(Instant::now() < until, "the child of the program lives");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_child_that_stays_behind_does_not_hold_the_message_up() {
    let began = Instant::now();
    let (directory, outcome) = run("sleep 3600 & echo $! > child; exit 1");
    let error = outcome.unwrap_err();
    assert_eq!(error.text, "./page ended with exit code 1");
    assert!(began.elapsed() < Duration::from_secs(5));
    let child = fs::read_to_string(directory.path().join("child")).unwrap();
    std::process::Command::new("kill").arg(child.trim()).status().unwrap();
}

#[test]
fn what_is_no_program_is_found_before_anything_is_sent() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("text"), "no").unwrap();
    for (name, why) in [
        ("no-such-program-anywhere", "there is no program no-such-program-anywhere"),
        ("/nowhere/page", "there is no program /nowhere/page"),
        ("./text", "./text is no program: it must be a file that may be executed"),
        ("./", "./ is no program: it must be a file that may be executed"),
    ] {
        let outlet = outlet(&[name], directory.path());
        assert_eq!(outlet.check(), [why]);
        let error = outlet.send(&message(), in_time()).unwrap_err();
        assert_eq!((error.scope, error.text.as_str()), (Scope::Route, why));
    }
    assert_eq!(outlet(&["cat"], directory.path()).check(), Vec::<String>::new());
}

#[test]
fn what_is_no_time_for_is_not_started() {
    let directory = tempfile::tempdir().unwrap();
    let error = program(directory.path(), "touch started").send(&message(), Instant::now()).unwrap_err();
    assert_eq!(error.text, "no time is left");
    assert!(!directory.path().join("started").exists());
}
