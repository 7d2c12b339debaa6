//! `for`, `keep_firing_for`, levels and reminders.

use super::*;

#[test]
fn a_raise_and_its_end_are_told_once() {
    assert_eq!(told(&plain(), "oowwwooo"), ["2 raised WARNING", "5 resolved OK"]);
}

#[test]
fn what_is_bad_at_the_first_run_is_raised() {
    assert_eq!(told(&plain(), "c"), ["0 raised CRITICAL"]);
}

#[test]
fn what_is_never_bad_tells_nothing() {
    assert_eq!(told(&Rule::default(), &"o".repeat(500)), NOTHING);
}

#[test]
fn bad_for_less_than_the_wait_is_pending() {
    let mut trace = Trace::new(Rule { hold: minutes(10), ..plain() });
    assert_eq!(trace.tells(0, 'w'), "");
    assert_eq!(trace.tells(599, 'w'), "");
    assert_eq!((trace.alert().phase, trace.alert().level), (Phase::Pending, Status::Ok));
}

#[test]
fn bad_for_as_long_as_the_wait_is_raised() {
    let mut trace = Trace::new(Rule { hold: minutes(10), ..plain() });
    trace.tells(0, 'w');
    assert_eq!(trace.tells(600, 'w'), "raised WARNING");
    assert_eq!((trace.alert().phase, trace.alert().level), (Phase::Firing, Status::Warning));
}

#[test]
fn one_ok_run_starts_the_wait_anew() {
    let rule = Rule { hold: minutes(10), ..plain() };
    assert_eq!(told(&rule, "wwowwoww"), NOTHING);
    assert_eq!(told(&rule, "wwowww"), ["5 raised WARNING"]);
}

#[test]
fn the_wait_is_for_being_bad_and_the_level_is_the_last() {
    let rule = Rule { hold: minutes(10), ..plain() };
    assert_eq!(told(&rule, "wwc"), ["2 raised CRITICAL"]);
    assert_eq!(told(&rule, "ccw"), ["2 raised WARNING"]);
}

#[test]
fn ok_for_less_than_the_wait_is_resolving() {
    let mut trace = Trace::after(Rule { keep_firing_for: minutes(10), ..plain() }, "w");
    assert_eq!(trace.tells(EVERY, 'o'), "");
    assert_eq!(trace.tells(599, 'o'), "");
    assert_eq!((trace.alert().phase, trace.alert().level), (Phase::Resolving, Status::Warning));
}

#[test]
fn ok_for_as_long_as_the_wait_is_resolved() {
    let mut trace = Trace::after(Rule { keep_firing_for: minutes(10), ..plain() }, "w");
    trace.tells(EVERY, 'o');
    assert_eq!(trace.tells(600, 'o'), "resolved OK");
    assert_eq!((trace.alert().phase, trace.alert().level), (Phase::Ok, Status::Ok));
}

#[test]
fn the_wait_for_the_end_is_from_the_first_ok_of_the_last_ones() {
    let rule = Rule { keep_firing_for: minutes(10), ..plain() };
    assert_eq!(told(&rule, "woowoowooo"), ["0 raised WARNING", "9 resolved OK"]);
}

#[test]
fn bad_again_while_resolving_is_the_same_alert() {
    let rule = Rule { keep_firing_for: minutes(10), ..plain() };
    assert_eq!(told(&rule, "wow"), ["0 raised WARNING"]);
    assert_eq!(told(&rule, "woc"), ["0 raised WARNING", "2 escalated CRITICAL"]);
}

#[test]
fn a_change_of_level_is_told_at_once() {
    let rule = Rule { hold: minutes(10), ..plain() };
    assert_eq!(
        told(&rule, "wwwwcwwo"),
        ["2 raised WARNING", "4 escalated CRITICAL", "5 de_escalated WARNING", "7 resolved OK"]
    );
}

#[test]
fn a_change_of_level_waits_for_the_reminder_when_it_is_not_told() {
    let rule = Rule { renotify_on_escalation: false, repeat_interval: Some(minutes(20)), ..plain() };
    assert_eq!(told(&rule, "wcccccco"), ["0 raised WARNING", "4 reminder CRITICAL", "7 resolved OK"]);
}

#[test]
fn each_message_says_what_people_were_told_before() {
    let mut trace = Trace::new(plain());
    let levels: Vec<_> = "wcwuco".chars().flat_map(|run| trace.later(EVERY, run)).map(|t| t.previous_level).collect();
    use Status::{Critical, Ok, Unknown, Warning};
    assert_eq!(levels, [Ok, Warning, Critical, Warning, Unknown, Critical]);
}

#[test]
fn a_reminder_is_not_due_before_its_time() {
    let mut trace = Trace::after(Rule::default(), "w");
    assert_eq!(trace.tells(4 * 3600 - 1, 'w'), "");
    assert_eq!(trace.tells(1, 'w'), "reminder WARNING");
}

#[test]
fn a_reminder_is_counted_from_the_last_message() {
    let mut trace = Trace::after(Rule::default(), "w");
    assert_eq!(trace.tells(3 * 3600, 'c'), "escalated CRITICAL");
    assert_eq!(trace.tells(3600, 'c'), "");
    assert_eq!(trace.tells(3 * 3600, 'c'), "reminder CRITICAL");
    assert_eq!(trace.tells(4 * 3600, 'c'), "reminder CRITICAL");
}

#[test]
fn without_an_interval_there_is_no_reminder() {
    let mut trace = Trace::after(plain(), "w");
    assert_eq!(trace.tells(365 * 86_400, 'w'), "");
}

#[test]
fn what_is_resolving_or_resolved_needs_no_reminder() {
    let mut trace = Trace::after(Rule { keep_firing_for: minutes(24 * 60), ..Rule::default() }, "wo");
    assert_eq!(trace.tells(5 * 3600, 'o'), "");
    assert_eq!(trace.tells(19 * 3600, 'o'), "resolved OK");
    assert_eq!(trace.tells(5 * 3600, 'o'), "");
}

#[test]
fn a_rule_that_changed_works_on_the_old_times() {
    let mut trace = Trace::after(Rule { hold: minutes(60), ..plain() }, "www");
    trace.rule.hold = minutes(15);
    assert_eq!(trace.tells(EVERY, 'w'), "raised WARNING", "a shorter wait is over");
    trace.rule.hold = minutes(60);
    assert_eq!(trace.tells(EVERY, 'w'), "");
    assert_eq!(trace.alert().phase, Phase::Firing, "a longer wait takes nothing back");
    trace.rule.keep_firing_for = minutes(60);
    assert_eq!(trace.runs("ooo"), NOTHING);
    trace.rule.keep_firing_for = minutes(15);
    assert_eq!(trace.tells(EVERY, 'o'), "resolved OK");
}

#[test]
fn a_level_that_was_not_told_is_told_when_the_rule_says_so() {
    let mut trace = Trace::after(Rule { renotify_on_escalation: false, ..plain() }, "wc");
    trace.rule.renotify_on_escalation = true;
    assert_eq!(trace.tells(EVERY, 'c'), "escalated CRITICAL");
}
