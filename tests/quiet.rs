//! What is kept quiet on purpose: silences, acknowledgements, maintenance and inhibition, from run to run.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::support::{Said, Site};

/// An instance of the memory check that finds this.
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

/// What there was to tell of a check: `1 raised`, `2 raised (silence 1: new disks)`.
fn told(site: &Site, check: &str) -> Vec<String> {
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

fn silence(site: &Site, more: &[&str]) -> Said {
    site.says(&["db", "migrate"], 0);
    site.says(&[&ADD, more].concat(), 0)
}

#[test]
fn what_is_still_bad_when_a_silence_ends_is_raised_then() {
    let site = Site::new();
    let said = silence(&site, &["--matcher", "check=memory"]).stdout;
    assert!(said.starts_with("silence 1 until 2") && said.ends_with(" UTC: check=memory\n"), "{said}");
    (0..3).for_each(|_| run(&site, "warning"));
    assert_eq!(told(&site, "memory"), ["1 raised (silence 1: new disks)"]);
    assert_eq!(site.says(&["silence", "expire", "1"], 0).stdout, "silence 1 is over\n");
    (0..2).for_each(|_| run(&site, "warning"));
    run(&site, "ok");
    assert_eq!(told(&site, "memory")[1..], ["4 raised", "6 resolved"]);
}

#[test]
fn what_came_and_went_in_a_silence_is_told_to_nobody_and_seen_by_who_looks() {
    let site = Site::new();
    silence(&site, &["--matcher", "check=memory"]);
    run(&site, "warning");
    run(&site, "ok");
    site.says(&["silence", "expire", "1"], 0);
    run(&site, "ok");
    let why = " (silence 1: new disks)";
    assert_eq!(told(&site, "memory"), [format!("1 raised{why}"), format!("2 resolved{why}")]);
    let text = site.says(&["notifications"], 0).stdout;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("(not told: silence 1: new disks)"), "{text}");
    let rows: Vec<Value> = serde_json::from_str(&site.says(&["notifications", "--format", "json"], 0).stdout).unwrap();
    let rows: Vec<_> = rows.iter().filter(|row| row["check_name"] == "memory").collect();
    assert!(rows.iter().all(|row| row["suppressed"] == "silence 1: new disks"), "{rows:#?}");
}

#[test]
fn a_report_says_what_is_suppressed() {
    let site = Site::with_config(&check("memory", "warning"));
    silence(&site, &["--matcher", "check=memory", "--matcher", "level=warning"]);
    let report = site.run_json();
    let told = report["notifications"].as_array().unwrap().iter().find(|told| told["check_name"] == "memory").unwrap();
    assert_eq!(told["suppressed"], "silence 1: new disks", "{report:#}");
}

#[test]
fn of_several_matchers_all_must_match() {
    let site = Site::new();
    silence(&site, &["--matcher", "check=memory", "--matcher", "level=critical"]);
    run(&site, "warning");
    assert_eq!(told(&site, "memory"), ["1 raised"]);
}

#[test]
fn a_silence_that_is_to_come_does_not_hold_yet() {
    let site = Site::new();
    let said = silence(&site, &["--matcher", "check=memory", "--starts", "2999-01-01T00:00:00Z"]).stdout;
    assert_eq!(said, "silence 1 from 2999-01-01 00:00:00 UTC until 2999-01-01 02:00:00 UTC: check=memory\n");
    run(&site, "warning");
    assert_eq!(told(&site, "memory"), ["1 raised"]);
    assert!(site.says(&["silence", "list"], 0).stdout.contains("pending"));
    site.says(&["silence", "expire", "1"], 0);
    assert_eq!(site.says(&["silence", "list"], 0).stdout, "no silences\n");
}

#[test]
fn silences_are_listed_with_state_author_and_reason() {
    let site = Site::new();
    site.says(&["db", "migrate"], 0);
    let add = |user: &[(&str, &str)], more: &[&str]| {
        let mut command = site.checkpost(&[&ADD, more].concat());
        Said::of(command.envs(user.iter().copied()), 0)
    };
    add(&[("SUDO_USER", "alice"), ("USER", "root")], &["--matcher", "check=disk subject=~\"/mnt/a b.*\""]);
    add(&[("USER", ""), ("LOGNAME", "bob")], &["--matcher", "check=cpu"]);
    add(&[], &["--matcher", "check=cpu"]);
    add(&[("USER", "root")], &["--matcher", "check=cpu", "--author", "carol"]);
    site.says(&["silence", "expire", "2"], 0);
    let list = |more: &[&str]| -> Vec<Value> {
        serde_json::from_str(&site.says(&[&["silence", "list", "--format", "json"], more].concat(), 0).stdout).unwrap()
    };
    let seen = |rows: Vec<Value>| -> Vec<String> {
        rows.iter().map(|row| format!("{} {} {}", row["id"], row["state"], row["author"]).replace('"', "")).collect()
    };
    assert_eq!(seen(list(&[])), ["1 active alice", "3 active unknown", "4 active carol"]);
    assert_eq!(seen(list(&["--all"]))[1], "2 expired bob");
    let first = &list(&[])[0];
    assert_eq!(first["matchers"], "check=disk subject=~\"/mnt/a b.*\"");
    assert_eq!(first["comment"], "new disks");
    let text = site.says(&["silence", "list"], 0).stdout;
    assert!(text.contains("active") && text.contains("alice") && text.contains("new disks"), "{text}");
}

#[test]
fn hostile_text_is_shown_without_control_characters() {
    let site = Site::new();
    site.says(&["db", "migrate"], 0);
    let add = ["silence", "add", "--for", "2h", "--comment", "\u{1b}[2J\nx", "--author", "a\rb"];
    let added = site.says(&[&add[..], &["--matcher", "subject=\"\u{1b}[31m\u{202e}\""]].concat(), 0).stdout;
    run(&site, "ok");
    site.says(&[&add[..], &["--matcher", "check=memory"]].concat(), 0);
    run(&site, "warning");
    for shown in [added, site.says(&["silence", "list"], 0).stdout, site.says(&["notifications"], 0).stdout] {
        assert!(!shown.contains(['\u{1b}', '\r', '\u{202e}']), "{shown:?}");
    }
    assert_eq!(told(&site, "memory"), ["2 raised (silence 2: \\u{1b}[2J\\u{a}x)"]);
    let wrong = site.says(&["silence", "add", "--for", "2h", "--comment", "x", "--matcher", "check\u{1b}[2J=a"], 2);
    assert!(!wrong.error().contains('\u{1b}'));
}

#[test]
fn a_mistake_in_a_silence_is_one_line_with_its_place_and_nothing_is_stored() {
    let site = Site::new();
    let fields = "a matcher begins with one of check, subject, channel, owner, host, level";
    let add = ["silence", "add", "--comment", "x"];
    for (arguments, expected) in [
        (&["--for", "1h", "--matcher", "chekc=disk"][..], format!("--matcher 'chekc=disk': column 1: {fields}")),
        (&["--for", "1h", "--matcher", "check=a", "--matcher", "check=disk =x"], format!("--matcher 'check=disk =x': column 12: {fields}")),
        (&["--for", "1h"], "--matcher is missing: say what to keep quiet; everything is --matcher 'check=~\".*\"'".to_owned()),
        (&["--for", "1h", "--matcher", " "], "--matcher is missing: say what to keep quiet; everything is --matcher 'check=~\".*\"'".to_owned()),
        (&["--for", "0s", "--matcher", "check=a"], "--for 0s is no time: give a length such as 2h".to_owned()),
        (&["--until", "2001-01-01T00:00:00Z", "--matcher", "check=a"], "--until 2001-01-01 00:00:00 UTC is over already: it must be to come".to_owned()),
        (
            &["--starts", "2999-01-02T00:00:00Z", "--until", "2999-01-01T00:00:00Z", "--matcher", "check=a"],
            "--until 2999-01-01 00:00:00 UTC is not after --starts 2999-01-02 00:00:00 UTC: a silence that ends before it begins".to_owned(),
        ),
        (&["--for", "1h", "--matcher", "check=a", "--author", " "], "--author is empty: say who".to_owned()),
    ] {
        let said = site.says(&[&add, arguments].concat(), 2);
        assert_eq!(said.error(), expected);
    }
    let empty = site.says(&["silence", "add", "--comment", "", "--for", "1h", "--matcher", "check=a"], 2);
    assert_eq!(empty.error(), "--comment is empty: say why");
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
        site.says(wrong, 2);
    }
    assert!(!site.path("data").exists());
    for command in [&["silence", "list"][..], &["silence", "expire", "1"], &["ack", "1", "--comment", "x"]] {
        assert!(site.says(command, 1).error().starts_with("no database at "));
    }
}

#[test]
fn what_cannot_be_ended_is_said() {
    let site = Site::new();
    silence(&site, &["--matcher", "check=a"]);
    let unknown = site.says(&["silence", "expire", "2"], 1);
    assert_eq!(unknown.error(), "there is no silence 2: `checkpost silence list` shows them");
    site.says(&["silence", "expire", "1"], 0);
    let over = site.says(&["silence", "expire", "1"], 1);
    assert!(over.error().starts_with("silence 1 is over already, since 2"), "{}", over.error());
}

#[test]
fn what_is_acknowledged_is_quiet_until_it_is_worse() {
    let site = Site::new();
    run(&site, "warning");
    let id = last_id(&site);
    let said = site.says(&["ack", &id, "--comment", "on it", "--author", "alice"], 0).stdout;
    assert_eq!(said, "memory is acknowledged at WARNING until it is over or worse\n");
    run(&site, "warning");
    assert_eq!(site.count("acknowledgements WHERE ended_ms IS NULL"), 1);
    run(&site, "critical");
    assert_eq!(told(&site, "memory"), ["1 raised", "3 escalated"]);
    assert_eq!(site.count("acknowledgements WHERE ended_ms IS NULL"), 0);
}

#[test]
fn a_sticky_acknowledgement_holds_until_it_is_over() {
    let site = Site::new();
    run(&site, "warning");
    site.says(&["ack", &last_id(&site), "--comment", "on it", "--author", "alice", "--sticky"], 0);
    run(&site, "critical");
    // Whoever looks can change it by what was suppressed, too.
    site.says(&["ack", &last_id(&site), "--comment", "ordered disks", "--author", "bob", "--sticky"], 0);
    run(&site, "warning");
    run(&site, "ok");
    run(&site, "warning");
    assert_eq!(
        told(&site, "memory"),
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
fn an_acknowledgement_ends_when_its_time_has_come_or_it_is_taken_back() {
    let site = Site::new();
    run(&site, "warning");
    let id = last_id(&site);
    let ack = |more: &[&str]| {
        site.says(&[&["ack", &id, "--comment", "on it", "--author", "alice", "--sticky"], more].concat(), 0).stdout
    };
    let said = ack(&["--until", "2999-01-01T00:00:00Z"]);
    assert_eq!(
        said,
        "memory is acknowledged at WARNING until it is over, at the latest until 2999-01-01 00:00:00 UTC\n"
    );
    run(&site, "critical");
    site.database().execute_batch("UPDATE acknowledgements SET until_ms = 1000").unwrap();
    run(&site, "critical");
    let why = "(acknowledged by alice: on it)";
    assert_eq!(told(&site, "memory"), ["1 raised".to_owned(), format!("2 escalated {why}"), "3 escalated".to_owned()]);
    ack(&["--for", "1h"]);
    assert_eq!(site.says(&["ack", &id, "--remove"], 0).stdout, "memory is no longer acknowledged\n");
    assert_eq!(site.says(&["ack", &id, "--remove"], 1).error(), "memory is not acknowledged");
    run(&site, "warning");
    assert_eq!(told(&site, "memory")[3..], ["4 de_escalated"]);
}

#[test]
fn what_is_not_bad_or_not_there_cannot_be_acknowledged() {
    let site = Site::new();
    run(&site, "warning");
    let id = last_id(&site);
    run(&site, "ok");
    for id in [&id, &last_id(&site)] {
        let said = site.says(&["ack", id, "--comment", "on it"], 1);
        assert_eq!(said.error(), "memory is not bad any more: there is nothing to acknowledge");
    }
    let said = site.says(&["ack", "4711", "--comment", "on it"], 1);
    assert_eq!(said.error(), "there is no notification 4711: `checkpost notifications` shows them");
    let past = site.says(&["ack", &id, "--comment", "x", "--until", "2001-01-01T00:00:00Z"], 2);
    assert_eq!(past.error(), "--until 2001-01-01 00:00:00 UTC is over already: it must be to come");
    assert_eq!(site.count("acknowledgements"), 0);
}

/// A window of UTC that is open for an hour to both sides of now.
fn window_now() -> String {
    let at = |hours| (Timestamp::now() + SignedDuration::from_hours(hours)).strftime("%H:%M").to_string();
    format!("start = \"{}\"\nend = \"{}\"\n", at(-1), at(1))
}

#[test]
fn a_maintenance_window_is_quiet_while_it_is_open() {
    let site = Site::new();
    let maintenance = format!("[[maintenance]]\nname = \"backup\"\nmatch = ['check=memory']\n{}", window_now());
    site.write("checkpost.toml", maintenance + &check("memory", "warning") + &check("mine", "warning"));
    (0..2).for_each(|_| drop(site.run_json()));
    assert_eq!(told(&site, "memory"), ["1 raised (maintenance backup)"]);
    assert_eq!(told(&site, "mine"), ["1 raised"]);
    let closed = "[[maintenance]]\nname = \"backup\"\nmatch = ['check=memory']\nuntil = 2001-01-01\n";
    site.write("checkpost.toml", closed.to_owned() + &check("memory", "warning") + &check("mine", "warning"));
    site.run_json();
    assert_eq!(told(&site, "memory")[1..], ["3 raised"]);
}

#[test]
fn what_another_alert_explains_is_hidden() {
    let inhibit = "[[inhibit]]\nwhen = ['check=memory level=critical']\nhide = ['check=~\".*\" level=warning']\n";
    let site = Site::new();
    for status in ["critical", "critical", "ok"] {
        site.write("checkpost.toml", inhibit.to_owned() + &check("memory", status) + &check("mine", "warning"));
        site.run_json();
    }
    assert_eq!(told(&site, "mine"), ["1 raised (inhibited by memory)", "3 raised"]);
    assert_eq!(told(&site, "memory"), ["1 raised", "3 resolved"]);
}

#[test]
fn what_is_told_in_every_run_is_kept_quiet_by_the_same_rules() {
    let every_run = "[alert]\nnotify = \"every-run\"\n";
    let site = Site::with_config(&(every_run.to_owned() + &check("memory", "warning")));
    silence(&site, &["--matcher", "check=memory level=warning"]);
    site.run_json();
    site.run_json();
    site.says(&["silence", "expire", "1"], 0);
    site.run_json();
    site.says(&["ack", &last_id(&site), "--comment", "on it", "--author", "alice"], 0);
    site.run_json();
    assert_eq!(
        told(&site, "memory"),
        [
            "1 raised (silence 1: new disks)",
            "2 raised (silence 1: new disks)",
            "3 raised",
            "4 raised (acknowledged by alice: on it)"
        ]
    );
}

#[test]
fn silences_are_made_while_runs_are_at_work() {
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
fn a_run_that_cannot_be_stored_ends_no_acknowledgement() {
    let site = Site::new();
    run(&site, "warning");
    site.says(&["ack", &last_id(&site), "--comment", "on it"], 0);
    let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON notifications BEGIN SELECT RAISE(ABORT, 'refused'); END";
    site.database().execute_batch(refuse).unwrap();
    site.write("checkpost.toml", check("memory", "ok"));
    site.says(&["run"], 1);
    assert_eq!(site.count("acknowledgements WHERE ended_ms IS NULL"), 1);
    site.database().execute_batch("DROP TRIGGER refuse").unwrap();
    run(&site, "ok");
    assert_eq!(told(&site, "memory"), ["1 raised", "2 resolved"]);
    assert_eq!(site.count("acknowledgements WHERE ended_ms IS NULL"), 0);
}

#[test]
fn an_alert_that_is_kept_quiet_shows_what_keeps_it_so() {
    let site = Site::new();
    run(&site, "warning");
    let marks = || -> Value {
        let alerts: Value = serde_json::from_str(&site.says(&["alerts", "--format", "json"], 0).stdout).unwrap();
        alerts.as_array().unwrap().iter().find(|alert| alert["check"] == "memory").unwrap()["marks"].clone()
    };
    assert_eq!(marks(), serde_json::json!([]));
    silence(&site, &["--matcher", "check=memory"]);
    assert_eq!(marks(), serde_json::json!(["silence 1: new disks"]));
    site.says(&["ack", &last_id(&site), "--comment", "on it", "--author", "alice"], 0);
    assert_eq!(marks(), serde_json::json!(["acknowledged by alice: on it"]));
    assert!(site.says(&["alerts"], 0).stdout.contains("acknowledged by alice: on it"));
}

#[test]
fn a_silence_in_a_directory_without_runs_is_refused() {
    let site = Site::new();
    let said = site.says(&[&ADD[..], &["--matcher", "check=memory"]].concat(), 1);
    assert!(said.error().starts_with("no database at "), "{}", said.stderr);
    assert!(!site.path("data").exists());
}
