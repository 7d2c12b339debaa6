//! What the file keeps quiet: maintenance windows and inhibition.

use jiff::civil::{Weekday, time};

use super::*;
use crate::check::Status;
use crate::quiet::{Days, Facts, Field};

const VAR: Facts<'_> =
    Facts { check: "disk", subject: "/var", channel: "ops", owner: "alice", host: "web-1", level: Status::Warning };

fn quiet(toml: &str) -> QuietConfig {
    Place::new(&[("checkpost.toml", toml)]).load(&[]).quiet
}

#[track_caller]
fn assert_refused(toml: &str, expected: &str) {
    let error = Place::new(&[("checkpost.toml", toml)]).error(&Flags::default(), &[]);
    assert_eq!(error, format!("DIR/checkpost.toml:{expected}"), "{toml}");
}

#[test]
fn every_key_of_maintenance_and_inhibition_arrives() {
    let quiet = quiet(
        r#"
            [[maintenance]]
            name = "nightly"
            match = ['check=disk', 'subject=~"/var.*" owner=alice']
            days = ["sat", "sun"]
            month_days = [1, -1]
            start = "22:00"
            end = "06:00"
            time_zone = "Europe/Berlin"
            from = "2026-01-01"
            until = 2026-12-31
            [[inhibit]]
            when = ["level=critical"]
            hide = ["level=warning"]
            equal = ["check", "owner"]
        "#,
    );
    let [maintenance] = &quiet.maintenance[..] else { panic!("{quiet:?}") };
    assert_eq!(maintenance.name, "nightly");
    assert!(maintenance.matchers.match_all(&VAR));
    assert!(!maintenance.matchers.match_all(&Facts { owner: "bob", ..VAR }), "all lists must match");
    let window = &maintenance.window;
    assert_eq!((window.start, window.end), (time(22, 0, 0, 0), time(6, 0, 0, 0)));
    assert_eq!(window.zone.iana_name(), Some("Europe/Berlin"));
    let days = Days {
        weekdays: vec![Weekday::Saturday, Weekday::Sunday],
        month_days: vec![1, -1],
        from: Some("2026-01-01".parse().unwrap()),
        until: Some("2026-12-31".parse().unwrap()),
    };
    assert_eq!(window.days, days);
    let [inhibition] = &quiet.inhibit[..] else { panic!("{quiet:?}") };
    assert!(inhibition.hide.match_all(&VAR) && !inhibition.when.match_all(&VAR));
    assert_eq!(inhibition.equal, [Field::Check, Field::Owner]);
}

#[test]
fn nothing_is_kept_quiet_that_nobody_wrote() {
    let quiet = quiet("");
    assert!(quiet.maintenance.is_empty() && quiet.inhibit.is_empty());
}

#[test]
fn a_window_without_keys_is_open_all_day_in_utc() {
    let [maintenance] = &quiet("[[maintenance]]\nname = \"all\"\nmatch = [\"check=disk\"]").maintenance[..] else {
        panic!()
    };
    let now = "2026-07-01T00:00:00Z".parse().unwrap();
    assert_eq!(maintenance.window.closes(now), Some("2026-07-02T00:00:00Z".parse().unwrap()));
}

#[test]
fn a_day_may_end_at_midnight_by_both_names() {
    for end in ["00:00", "24:00"] {
        let toml =
            format!("[[maintenance]]\nname = \"a\"\nmatch = [\"check=disk\"]\nstart = \"12:00\"\nend = \"{end}\"");
        let window = quiet(&toml).maintenance[0].window.clone();
        let now = "2026-07-01T12:00:00Z".parse().unwrap();
        assert_eq!(window.closes(now), Some("2026-07-02T00:00:00Z".parse().unwrap()), "{end}");
    }
}

#[test]
fn a_window_that_makes_no_sense_is_refused() {
    let window = |keys: &str| format!("[[maintenance]]\nname = \"a\"\nmatch = [\"check=disk\"]\n{keys}");
    let start = "must be a time of day, such as \"22:00\"";
    let days = "must be a list of days: mon, tue, wed, thu, fri, sat, sun";
    let month_days = "must be a list of days of the month: 1 to 31, or -1 to -31 from its end";
    let date = "must be a date, such as \"2026-11-24\"";
    for (keys, expected) in [
        ("start = \"25:00\"", format!("4: maintenance.start is \"25:00\": {start}")),
        ("start = \"24:00\"", format!("4: maintenance.start is \"24:00\": {start}")),
        ("start = \"22:00:00\"", format!("4: maintenance.start is \"22:00:00\": {start}")),
        ("start = 22", format!("4: maintenance.start is 22: {start}")),
        ("end = \"6\"", "4: maintenance.end is \"6\": must be a time of day, such as \"06:00\", or \"24:00\"".to_owned()),
        (
            "start = \"22:00\"\nend = \"22:00\"",
            "5: maintenance.end is \"22:00\": must not be the same as start: a whole day ends at \"24:00\"".to_owned(),
        ),
        ("days = [\"monday\"]", format!("4: maintenance.days is [\"monday\"]: {days}")),
        ("days = []", format!("4: maintenance.days is []: {days}")),
        ("month_days = [0]", format!("4: maintenance.month_days is [0]: {month_days}")),
        ("month_days = [-32]", format!("4: maintenance.month_days is [-32]: {month_days}")),
        ("month_days = [999]", format!("4: maintenance.month_days is [999]: {month_days}")),
        (
            "time_zone = \"Europe/Atlantis\"",
            "4: maintenance.time_zone is \"Europe/Atlantis\": must be the name of a time zone, such as \"Europe/Berlin\""
                .to_owned(),
        ),
        ("from = \"2026-02-30\"", format!("4: maintenance.from is \"2026-02-30\": {date}")),
        ("from = 2026-02-01T10:00:00", format!("4: maintenance.from is the date 2026-02-01T10:00:00: {date}")),
        (
            "from = \"2026-02-01\"\nuntil = \"2026-01-31\"",
            "5: maintenance.until is \"2026-01-31\": must not be before from, 2026-02-01: this is a window that ends \
             before it begins"
                .to_owned(),
        ),
        (
            "stop = 1",
            "4: unknown key 'maintenance.stop': allowed here are name, match, days, month_days, start, end, time_zone, \
             from, until"
                .to_owned(),
        ),
    ] {
        assert_refused(&window(keys), &expected);
    }
    let one_day = window("from = \"2026-02-01\"\nuntil = \"2026-02-01\"");
    assert_eq!(quiet(&one_day).maintenance.len(), 1);
}

#[test]
fn a_matcher_that_is_wrong_is_told_with_line_and_column() {
    let list = "must be a list of matchers, such as \"check=disk\"";
    let fields = "a matcher begins with one of check, subject, channel, owner, host, level";
    for (toml, expected) in [
        ("[[maintenance]]\nname = \"a\"", "1: this [[maintenance]] has no match".to_owned()),
        ("[[maintenance]]\nmatch = [\"check=a\"]", "1: this [[maintenance]] has no name".to_owned()),
        (
            "[[maintenance]]\nname = \"a\"\nmatch = [\n  \"check=disk\",\n  \"owner=a chekc=b\",\n]",
            format!("5: maintenance.match is \"owner=a chekc=b\": column 9: {fields}"),
        ),
        ("[[maintenance]]\nname = \"a\"\nmatch = []", format!("3: maintenance.match is []: {list}")),
        ("[[maintenance]]\nname = \"a\"\nmatch = \"check=a\"", format!("3: maintenance.match is \"check=a\": {list}")),
        (
            "[[maintenance]]\nname = \"a\"\nmatch = [\" \"]",
            "3: maintenance.match is \" \": must be a matcher; what matches everything is check=~\".*\"".to_owned(),
        ),
        ("[[inhibit]]\nhide = [\"check=a\"]", "1: this [[inhibit]] has no when".to_owned()),
        ("[[inhibit]]\nwhen = [\"check=a\"]", "1: this [[inhibit]] has no hide".to_owned()),
        (
            "[[inhibit]]\nwhen = [\"level=bad\"]\nhide = [\"check=a\"]",
            "2: inhibit.when is \"level=bad\": column 7: a level is ok, warning, critical or unknown".to_owned(),
        ),
        (
            "[[inhibit]]\nwhen = [\"check=a\"]\nhide = [\"check=a\"]\nequal = [\"check\", \"level\"]",
            "4: inhibit.equal is \"level\": must be one of check, subject, channel, owner".to_owned(),
        ),
    ] {
        assert_refused(toml, &expected);
    }
}

#[test]
fn the_examples_of_the_documentation_are_valid() {
    let document = include_str!("../../../../docs/alerting.md");
    let examples: Vec<_> = document.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    let quiet: Vec<_> = examples.into_iter().map(quiet).collect();
    assert_eq!(quiet.iter().map(|quiet| quiet.maintenance.len()).sum::<usize>(), 2);
    assert_eq!(quiet.iter().map(|quiet| quiet.inhibit.len()).sum::<usize>(), 2);
}
