//! Programs as receivers: some do not read, some do not end, some leave children behind.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use checkpost_notify::{Command, Receiver, Scope, SendError, Template, Transport};

use super::{ample_deadline, message, short_deadline};

fn program(directory: &Path, script: &str) -> Receiver {
    let file = directory.join("page");
    fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    receiver(&["./page", "--to", "ops; touch /tmp/never", "$HOME"], directory)
}

fn receiver(argv: &[&str], directory: &Path) -> Receiver {
    let argv = argv.iter().map(|part| (*part).to_owned()).collect();
    let command = Command { argv, directory: directory.to_owned() };
    Receiver { transport: Transport::Command(command), template: Template::default() }
}

fn run(script: &str) -> (TempDir, Result<(), SendError>) {
    let directory = tempfile::tempdir().unwrap();
    let outcome = program(directory.path(), script).send(&message(), ample_deadline());
    (directory, outcome)
}

#[test]
fn program_receives_json_unchanged_arguments_and_a_small_environment() {
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
    // Cargo sets many variables for its tests.
    assert!(!environment.contains("CARGO"), "{environment}");
}

#[test]
fn failing_program_is_reported_in_one_line() {
    let (_directory, outcome) = run("echo >&2; printf 'no \\033[31mpager\\nmore\\n' >&2; exit 3");
    let error = outcome.unwrap_err();
    assert_eq!(
        (error.scope, error.text.as_str()),
        (Scope::Message, "./page failed with exit code 3: no \\u{1b}[31mpager")
    );
    let (_directory, outcome) = run("kill -9 $$");
    assert!(outcome.unwrap_err().text.contains("signal: 9"));
    let (_directory, outcome) = run("head -c 1000000 /dev/zero | tr '\\0' x >&2; exit 1");
    assert!(outcome.unwrap_err().text.chars().count() < 300);
}

#[test]
fn program_that_does_not_read_breaks_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let mut message = message();
    message.items[0].value.message = "x".repeat(10 << 20);
    program(directory.path(), "exit 0").send(&message, ample_deadline()).unwrap();
    program(directory.path(), "exec <&-; sleep 0.1").send(&message, ample_deadline()).unwrap();
}

#[test]
fn hung_program_is_killed_with_its_children() {
    let directory = tempfile::tempdir().unwrap();
    let began = Instant::now();
    let error =
        program(directory.path(), "sleep 3600 & echo $! > child; wait").send(&message(), short_deadline()).unwrap_err();
    assert_eq!((error.scope, error.text.as_str()), (Scope::Route, "./page did not finish in time and was killed"));
    assert!(began.elapsed() < Duration::from_secs(5));
    let child = fs::read_to_string(directory.path().join("child")).unwrap();
    let state = format!("/proc/{}/stat", child.trim());
    // Killed, but perhaps not yet reaped by the process that adopted it.
    let is_gone = || fs::read_to_string(&state).map_or(true, |stat| stat.contains(") Z "));
    let until = Instant::now() + Duration::from_secs(5);
    while cfg!(target_os = "linux") && !is_gone() {
        assert!(Instant::now() < until, "the child of the program is still alive");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn orphaned_child_does_not_delay_the_message() {
    let began = Instant::now();
    let (directory, outcome) = run("sleep 3600 & echo $! > child; exit 1");
    let error = outcome.unwrap_err();
    assert_eq!(error.text, "./page failed with exit code 1");
    assert!(began.elapsed() < Duration::from_secs(5));
    let child = fs::read_to_string(directory.path().join("child")).unwrap();
    std::process::Command::new("kill").arg(child.trim()).status().unwrap();
}

#[test]
fn missing_or_non_executable_program_is_found_before_anything_is_sent() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("text"), "no").unwrap();
    for (name, why) in [
        ("no-such-program-anywhere", "cannot find program no-such-program-anywhere"),
        ("/nowhere/page", "cannot find program /nowhere/page"),
        ("./text", "./text is not an executable file"),
        ("./", "./ is not an executable file"),
    ] {
        let receiver = receiver(&[name], directory.path());
        assert_eq!(receiver.check(), [why]);
        let error = receiver.send(&message(), ample_deadline()).unwrap_err();
        assert_eq!((error.scope, error.text.as_str()), (Scope::Route, why));
    }
    assert_eq!(receiver(&["cat"], directory.path()).check(), Vec::<String>::new());
}

#[test]
fn program_is_not_started_without_time_left() {
    let directory = tempfile::tempdir().unwrap();
    let error = program(directory.path(), "touch started").send(&message(), Instant::now()).unwrap_err();
    assert_eq!(error.text, "no time left");
    assert!(!directory.path().join("started").exists());
}
