//! What is kept quiet. A run in capitals is quiet; what it suppresses is in brackets.

use super::advancing::{FAILS, Runs, evaluation};
use super::*;

/// What runs of `/` of `disk` tell, five minutes apart: `3 raised WARNING`, `[2 raised WARNING]`.
pub(super) fn told(rule: &Rule, letters: &str) -> Vec<String> {
    told_by(&mut Runs::new(rule.clone()), letters)
}

fn told_by(runs: &mut Runs, letters: &str) -> Vec<String> {
    let mut told = Vec::new();
    for (number, letter) in letters.chars().filter(|letter| *letter != ' ').enumerate() {
        // There is no capital of it.
        let (quiet, letter) =
            if letter == '_' { (true, '-') } else { (letter.is_uppercase(), letter.to_ascii_lowercase()) };
        runs.now += SignedDuration::from_secs(EVERY);
        let seen = [("/", letter)];
        let evaluations = [evaluation(
            "disk",
            match letter {
                'x' => FAILS,
                '-' => &[],
                _ => &seen,
            },
        )];
        let run = Run::new(&runs.alerts, &evaluations, |_| runs.rule.clone(), runs.now);
        let advanced = run.settle(|_| quiet.then(|| "silence 1: new disks".to_owned()));
        for (key, transition) in &advanced.transitions {
            let what = format!("{number} {} {}", transition.kind.as_str(), transition.level.level());
            let subject = if key.subject.is_empty() { " of the check" } else { "" };
            told.push(if transition.suppressed.is_some() { format!("[{what}{subject}]") } else { what + subject });
        }
        runs.alerts = advanced.alerts;
    }
    told
}

#[test]
fn what_is_still_bad_after_a_silence_is_raised_then() {
    assert_eq!(told(&plain(), "oWWWww"), ["[1 raised WARNING]", "4 raised WARNING"]);
    assert_eq!(told(&plain(), "oWCCcc"), ["[1 raised WARNING]", "[2 escalated CRITICAL]", "4 raised CRITICAL"]);
}

#[test]
fn what_came_and_went_in_a_silence_is_never_told() {
    assert_eq!(told(&plain(), "oWWOOoo"), ["[1 raised WARNING]", "[3 resolved OK]"]);
    assert_eq!(told(&plain(), "oWWoo"), ["[1 raised WARNING]"]);
}

#[test]
fn what_people_would_know_is_kept_only_where_it_makes_a_difference() {
    for (letters, differs) in [("W", true), ("WO", false), ("w", false), ("wW", false), ("wC", true), ("wWw", false)] {
        let mut runs = Runs::new(Rule::default());
        told_by(&mut runs, letters);
        assert_eq!(runs.alerts.values().next().unwrap().hushed.is_some(), differs, "{letters}");
    }
}

#[test]
fn what_ended_in_a_silence_is_resolved_after_it() {
    assert_eq!(told(&plain(), "wWOOoo"), ["0 raised WARNING", "[2 resolved OK]", "4 resolved OK"]);
    assert_eq!(told(&plain(), "wOWww"), ["0 raised WARNING", "[1 resolved OK]", "[2 raised WARNING]"]);
}

#[test]
fn what_changed_in_a_silence_is_told_as_the_difference() {
    assert_eq!(told(&plain(), "wCCcc"), ["0 raised WARNING", "[1 escalated CRITICAL]", "3 escalated CRITICAL"]);
    assert_eq!(told(&plain(), "cWWw"), ["0 raised CRITICAL", "[1 de_escalated WARNING]", "3 de_escalated WARNING"]);
}

#[test]
fn two_silences_are_two_notes() {
    assert_eq!(told(&plain(), "WWwWWCw"), ["[0 raised WARNING]", "2 raised WARNING", "[5 escalated CRITICAL]"]);
}

#[test]
fn reminders_are_suppressed_too_and_one_that_is_overdue_comes_at_the_end() {
    let rule = Rule { repeat_interval: Some(minutes(20)), ..plain() };
    let expected = ["0 raised WARNING", "[4 reminder WARNING]", "[8 reminder WARNING]", "10 reminder WARNING"];
    assert_eq!(told(&rule, "wWWWWWWWWWwww"), expected);
}

#[test]
fn missing_data_is_told_after_a_silence() {
    assert_eq!(told(&plain(), "oUUuu"), ["[1 unknown UNKNOWN]", "3 unknown UNKNOWN"]);
    assert_eq!(told(&plain(), "wUUww"), ["0 raised WARNING", "[1 unknown UNKNOWN]"]);
    let fails = ["[1 unknown UNKNOWN of the check]", "3 unknown UNKNOWN of the check"];
    assert_eq!(told(&plain(), "oXXxx"), fails);
}

#[test]
fn what_disappears_in_a_silence_is_told_after_it_however_long_it_was() {
    assert_eq!(told(&plain(), "w______--"), ["0 raised WARNING", "[4 stale UNKNOWN]", "7 stale UNKNOWN"]);
    let days = "_".repeat(3 * 24 * 12);
    assert_eq!(told(&plain(), &format!("w{days}-")), ["0 raised WARNING", "[4 stale UNKNOWN]", "865 stale UNKNOWN"]);
    assert_eq!(told(&plain(), &format!("w{days}O")), ["0 raised WARNING", "[4 stale UNKNOWN]", "[865 resolved OK]"]);
}

#[test]
fn what_nobody_knows_of_and_disappears_in_a_silence_is_forgotten() {
    let mut runs = Runs::new(plain());
    let days = "_".repeat(2 * 24 * 12);
    assert_eq!(told_by(&mut runs, &format!("W{days}")), ["[0 raised WARNING]", "[4 stale UNKNOWN]"]);
    assert!(runs.alerts.is_empty());
}

#[test]
fn flapping_that_begins_in_a_silence_is_noted_and_what_it_settles_at_is_told() {
    let rule = Rule { repeat_interval: None, ..Rule::default() };
    let noted = told(&rule, "oWOWOWO OOOOOOOOOOOOOOOOO oo");
    assert_eq!(noted[5..], ["[6 flapping_started OK]", "[21 flapping_ended OK]"]);
    let settles = told(&rule, "oWOWOWO wwwwwwwwwwwwwwwwwwwwwwwwww");
    assert_eq!(settles[5..], ["[6 flapping_started OK]", "7 flapping_started WARNING", "22 flapping_ended WARNING"]);
}

#[test]
fn the_end_has_the_headline_of_what_ends() {
    let mut runs = Runs::new(plain());
    told_by(&mut runs, "wOOO");
    let run = Run::new(&runs.alerts, &[evaluation("disk", &[("/", 'o')])], |_| plain(), runs.now);
    let (_, resolved) = run.settle(|_| None).transitions.pop().unwrap();
    assert_eq!((resolved.kind, resolved.title.as_str()), (Kind::Resolved, "High disk usage"));
}

#[test]
fn a_clock_that_goes_back_in_a_silence_takes_with_it_when_people_were_told() {
    let mut runs = Runs::new(Rule { repeat_interval: Some(minutes(20)), ..plain() });
    assert_eq!(told_by(&mut runs, "w"), ["0 raised WARNING"]);
    runs.now -= SignedDuration::from_hours(1000);
    assert_eq!(told_by(&mut runs, "WWwww"), ["4 reminder WARNING"]);
}

#[test]
fn a_clock_that_goes_back_takes_what_was_suppressed_with_it() {
    let mut runs = Runs::new(Rule { repeat_interval: Some(minutes(20)), ..plain() });
    assert_eq!(told_by(&mut runs, "W"), ["[0 raised WARNING]"]);
    runs.now -= SignedDuration::from_hours(1000);
    assert_eq!(told_by(&mut runs, "WWWWW"), ["[4 reminder WARNING]"], "the first is at the time of the raise");
}

#[test]
fn a_standing_is_as_bad_as_what_it_is_and_what_people_know() {
    let standing = |letters: &str, last: char| {
        let mut runs = Runs::new(plain());
        told_by(&mut runs, letters);
        let run = Run::new(&runs.alerts, &[evaluation("disk", &[("/", last)])], |_| plain(), runs.now);
        let [standing] = &run.standings[..] else { panic!() };
        (standing.level, standing.stands(), standing.is_over())
    };
    assert_eq!(standing("", 'o'), (Status::Ok, Status::Ok, true));
    assert_eq!(standing("", 'w'), (Status::Warning, Status::Warning, false));
    assert_eq!(standing("c", 'w'), (Status::Critical, Status::Warning, false));
    assert_eq!(standing("c", 'o'), (Status::Critical, Status::Ok, true));
    assert_eq!(standing("C", 'o'), (Status::Critical, Status::Ok, true), "what would be told");
    assert_eq!(standing("C", 'w'), (Status::Warning, Status::Warning, false));
    assert_eq!(standing("c", 'u'), (Status::Critical, Status::Critical, false), "not better for not being judged");
}

#[test]
fn that_it_flaps_or_no_longer_does_is_noted_once_in_a_silence_also_of_what_is_ok() {
    // It begins to flap in the silence, at ok.
    let rule = Rule { keep_firing_for: Duration::from_secs(1), renotify_on_escalation: false, ..Rule::default() };
    let begins = told(&rule, "WCWCOW o OWOW");
    assert_eq!(begins.iter().filter(|told| told.contains("flapping_started")).count(), 1, "{begins:?}");
    // It flapped before the silence, and settles in it.
    let ends = told(&Rule::default(), "owowowo OOOOO OOOOO OOOOO OOOOO OOOOO OOOOO");
    assert_eq!(ends.iter().filter(|told| told.contains("flapping_ended")).count(), 1, "{ends:?}");
    assert!(ends.iter().any(|told| told.ends_with("flapping_ended OK]")), "{ends:?}");
}
