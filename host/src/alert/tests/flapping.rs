//! What changes too often.

use super::*;

fn flapping() -> Rule {
    Rule { flapping: Some(Flapping::default()), ..plain() }
}

#[test]
fn the_sixth_change_in_a_row_is_flapping_and_then_there_is_silence() {
    let told = told(&flapping(), &"ow".repeat(50));
    assert_eq!(
        told,
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
fn five_changes_in_a_row_are_told_each() {
    assert_eq!(told(&flapping(), "owowowwwwwwwww").len(), 5);
    assert!(!Trace::after(flapping(), "owowoww").alert().flapping);
}

#[test]
fn its_end_says_where_it_settled() {
    let mut ok = Trace::after(flapping(), "owowowo");
    assert_eq!(ok.runs(&"o".repeat(100)), ["14 flapping_ended OK"]);
    assert_eq!(ok.alert().level_sent, Status::Ok);
    let mut warning = Trace::after(flapping(), "owowowo");
    assert_eq!(warning.runs(&"w".repeat(100)).len(), 1);
    assert_eq!((warning.alert().level_sent, warning.alert().flapping), (Status::Warning, false));
    assert_eq!(warning.tells(EVERY, 'o'), "resolved OK", "and then it goes on as ever");
}

#[test]
fn what_becomes_critical_while_it_flaps_is_told_once() {
    let mut trace = Trace::after(flapping(), "owowowo");
    assert_eq!(trace.runs("wcwcocoww"), ["1 escalated CRITICAL"]);
    assert!(trace.alert().flapping);
}

#[test]
fn who_was_told_of_critical_is_not_told_of_warning_while_it_flaps() {
    assert_eq!(told(&flapping(), "ocococ owowow").last().unwrap(), "6 flapping_started OK");
}

#[test]
fn changes_between_levels_count() {
    let told = told(&flapping(), "wcwcwcwcwc");
    assert_eq!(told.last().unwrap(), "5 flapping_started CRITICAL", "the first is a change from ok");
}

#[test]
fn a_check_that_fails_now_and_then_flaps() {
    assert_eq!(told(&flapping(), &"ou".repeat(20)).last().unwrap(), "6 flapping_started OK");
}

#[test]
fn a_check_that_fails_for_good_while_it_flaps_is_told_when_it_settles() {
    let mut trace = Trace::after(flapping(), "owowowo");
    let told = trace.runs(&"u".repeat(100));
    assert_eq!(told.len(), 1);
    assert!(told[0].ends_with("flapping_ended UNKNOWN"), "{told:?}");
    assert_eq!(trace.tells(EVERY, 'o'), "resolved OK");
}

#[test]
fn missing_data_does_not_settle_it() {
    for on_unknown in [OnUnknown::Keep, OnUnknown::Ignore] {
        let mut trace = Trace::after(Rule { on_unknown, stale_after: None, ..flapping() }, "owowowo");
        assert_eq!(trace.runs(&"ux-".repeat(50)), NOTHING);
        assert!(trace.alert().flapping, "{on_unknown:?}");
    }
}

#[test]
fn what_waits_for_its_time_is_not_settled() {
    let mut trace = Trace::after(flapping(), "owowowo");
    trace.rule = Rule { hold: minutes(60), flapping: None, ..plain() };
    assert_eq!(trace.tells(EVERY, 'w'), "", "not settled at ok");
    assert_eq!(trace.tells(3600, 'w'), "flapping_ended WARNING");
}

#[test]
fn what_waits_for_its_end_is_not_settled() {
    let mut trace = Trace::after(flapping(), "owowow owow");
    trace.rule = Rule { keep_firing_for: minutes(10), flapping: None, ..plain() };
    assert_eq!(trace.runs("ooo"), ["2 flapping_ended OK"]);
}

#[test]
fn changes_that_are_never_told_do_not_flap() {
    let rule = Rule { hold: minutes(10), ..flapping() };
    assert_eq!(told(&rule, &"ow".repeat(50)), NOTHING);
    let rule = Rule { keep_firing_for: minutes(10), ..flapping() };
    assert_eq!(told(&rule, &"ow".repeat(50)), ["1 raised WARNING"]);
}

#[test]
fn it_is_told_again_while_it_flaps() {
    let mut trace = Trace::after(Rule::default(), "owowowo");
    let told = trace.runs(&"wo".repeat(100));
    assert_eq!(told.len(), 4, "200 runs are 16 h 40 min: {told:?}");
    assert!(told.iter().all(|told| told.ends_with("reminder WARNING")), "{told:?}");
}

#[test]
fn a_flapping_disk_that_is_unplugged_is_told_as_gone() {
    let mut trace = Trace::after(flapping(), "owowowo");
    assert_eq!(trace.runs("--------"), ["3 stale UNKNOWN"]);
    assert!(!trace.alert().flapping);
    assert_eq!(trace.tells(EVERY, 'o'), "resolved OK");
}

#[test]
fn no_rule_for_flapping_is_no_flapping() {
    assert_eq!(told(&plain(), &"ow".repeat(50)).len(), 99);
}

#[test]
fn flapping_ends_with_its_rule() {
    let mut trace = Trace::after(flapping(), "owowowo");
    trace.rule.flapping = None;
    assert_eq!(trace.tells(EVERY, 'w'), "flapping_ended WARNING");
}

#[test]
fn a_new_rule_makes_old_changes_flap_at_the_next_change_only() {
    let mut trace = Trace::after(plain(), "owowowowo");
    trace.rule = flapping();
    assert_eq!(trace.runs("oo"), NOTHING);
    assert_eq!(trace.tells(EVERY, 'w'), "flapping_started WARNING");
}

#[test]
fn the_messages_say_what_is_going_on() {
    let mut trace = Trace::after(flapping(), "owowow");
    let started = trace.later(EVERY, 'o').remove(0);
    assert_eq!(started.title, "High disk usage");
    assert_eq!(
        started.message,
        "It changed too often in the last 20 runs. Until it settles only a critical is told. \
         Now OK: Disk usage of /var is 50.0%"
    );
    trace.runs(&"o".repeat(14));
    let ended = trace.later(EVERY, 'o').remove(0);
    assert_eq!(ended.title, "High disk usage");
    assert_eq!(ended.message, "It has settled at OK: Disk usage of /var is 50.0%");
}
