//! `[[maintenance]]` and `[[inhibit]]`.

use jiff::civil::{Weekday, time};

use checkpost_alerting::suppression::{AlertLabels, Days, Field};

use super::*;
use crate::config::suppression::SuppressionConfig;

fn suppression(toml: &str) -> SuppressionConfig {
    Site::new(&[("checkpost.toml", toml)]).load(&[]).suppression
}

#[test]
fn maintenance_and_inhibition_have_every_key_of_the_file() {
    let suppression = suppression(
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
    let [maintenance] = &suppression.maintenance[..] else { panic!("{suppression:?}") };
    assert_eq!(maintenance.name, "nightly");
    assert!(maintenance.matchers.match_all(&VAR));
    assert!(!maintenance.matchers.match_all(&AlertLabels { owner: "bob", ..VAR }), "all lists must match");
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
    let [inhibition] = &suppression.inhibit[..] else { panic!("{suppression:?}") };
    assert!(inhibition.hide.match_all(&VAR) && !inhibition.when.match_all(&VAR));
    assert_eq!(inhibition.equal, [Field::Check, Field::Owner]);
}

#[test]
fn suppression_is_empty_by_default() {
    let suppression = suppression("");
    assert!(suppression.maintenance.is_empty() && suppression.inhibit.is_empty());
}

#[test]
fn window_without_keys_is_open_all_day_in_utc() {
    let [maintenance] = &suppression("[[maintenance]]\nname = \"all\"\nmatch = [\"check=disk\"]").maintenance[..]
    else {
        panic!()
    };
    let now = "2026-07-01T00:00:00Z".parse().unwrap();
    assert_eq!(maintenance.window.closes(now), Some("2026-07-02T00:00:00Z".parse().unwrap()));
}

#[test]
fn window_may_end_at_00_00_or_24_00() {
    for end in ["00:00", "24:00"] {
        let toml =
            format!("[[maintenance]]\nname = \"a\"\nmatch = [\"check=disk\"]\nstart = \"12:00\"\nend = \"{end}\"");
        let window = suppression(&toml).maintenance[0].window.clone();
        let now = "2026-07-01T12:00:00Z".parse().unwrap();
        assert_eq!(window.closes(now), Some("2026-07-02T00:00:00Z".parse().unwrap()), "{end}");
    }
}

#[test]
fn invalid_window_is_refused() {
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
            "5: maintenance.end is \"22:00\": must differ from start; a whole day is \"00:00\" to \"24:00\"".to_owned(),
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
            "5: maintenance.until is \"2026-01-31\": must not be before from (2026-02-01)"
                .to_owned(),
        ),
        (
            "stop = 1",
            "4: unknown key 'maintenance.stop': allowed keys are name, match, days, month_days, start, end, time_zone, \
             from, until"
                .to_owned(),
        ),
    ] {
        assert_refused(&window(keys), &expected);
    }
    let one_day = window("from = \"2026-02-01\"\nuntil = \"2026-02-01\"");
    assert_eq!(suppression(&one_day).maintenance.len(), 1);
}

#[test]
fn invalid_matcher_is_refused_with_line_and_column() {
    let list = "must be a list of matchers, such as \"check=disk\"";
    let fields = "expected one of check, subject, channel, owner, host, level";
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
            "3: maintenance.match is \" \": must not be empty; check=~\".*\" matches everything".to_owned(),
        ),
        ("[[inhibit]]\nhide = [\"check=a\"]", "1: this [[inhibit]] has no when".to_owned()),
        ("[[inhibit]]\nwhen = [\"check=a\"]", "1: this [[inhibit]] has no hide".to_owned()),
        (
            "[[inhibit]]\nwhen = [\"level=bad\"]\nhide = [\"check=a\"]",
            "2: inhibit.when is \"level=bad\": column 7: expected a level: ok, warning, critical or unknown".to_owned(),
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
fn documented_examples_of_alerting_are_valid() {
    let document = include_str!("../../../../../docs/reference/alerting.md");
    let examples: Vec<_> = document.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    let configs: Vec<_> = examples.into_iter().map(suppression).collect();
    assert_eq!(configs.iter().map(|config| config.maintenance.len()).sum::<usize>(), 2);
    assert_eq!(configs.iter().map(|config| config.inhibit.len()).sum::<usize>(), 2);
}
