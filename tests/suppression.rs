//! Suppression on purpose: silences, acknowledgements, maintenance and inhibition, from run to run.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::support::{Output, Site};

/// An instance of the memory check that returns this status.
fn check(name: &str, status: &str) -> String {
    let (threshold, critical) = match status {
        "ok" => (99.9, 100.0),
        "warning" => (0.001, 100.0),
        _ => (0.001, 0.002),
    };
    format!(
        "\n[[check]]\nname = \"{name}\"\nmodule = \"memory\"\n[check.settings]\nthreshold = {threshold}\ncritical = {critical}\n"
    )
}

/// Runs with the instance `memory` at this status.
fn run(site: &Site, status: &str) {
    site.write("checkpost.toml", check("memory", status));
    site.run_json();
}

/// The notifications of a check: `1 raised`, `2 raised (silence 1: new disks)`.
fn notified(site: &Site, check: &str) -> Vec<String> {
    let database = site.database();
    let sql = "SELECT run_id || ' ' || kind || coalesce(' (' || suppressed || ')', '') FROM notifications
               WHERE check_name = ? ORDER BY id";
    let mut statement = database.prepare(sql).unwrap();
    let rows = statement.query_map([check], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// The number of the last notification of `memory`.
fn last_id(site: &Site) -> String {
    site.value::<i64>("SELECT max(id) FROM notifications WHERE check_name = 'memory'").to_string()
}

const ADD: [&str; 6] = ["silence", "add", "--for", "2h", "--comment", "new disks"];

fn silence(site: &Site, more: &[&str]) -> Output {
    site.execute(&["db", "migrate"], 0);
    site.execute(&[&ADD, more].concat(), 0)
}

#[test]
fn silence_end_raises_what_is_still_bad() {
    let site = Site::new();
    let output = silence(&site, &["--matcher", "check=memory"]).stdout;
    assert!(output.starts_with("silence 1 until 2") && output.ends_with(" UTC: check=memory\n"), "{output}");
    (0..3).for_each(|_| run(&site, "warning"));
    assert_eq!(notified(&site, "memory"), ["1 raised (silence 1: new disks)"]);
    assert_eq!(site.execute(&["silence", "expire", "1"], 0).stdout, "silence 1 has ended\n");
    (0..2).for_each(|_| run(&site, "warning"));
    run(&site, "ok");
    assert_eq!(notified(&site, "memory")[1..], ["4 raised", "6 resolved"]);
}

#[test]
fn silenced_alert_that_came_and_went_is_stored_and_not_sent() {
    let site = Site::new();
    silence(&site, &["--matcher", "check=memory"]);
    run(&site, "warning");
    run(&site, "ok");
    site.execute(&["silence", "expire", "1"], 0);
    run(&site, "ok");
    let why = " (silence 1: new disks)";
    assert_eq!(notified(&site, "memory"), [format!("1 raised{why}"), format!("2 resolved{why}")]);
    let text = site.execute(&["notifications"], 0).stdout;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("(suppressed: silence 1: new disks)"), "{text}");
    let rows: Vec<Value> =
        serde_json::from_str(&site.execute(&["notifications", "--format", "json"], 0).stdout).unwrap();
    let rows: Vec<_> = rows.iter().filter(|row| row["check_name"] == "memory").collect();
    assert!(rows.iter().all(|row| row["suppressed"] == "silence 1: new disks"), "{rows:#?}");
}

#[test]
fn report_shows_why_a_notification_is_suppressed() {
    let site = Site::with_config(&check("memory", "warning"));
    silence(&site, &["--matcher", "check=memory", "--matcher", "level=warning"]);
    let report = site.run_json();
    let notification =
        report["notifications"].as_array().unwrap().iter().find(|row| row["check_name"] == "memory").unwrap();
    assert_eq!(notification["suppressed"], "silence 1: new disks", "{report:#}");
}

#[test]
fn matchers_of_a_silence_must_all_match() {
    let site = Site::new();
    silence(&site, &["--matcher", "check=memory", "--matcher", "level=critical"]);
    run(&site, "warning");
    assert_eq!(notified(&site, "memory"), ["1 raised"]);
}

#[test]
fn future_silence_does_not_apply_yet() {
    let site = Site::new();
    let output = silence(&site, &["--matcher", "check=memory", "--starts", "2999-01-01T00:00:00Z"]).stdout;
    assert_eq!(output, "silence 1 from 2999-01-01 00:00:00 UTC until 2999-01-01 02:00:00 UTC: check=memory\n");
    run(&site, "warning");
    assert_eq!(notified(&site, "memory"), ["1 raised"]);
    assert!(site.execute(&["silence", "list"], 0).stdout.contains("pending"));
    site.execute(&["silence", "expire", "1"], 0);
    assert_eq!(site.execute(&["silence", "list"], 0).stdout, "no silences\n");
}

#[test]
fn silences_are_listed_with_state_author_and_comment() {
    let site = Site::new();
    site.execute(&["db", "migrate"], 0);
    let add = |user: &[(&str, &str)], more: &[&str]| {
        let mut command = site.checkpost(&[&ADD, more].concat());
        Output::of(command.envs(user.iter().copied()), 0)
    };
    add(&[("SUDO_USER", "alice"), ("USER", "root")], &["--matcher", "check=disk subject=~\"/mnt/a b.*\""]);
    add(&[("USER", ""), ("LOGNAME", "bob")], &["--matcher", "check=cpu"]);
    add(&[], &["--matcher", "check=cpu"]);
    add(&[("USER", "root")], &["--matcher", "check=cpu", "--author", "carol"]);
    site.execute(&["silence", "expire", "2"], 0);
    let list = |more: &[&str]| -> Vec<Value> {
        serde_json::from_str(&site.execute(&[&["silence", "list", "--format", "json"], more].concat(), 0).stdout)
            .unwrap()
    };
    let seen = |rows: Vec<Value>| -> Vec<String> {
        rows.iter().map(|row| format!("{} {} {}", row["id"], row["state"], row["author"]).replace('"', "")).collect()
    };
    assert_eq!(seen(list(&[])), ["1 active alice", "3 active unknown", "4 active carol"]);
    assert_eq!(seen(list(&["--all"]))[1], "2 expired bob");
    let first = &list(&[])[0];
    assert_eq!(first["matchers"], "check=disk subject=~\"/mnt/a b.*\"");
    assert_eq!(first["comment"], "new disks");
    let text = site.execute(&["silence", "list"], 0).stdout;
    assert!(text.contains("active") && text.contains("alice") && text.contains("new disks"), "{text}");
}

#[test]
fn hostile_text_in_a_silence_is_shown_without_control_characters() {
    let site = Site::new();
    site.execute(&["db", "migrate"], 0);
    let add = ["silence", "add", "--for", "2h", "--comment", "\u{1b}[2J\nx", "--author", "a\rb"];
    let added = site.execute(&[&add[..], &["--matcher", "subject=\"\u{1b}[31m\u{202e}\""]].concat(), 0).stdout;
    run(&site, "ok");
    site.execute(&[&add[..], &["--matcher", "check=memory"]].concat(), 0);
    run(&site, "warning");
    for shown in [added, site.execute(&["silence", "list"], 0).stdout, site.execute(&["notifications"], 0).stdout] {
        assert!(!shown.contains(['\u{1b}', '\r', '\u{202e}']), "{shown:?}");
    }
    assert_eq!(notified(&site, "memory"), ["2 raised (silence 2: \\u{1b}[2J\\u{a}x)"]);
    let wrong = site.execute(&["silence", "add", "--for", "2h", "--comment", "x", "--matcher", "check\u{1b}[2J=a"], 2);
    assert!(!wrong.error().contains('\u{1b}'));
}

#[test]
fn silence_mistake_is_one_line_with_its_place_and_stores_nothing() {
    let site = Site::new();
    let fields = "expected one of check, subject, channel, owner, host, level";
    let add = ["silence", "add", "--comment", "x"];
    for (arguments, expected) in [
        (&["--for", "1h", "--matcher", "chekc=disk"][..], format!("--matcher 'chekc=disk': column 1: {fields}")),
        (&["--for", "1h", "--matcher", "check=a", "--matcher", "check=disk =x"], format!("--matcher 'check=disk =x': column 12: {fields}")),
        (&["--for", "1h"], "--matcher is missing: name the alerts to silence; --matcher 'check=~\".*\"' silences all".to_owned()),
        (&["--for", "1h", "--matcher", " "], "--matcher is missing: name the alerts to silence; --matcher 'check=~\".*\"' silences all".to_owned()),
        (&["--for", "0s", "--matcher", "check=a"], "--for is 0s: must be a duration such as 2h".to_owned()),
        (&["--until", "2001-01-01T00:00:00Z", "--matcher", "check=a"], "--until 2001-01-01 00:00:00 UTC has passed: must be in the future".to_owned()),
        (
            &["--starts", "2999-01-02T00:00:00Z", "--until", "2999-01-01T00:00:00Z", "--matcher", "check=a"],
            "--until 2999-01-01 00:00:00 UTC is not after --starts 2999-01-02 00:00:00 UTC: a silence must end after it starts".to_owned(),
        ),
        (&["--for", "1h", "--matcher", "check=a", "--author", " "], "--author is empty: give a name".to_owned()),
    ] {
        let output = site.execute(&[&add, arguments].concat(), 2);
        assert_eq!(output.error(), expected);
    }
    let empty = site.execute(&["silence", "add", "--comment", "", "--for", "1h", "--matcher", "check=a"], 2);
    assert_eq!(empty.error(), "--comment is empty: give a reason");
    for wrong in [
        &["silence", "add", "--matcher", "check=a", "--comment", "x"][..],
        &["silence", "add", "--matcher", "check=a", "--comment", "x", "--for", "1h", "--until", "2999-01-01 00:00"],
        &["silence", "add", "--matcher", "check=a", "--comment", "x", "--until", "tomorrow"],
        &["silence", "add", "--matcher", "check=a", "--for", "1h"],
        &["silence", "expire", "0"],
        &["silence", "expire", "one"],
        &["ack", "1"],
        &["ack", "1", "--comment", "x", "--for", "1h", "--until", "2999-01-01 00:00"],
        &["ack", "1", "--remove", "--comment", "x"],
    ] {
        site.execute(wrong, 2);
    }
    assert!(!site.path("data").exists());
    for command in [&["silence", "list"][..], &["silence", "expire", "1"], &["ack", "1", "--comment", "x"]] {
        assert!(site.execute(command, 1).error().starts_with("no database at "));
    }
}

#[test]
fn expiring_an_unknown_or_expired_silence_is_an_error() {
    let site = Site::new();
    silence(&site, &["--matcher", "check=a"]);
    let unknown = site.execute(&["silence", "expire", "2"], 1);
    assert_eq!(unknown.error(), "there is no silence 2: see `checkpost silence list`");
    site.execute(&["silence", "expire", "1"], 0);
    let over = site.execute(&["silence", "expire", "1"], 1);
    assert!(over.error().starts_with("silence 1 already ended at 2"), "{}", over.error());
}

#[test]
fn acknowledgement_suppresses_until_the_alert_worsens() {
    let site = Site::new();
    run(&site, "warning");
    let id = last_id(&site);
    let output = site.execute(&["ack", &id, "--comment", "on it", "--author", "alice"], 0).stdout;
    assert_eq!(output, "memory is acknowledged at WARNING until it ends or gets worse\n");
    run(&site, "warning");
    assert_eq!(site.count("acknowledgements WHERE ended_ms IS NULL"), 1);
    run(&site, "critical");
    assert_eq!(notified(&site, "memory"), ["1 raised", "3 escalated"]);
    assert_eq!(site.count("acknowledgements WHERE ended_ms IS NULL"), 0);
}

#[test]
fn sticky_acknowledgement_suppresses_until_the_alert_is_over() {
    let site = Site::new();
    run(&site, "warning");
    site.execute(&["ack", &last_id(&site), "--comment", "on it", "--author", "alice", "--sticky"], 0);
    run(&site, "critical");
    // The number of a suppressed notification works, too.
    site.execute(&["ack", &last_id(&site), "--comment", "ordered disks", "--author", "bob", "--sticky"], 0);
    run(&site, "warning");
    run(&site, "ok");
    run(&site, "warning");
    assert_eq!(
        notified(&site, "memory"),
        [
            "1 raised",
            "2 escalated (acknowledged by alice: on it)",
            "3 de_escalated (acknowledged by bob: ordered disks)",
            "4 resolved",
            "5 raised"
        ]
    );
    assert_eq!(site.count("acknowledgements WHERE ended_ms IS NULL"), 0);
}

#[test]
fn acknowledgement_ends_at_its_time_or_when_it_is_removed() {
    let site = Site::new();
    run(&site, "warning");
    let id = last_id(&site);
    let ack = |more: &[&str]| {
        site.execute(&[&["ack", &id, "--comment", "on it", "--author", "alice", "--sticky"], more].concat(), 0).stdout
    };
    let output = ack(&["--until", "2999-01-01T00:00:00Z"]);
    assert_eq!(output, "memory is acknowledged at WARNING until it ends, at the latest at 2999-01-01 00:00:00 UTC\n");
    run(&site, "critical");
    site.database().execute_batch("UPDATE acknowledgements SET until_ms = 1000").unwrap();
    run(&site, "critical");
    let why = "(acknowledged by alice: on it)";
    assert_eq!(
        notified(&site, "memory"),
        ["1 raised".to_owned(), format!("2 escalated {why}"), "3 escalated".to_owned()]
    );
    ack(&["--for", "1h"]);
    assert_eq!(site.execute(&["ack", &id, "--remove"], 0).stdout, "memory is no longer acknowledged\n");
    assert_eq!(site.execute(&["ack", &id, "--remove"], 1).error(), "memory is not acknowledged");
    run(&site, "warning");
    assert_eq!(notified(&site, "memory")[3..], ["4 de_escalated"]);
}

#[test]
fn resolved_or_unknown_alert_cannot_be_acknowledged() {
    let site = Site::new();
    run(&site, "warning");
    let id = last_id(&site);
    run(&site, "ok");
    for id in [&id, &last_id(&site)] {
        let output = site.execute(&["ack", id, "--comment", "on it"], 1);
        assert_eq!(output.error(), "memory is no longer bad: there is nothing to acknowledge");
    }
    let output = site.execute(&["ack", "4711", "--comment", "on it"], 1);
    assert_eq!(output.error(), "there is no notification 4711: see `checkpost notifications`");
    let past = site.execute(&["ack", &id, "--comment", "x", "--until", "2001-01-01T00:00:00Z"], 2);
    assert_eq!(past.error(), "--until 2001-01-01 00:00:00 UTC has passed: must be in the future");
    assert_eq!(site.count("acknowledgements"), 0);
}

/// A window in UTC that is open from an hour ago until an hour from now.
fn window_now() -> String {
    let at = |hours| (Timestamp::now() + SignedDuration::from_hours(hours)).strftime("%H:%M").to_string();
    format!("start = \"{}\"\nend = \"{}\"\n", at(-1), at(1))
}

#[test]
fn maintenance_suppresses_while_its_window_is_open() {
    let site = Site::new();
    let maintenance = format!("[[maintenance]]\nname = \"backup\"\nmatch = ['check=memory']\n{}", window_now());
    site.write("checkpost.toml", maintenance + &check("memory", "warning") + &check("mine", "warning"));
    (0..2).for_each(|_| drop(site.run_json()));
    assert_eq!(notified(&site, "memory"), ["1 raised (maintenance backup)"]);
    assert_eq!(notified(&site, "mine"), ["1 raised"]);
    let closed = "[[maintenance]]\nname = \"backup\"\nmatch = ['check=memory']\nuntil = 2001-01-01\n";
    site.write("checkpost.toml", closed.to_owned() + &check("memory", "warning") + &check("mine", "warning"));
    site.run_json();
    assert_eq!(notified(&site, "memory")[1..], ["3 raised"]);
}

#[test]
fn inhibition_suppresses_what_another_alert_explains() {
    let inhibit = "[[inhibit]]\nwhen = ['check=memory level=critical']\nhide = ['check=~\".*\" level=warning']\n";
    let site = Site::new();
    for status in ["critical", "critical", "ok"] {
        site.write("checkpost.toml", inhibit.to_owned() + &check("memory", status) + &check("mine", "warning"));
        site.run_json();
    }
    assert_eq!(notified(&site, "mine"), ["1 raised (inhibited by memory)", "3 raised"]);
    assert_eq!(notified(&site, "memory"), ["1 raised", "3 resolved"]);
}

#[test]
fn every_run_notifications_are_suppressed_by_the_same_rules() {
    let every_run = "[alert]\nnotify = \"every-run\"\n";
    let site = Site::with_config(&(every_run.to_owned() + &check("memory", "warning")));
    silence(&site, &["--matcher", "check=memory level=warning"]);
    site.run_json();
    site.run_json();
    site.execute(&["silence", "expire", "1"], 0);
    site.run_json();
    site.execute(&["ack", &last_id(&site), "--comment", "on it", "--author", "alice"], 0);
    site.run_json();
    assert_eq!(
        notified(&site, "memory"),
        [
            "1 raised (silence 1: new disks)",
            "2 raised (silence 1: new disks)",
            "3 raised",
            "4 raised (acknowledged by alice: on it)"
        ]
    );
}

#[test]
fn silences_can_be_added_while_runs_are_at_work() {
    let site = Site::with_config(&check("memory", "warning"));
    site.run_json();
    std::thread::scope(|scope| {
        let add = || (0..5).for_each(|_| drop(silence(&site, &["--matcher", "check=memory"])));
        let workers = [scope.spawn(add), scope.spawn(add)];
        (0..3).for_each(|_| drop(site.run_json()));
        workers.into_iter().for_each(|worker| worker.join().unwrap());
    });
    assert_eq!((site.count("runs"), site.count("silences")), (4, 10));
}

#[test]
fn failed_run_ends_no_acknowledgement() {
    let site = Site::new();
    run(&site, "warning");
    site.execute(&["ack", &last_id(&site), "--comment", "on it"], 0);
    let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON notifications BEGIN SELECT RAISE(ABORT, 'refused'); END";
    site.database().execute_batch(refuse).unwrap();
    site.write("checkpost.toml", check("memory", "ok"));
    site.execute(&["run"], 1);
    assert_eq!(site.count("acknowledgements WHERE ended_ms IS NULL"), 1);
    site.database().execute_batch("DROP TRIGGER refuse").unwrap();
    run(&site, "ok");
    assert_eq!(notified(&site, "memory"), ["1 raised", "2 resolved"]);
    assert_eq!(site.count("acknowledgements WHERE ended_ms IS NULL"), 0);
}

#[test]
fn suppressed_alert_shows_the_reason() {
    let site = Site::new();
    run(&site, "warning");
    let marks = || -> Value {
        let alerts: Value = serde_json::from_str(&site.execute(&["alerts", "--format", "json"], 0).stdout).unwrap();
        alerts.as_array().unwrap().iter().find(|alert| alert["check"] == "memory").unwrap()["marks"].clone()
    };
    assert_eq!(marks(), serde_json::json!([]));
    silence(&site, &["--matcher", "check=memory"]);
    assert_eq!(marks(), serde_json::json!(["silence 1: new disks"]));
    site.execute(&["ack", &last_id(&site), "--comment", "on it", "--author", "alice"], 0);
    assert_eq!(marks(), serde_json::json!(["acknowledged by alice: on it"]));
    assert!(site.execute(&["alerts"], 0).stdout.contains("acknowledged by alice: on it"));
}

#[test]
fn silence_in_a_directory_without_runs_is_refused() {
    let site = Site::new();
    let output = site.execute(&[&ADD[..], &["--matcher", "check=memory"]].concat(), 1);
    assert!(output.error().starts_with("no database at "), "{}", output.stderr);
    assert!(!site.path("data").exists());
}
