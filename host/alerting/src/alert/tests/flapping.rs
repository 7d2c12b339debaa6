//! Alerts that flap.

use super::*;

fn flapping() -> Rule {
    Rule { flapping: Some(Flapping::default()), ..plain() }
}

#[test]
fn sixth_change_in_a_row_starts_flapping_and_later_changes_are_not_notified() {
    let notified = notified(&flapping(), &"ow".repeat(50));
    assert_eq!(
        notified,
        [
            "1 raised WARNING",
            "2 resolved OK",
            "3 raised WARNING",
            "4 resolved OK",
            "5 raised WARNING",
            "6 flapping_started OK"
        ]
    );
}

#[test]
fn five_changes_in_a_row_are_notified_each() {
    assert_eq!(notified(&flapping(), "owowowwwwwwwww").len(), 5);
    assert!(!Trace::after(flapping(), "owowoww").alert().announced.flapping);
}

#[test]
fn flapping_end_has_the_level_at_which_the_alert_settled() {
    let mut ok = Trace::after(flapping(), "owowowo");
    assert_eq!(ok.runs(&"o".repeat(100)), ["14 flapping_ended OK"]);
    assert_eq!(ok.alert().announced.level, Status::Ok);
    let mut warning = Trace::after(flapping(), "owowowo");
    assert_eq!(warning.runs(&"w".repeat(100)).len(), 1);
    assert_eq!((warning.alert().announced.level, warning.alert().announced.flapping), (Status::Warning, false));
    assert_eq!(warning.notified(EVERY, 'o'), "resolved OK", "later changes are notified again");
}

#[test]
fn critical_during_flapping_is_notified_once() {
    let mut trace = Trace::after(flapping(), "owowowo");
    assert_eq!(trace.runs("wcwcocoww"), ["1 escalated CRITICAL"]);
    assert!(trace.alert().announced.flapping);
}

#[test]
fn announced_critical_is_not_followed_by_warnings_during_flapping() {
    assert_eq!(notified(&flapping(), "ocococ owowow").last().unwrap(), "6 flapping_started OK");
}

#[test]
fn changes_between_bad_levels_count() {
    let notified = notified(&flapping(), "wcwcwcwcwc");
    assert_eq!(notified.last().unwrap(), "5 flapping_started CRITICAL", "the first change is the one from ok");
}

#[test]
fn check_that_is_unknown_every_other_run_flaps() {
    assert_eq!(notified(&flapping(), &"ou".repeat(20)).last().unwrap(), "6 flapping_started OK");
}

#[test]
fn check_that_stays_unknown_during_flapping_is_notified_when_it_settles() {
    let mut trace = Trace::after(flapping(), "owowowo");
    let notified = trace.runs(&"u".repeat(100));
    assert_eq!(notified.len(), 1);
    assert!(notified[0].ends_with("flapping_ended UNKNOWN"), "{notified:?}");
    assert_eq!(trace.notified(EVERY, 'o'), "resolved OK");
}

#[test]
fn missing_data_does_not_end_flapping() {
    for on_unknown in [OnUnknown::Keep, OnUnknown::Ignore] {
        let mut trace = Trace::after(Rule { on_unknown, stale_after: None, ..flapping() }, "owowowo");
        assert_eq!(trace.runs(&"ux-".repeat(50)), NOTHING);
        assert!(trace.alert().announced.flapping, "{on_unknown:?}");
    }
}

#[test]
fn pending_alert_does_not_settle() {
    let mut trace = Trace::after(flapping(), "owowowo");
    trace.rule = Rule { pending_for: minutes(60), flapping: None, ..plain() };
    assert_eq!(trace.notified(EVERY, 'w'), "", "the alert has not settled at ok");
    assert_eq!(trace.notified(3600, 'w'), "flapping_ended WARNING");
}

#[test]
fn resolving_alert_does_not_settle() {
    let mut trace = Trace::after(flapping(), "owowow owow");
    trace.rule = Rule { keep_firing_for: minutes(10), flapping: None, ..plain() };
    assert_eq!(trace.runs("ooo"), ["2 flapping_ended OK"]);
}

#[test]
fn changes_that_are_never_notified_do_not_flap() {
    let rule = Rule { pending_for: minutes(10), ..flapping() };
    assert_eq!(notified(&rule, &"ow".repeat(50)), NOTHING);
    let rule = Rule { keep_firing_for: minutes(10), ..flapping() };
    assert_eq!(notified(&rule, &"ow".repeat(50)), ["1 raised WARNING"]);
}

#[test]
fn reminders_continue_during_flapping() {
    let mut trace = Trace::after(Rule::default(), "owowowo");
    let notified = trace.runs(&"wo".repeat(100));
    assert_eq!(notified.len(), 4, "200 runs are 16 h 40 min: {notified:?}");
    assert!(notified.iter().all(|line| line.ends_with("reminder WARNING")), "{notified:?}");
}

#[test]
fn flapping_disk_that_is_unplugged_is_stale() {
    let mut trace = Trace::after(flapping(), "owowowo");
    assert_eq!(trace.runs("--------"), ["3 stale UNKNOWN"]);
    assert!(!trace.alert().announced.flapping);
    assert_eq!(trace.notified(EVERY, 'o'), "resolved OK");
}

#[test]
fn rule_without_flapping_notifies_each_change() {
    assert_eq!(notified(&plain(), &"ow".repeat(50)).len(), 99);
}

#[test]
fn flapping_ends_when_the_rule_turns_it_off() {
    let mut trace = Trace::after(flapping(), "owowowo");
    trace.rule.flapping = None;
    assert_eq!(trace.notified(EVERY, 'w'), "flapping_ended WARNING");
}

#[test]
fn new_rule_starts_flapping_at_the_next_change() {
    let mut trace = Trace::after(plain(), "owowowowo");
    trace.rule = flapping();
    assert_eq!(trace.runs("oo"), NOTHING);
    assert_eq!(trace.notified(EVERY, 'w'), "flapping_started WARNING");
}

#[test]
fn messages_describe_the_flapping() {
    let mut trace = Trace::after(flapping(), "owowow");
    let started = trace.step(EVERY, 'o').unwrap();
    assert_eq!(started.title, "High disk usage");
    assert_eq!(
        started.message,
        "The level changed too often in the last 20 runs. Until it settles, only critical is notified. \
         Now OK: Disk usage of /var is 50.0%"
    );
    trace.runs(&"o".repeat(14));
    let ended = trace.step(EVERY, 'o').unwrap();
    assert_eq!(ended.title, "High disk usage");
    assert_eq!(ended.message, "The level has settled at OK: Disk usage of /var is 50.0%");
}
