//! Suppressed alerts. A run in capitals is suppressed, and a suppressed notification is in brackets. `_` is a
//! suppressed run that does not mention the subject.

use super::advance::{FAILURE, Runs, evaluation};
use super::*;

/// The notifications about `/` of `disk` in runs five minutes apart: `3 raised WARNING`, `[2 raised WARNING]`.
pub(super) fn notified(rule: &Rule, letters: &str) -> Vec<String> {
    notified_in(&mut Runs::new(rule.clone()), letters)
}

fn notified_in(runs: &mut Runs, letters: &str) -> Vec<String> {
    let mut notified = Vec::new();
    for (number, letter) in letters.chars().filter(|letter| *letter != ' ').enumerate() {
        let (is_suppressed, letter) = match letter {
            '_' => (true, '-'),
            _ => (letter.is_uppercase(), letter.to_ascii_lowercase()),
        };
        runs.now += SignedDuration::from_secs(EVERY);
        let verdicts = [("/", letter)];
        let evaluations = [evaluation(
            "disk",
            match letter {
                'x' => FAILURE,
                '-' => &[],
                _ => &verdicts,
            },
        )];
        let run = Run::new(&runs.alerts, &evaluations, |_| runs.rule.clone(), runs.now);
        let advanced = run.settle(|_| is_suppressed.then(|| "silence 1: new disks".to_owned()));
        for (key, transition) in &advanced.transitions {
            let subject = if key.subject.is_empty() { " of the check" } else { "" };
            let text = format!("{number} {} {}{subject}", transition.kind.as_str(), transition.level.level());
            notified.push(if transition.suppressed.is_some() { format!("[{text}]") } else { text });
        }
        runs.alerts = advanced.alerts;
    }
    notified
}

#[test]
fn alert_still_bad_after_a_silence_is_raised() {
    assert_eq!(notified(&plain(), "oWWWww"), ["[1 raised WARNING]", "4 raised WARNING"]);
    assert_eq!(notified(&plain(), "oWCCcc"), ["[1 raised WARNING]", "[2 escalated CRITICAL]", "4 raised CRITICAL"]);
}

#[test]
fn alert_within_a_silence_is_never_notified() {
    assert_eq!(notified(&plain(), "oWWOOoo"), ["[1 raised WARNING]", "[3 resolved OK]"]);
    assert_eq!(notified(&plain(), "oWWoo"), ["[1 raised WARNING]"]);
}

#[test]
fn unsuppressed_state_is_stored_only_where_it_makes_a_difference() {
    for (letters, differs) in [("W", true), ("WO", false), ("w", false), ("wW", false), ("wC", true), ("wWw", false)] {
        let mut runs = Runs::new(Rule::default());
        notified_in(&mut runs, letters);
        assert_eq!(runs.alerts.values().next().unwrap().unsuppressed.is_some(), differs, "{letters}");
    }
}

#[test]
fn alert_that_ends_in_a_silence_is_resolved_after_it() {
    assert_eq!(notified(&plain(), "wWOOoo"), ["0 raised WARNING", "[2 resolved OK]", "4 resolved OK"]);
    assert_eq!(notified(&plain(), "wOWww"), ["0 raised WARNING", "[1 resolved OK]", "[2 raised WARNING]"]);
}

#[test]
fn level_change_in_a_silence_is_notified_as_the_difference() {
    assert_eq!(notified(&plain(), "wCCcc"), ["0 raised WARNING", "[1 escalated CRITICAL]", "3 escalated CRITICAL"]);
    assert_eq!(notified(&plain(), "cWWw"), ["0 raised CRITICAL", "[1 de_escalated WARNING]", "3 de_escalated WARNING"]);
}

#[test]
fn two_silences_store_two_suppressed_notifications() {
    assert_eq!(notified(&plain(), "WWwWWCw"), ["[0 raised WARNING]", "2 raised WARNING", "[5 escalated CRITICAL]"]);
}

#[test]
fn reminders_are_suppressed_and_an_overdue_one_follows_the_silence() {
    let rule = Rule { repeat_interval: Some(minutes(20)), ..plain() };
    let expected = ["0 raised WARNING", "[4 reminder WARNING]", "[8 reminder WARNING]", "10 reminder WARNING"];
    assert_eq!(notified(&rule, "wWWWWWWWWWwww"), expected);
}

#[test]
fn missing_data_is_notified_after_a_silence() {
    assert_eq!(notified(&plain(), "oUUuu"), ["[1 unknown UNKNOWN]", "3 unknown UNKNOWN"]);
    assert_eq!(notified(&plain(), "wUUww"), ["0 raised WARNING", "[1 unknown UNKNOWN]"]);
    let failed = ["[1 unknown UNKNOWN of the check]", "3 unknown UNKNOWN of the check"];
    assert_eq!(notified(&plain(), "oXXxx"), failed);
}

#[test]
fn subject_that_disappears_in_a_silence_is_stale_after_it_however_long_it_lasts() {
    assert_eq!(notified(&plain(), "w______--"), ["0 raised WARNING", "[4 stale UNKNOWN]", "7 stale UNKNOWN"]);
    let days = "_".repeat(3 * 24 * 12);
    assert_eq!(
        notified(&plain(), &format!("w{days}-")),
        ["0 raised WARNING", "[4 stale UNKNOWN]", "865 stale UNKNOWN"]
    );
    assert_eq!(
        notified(&plain(), &format!("w{days}O")),
        ["0 raised WARNING", "[4 stale UNKNOWN]", "[865 resolved OK]"]
    );
}

#[test]
fn unannounced_subject_that_disappears_in_a_silence_is_forgotten() {
    let mut runs = Runs::new(plain());
    let days = "_".repeat(2 * 24 * 12);
    assert_eq!(notified_in(&mut runs, &format!("W{days}")), ["[0 raised WARNING]", "[4 stale UNKNOWN]"]);
    assert!(runs.alerts.is_empty());
}

#[test]
fn flapping_that_starts_in_a_silence_is_notified_if_it_outlasts_the_silence() {
    let rule = Rule { repeat_interval: None, ..Rule::default() };
    let within = notified(&rule, "oWOWOWO OOOOOOOOOOOOOOOOO oo");
    assert_eq!(within[5..], ["[6 flapping_started OK]", "[21 flapping_ended OK]"]);
    let outlasting = notified(&rule, "oWOWOWO wwwwwwwwwwwwwwwwwwwwwwwwww");
    assert_eq!(outlasting[5..], ["[6 flapping_started OK]", "7 flapping_started WARNING", "22 flapping_ended WARNING"]);
}

#[test]
fn recovery_after_a_silence_has_the_headline_of_its_alert() {
    let mut runs = Runs::new(plain());
    notified_in(&mut runs, "wOOO");
    let run = Run::new(&runs.alerts, &[evaluation("disk", &[("/", 'o')])], |_| plain(), runs.now);
    let (_, resolved) = run.settle(|_| None).transitions.pop().unwrap();
    assert_eq!((resolved.kind, resolved.title.as_str()), (Kind::Resolved, "High disk usage"));
}

#[test]
fn clock_that_goes_back_in_a_silence_moves_the_time_of_the_last_notification() {
    let mut runs = Runs::new(Rule { repeat_interval: Some(minutes(20)), ..plain() });
    assert_eq!(notified_in(&mut runs, "w"), ["0 raised WARNING"]);
    runs.now -= SignedDuration::from_hours(1000);
    assert_eq!(notified_in(&mut runs, "WWwww"), ["4 reminder WARNING"]);
}

#[test]
fn clock_that_goes_back_moves_the_time_of_suppressed_notifications() {
    let mut runs = Runs::new(Rule { repeat_interval: Some(minutes(20)), ..plain() });
    assert_eq!(notified_in(&mut runs, "W"), ["[0 raised WARNING]"]);
    runs.now -= SignedDuration::from_hours(1000);
    assert_eq!(notified_in(&mut runs, "WWWWW"), ["[4 reminder WARNING]"], "the first run is at the time of the raise");
}

#[test]
fn update_level_is_the_worse_of_the_current_and_the_announced_level() {
    let update = |letters: &str, last: char| {
        let mut runs = Runs::new(plain());
        notified_in(&mut runs, letters);
        let run = Run::new(&runs.alerts, &[evaluation("disk", &[("/", last)])], |_| plain(), runs.now);
        let [update] = &run.updates[..] else { panic!() };
        (update.level, update.inhibiting_level(), update.has_ended())
    };
    assert_eq!(update("", 'o'), (Status::Ok, Status::Ok, true));
    assert_eq!(update("", 'w'), (Status::Warning, Status::Warning, false));
    assert_eq!(update("c", 'w'), (Status::Critical, Status::Warning, false));
    assert_eq!(update("c", 'o'), (Status::Critical, Status::Ok, true));
    assert_eq!(update("C", 'o'), (Status::Critical, Status::Ok, true), "the level that would have been announced");
    assert_eq!(update("C", 'w'), (Status::Warning, Status::Warning, false));
    assert_eq!(update("c", 'u'), (Status::Critical, Status::Critical, false), "unknown does not lower the level");
}

#[test]
fn flapping_start_and_end_at_ok_are_stored_once_in_a_silence() {
    // The alert starts to flap in the silence, at ok.
    let rule = Rule { keep_firing_for: Duration::from_secs(1), renotify_on_escalation: false, ..Rule::default() };
    let starting = notified(&rule, "WCWCOW o OWOW");
    assert_eq!(starting.iter().filter(|line| line.contains("flapping_started")).count(), 1, "{starting:?}");
    // The alert starts to flap before the silence and settles in it.
    let ending = notified(&Rule::default(), "owowowo OOOOO OOOOO OOOOO OOOOO OOOOO OOOOO");
    assert_eq!(ending.iter().filter(|line| line.contains("flapping_ended")).count(), 1, "{ending:?}");
    assert!(ending.iter().any(|line| line.ends_with("flapping_ended OK]")), "{ending:?}");
}
