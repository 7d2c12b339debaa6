//! `for`, `keep_firing_for`, changes of level and reminders.

use super::*;

#[test]
fn raise_and_recovery_are_notified_once() {
    assert_eq!(notified(&plain(), "oowwwooo"), ["2 raised WARNING", "5 resolved OK"]);
}

#[test]
fn bad_subject_in_the_first_run_is_raised() {
    assert_eq!(notified(&plain(), "c"), ["0 raised CRITICAL"]);
}

#[test]
fn healthy_subject_is_not_notified() {
    assert_eq!(notified(&Rule::default(), &"o".repeat(500)), NOTHING);
}

#[test]
fn alert_bad_for_less_than_for_is_pending() {
    let mut trace = Trace::new(Rule { pending_for: minutes(10), ..plain() });
    assert_eq!(trace.notified(0, 'w'), "");
    assert_eq!(trace.notified(599, 'w'), "");
    assert_eq!((trace.alert().phase, trace.alert().level), (Phase::Pending, Status::Ok));
}

#[test]
fn alert_bad_for_as_long_as_for_is_raised() {
    let mut trace = Trace::new(Rule { pending_for: minutes(10), ..plain() });
    trace.notified(0, 'w');
    assert_eq!(trace.notified(600, 'w'), "raised WARNING");
    assert_eq!((trace.alert().phase, trace.alert().level), (Phase::Firing, Status::Warning));
}

#[test]
fn ok_run_restarts_the_wait() {
    let rule = Rule { pending_for: minutes(10), ..plain() };
    assert_eq!(notified(&rule, "wwowwoww"), NOTHING);
    assert_eq!(notified(&rule, "wwowww"), ["5 raised WARNING"]);
}

#[test]
fn raise_after_the_wait_has_the_last_level() {
    let rule = Rule { pending_for: minutes(10), ..plain() };
    assert_eq!(notified(&rule, "wwc"), ["2 raised CRITICAL"]);
    assert_eq!(notified(&rule, "ccw"), ["2 raised WARNING"]);
}

#[test]
fn alert_ok_for_less_than_keep_firing_for_is_resolving() {
    let mut trace = Trace::after(Rule { keep_firing_for: minutes(10), ..plain() }, "w");
    assert_eq!(trace.notified(EVERY, 'o'), "");
    assert_eq!(trace.notified(599, 'o'), "");
    assert_eq!((trace.alert().phase, trace.alert().level), (Phase::Resolving, Status::Warning));
}

#[test]
fn alert_ok_for_as_long_as_keep_firing_for_is_resolved() {
    let mut trace = Trace::after(Rule { keep_firing_for: minutes(10), ..plain() }, "w");
    trace.notified(EVERY, 'o');
    assert_eq!(trace.notified(600, 'o'), "resolved OK");
    assert_eq!((trace.alert().phase, trace.alert().level), (Phase::Ok, Status::Ok));
}

#[test]
fn keep_firing_for_counts_from_the_first_ok_run_after_the_last_bad_one() {
    let rule = Rule { keep_firing_for: minutes(10), ..plain() };
    assert_eq!(notified(&rule, "woowoowooo"), ["0 raised WARNING", "9 resolved OK"]);
}

#[test]
fn resolving_alert_that_turns_bad_is_the_same_alert() {
    let rule = Rule { keep_firing_for: minutes(10), ..plain() };
    assert_eq!(notified(&rule, "wow"), ["0 raised WARNING"]);
    assert_eq!(notified(&rule, "woc"), ["0 raised WARNING", "2 escalated CRITICAL"]);
}

#[test]
fn level_change_is_notified_at_once() {
    let rule = Rule { pending_for: minutes(10), ..plain() };
    assert_eq!(
        notified(&rule, "wwwwcwwo"),
        ["2 raised WARNING", "4 escalated CRITICAL", "5 de_escalated WARNING", "7 resolved OK"]
    );
}

#[test]
fn level_change_waits_for_the_reminder_without_renotify_on_escalation() {
    let rule = Rule { renotify_on_escalation: false, repeat_interval: Some(minutes(20)), ..plain() };
    assert_eq!(notified(&rule, "wcccccco"), ["0 raised WARNING", "4 reminder CRITICAL", "7 resolved OK"]);
}

#[test]
fn transition_has_the_previously_announced_level() {
    let mut trace = Trace::new(plain());
    let levels: Vec<_> = "wcwuco".chars().flat_map(|run| trace.step(EVERY, run)).map(|t| t.previous_level).collect();
    use Status::{Critical, Ok, Unknown, Warning};
    assert_eq!(levels, [Ok, Warning, Critical, Warning, Unknown, Critical]);
}

#[test]
fn reminder_is_not_due_before_its_time() {
    let mut trace = Trace::after(Rule::default(), "w");
    assert_eq!(trace.notified(4 * 3600 - 1, 'w'), "");
    assert_eq!(trace.notified(1, 'w'), "reminder WARNING");
}

#[test]
fn repeat_interval_counts_from_the_last_notification() {
    let mut trace = Trace::after(Rule::default(), "w");
    assert_eq!(trace.notified(3 * 3600, 'c'), "escalated CRITICAL");
    assert_eq!(trace.notified(3600, 'c'), "");
    assert_eq!(trace.notified(3 * 3600, 'c'), "reminder CRITICAL");
    assert_eq!(trace.notified(4 * 3600, 'c'), "reminder CRITICAL");
}

#[test]
fn rule_without_repeat_interval_sends_no_reminder() {
    let mut trace = Trace::after(plain(), "w");
    assert_eq!(trace.notified(365 * 86_400, 'w'), "");
}

#[test]
fn resolving_and_resolved_alerts_have_no_reminder() {
    let mut trace = Trace::after(Rule { keep_firing_for: minutes(24 * 60), ..Rule::default() }, "wo");
    assert_eq!(trace.notified(5 * 3600, 'o'), "");
    assert_eq!(trace.notified(19 * 3600, 'o'), "resolved OK");
    assert_eq!(trace.notified(5 * 3600, 'o'), "");
}

#[test]
fn changed_rule_applies_to_stored_times() {
    let mut trace = Trace::after(Rule { pending_for: minutes(60), ..plain() }, "www");
    trace.rule.pending_for = minutes(15);
    assert_eq!(trace.notified(EVERY, 'w'), "raised WARNING", "a shorter wait is over");
    trace.rule.pending_for = minutes(60);
    assert_eq!(trace.notified(EVERY, 'w'), "");
    assert_eq!(trace.alert().phase, Phase::Firing, "a longer wait does not end a firing alert");
    trace.rule.keep_firing_for = minutes(60);
    assert_eq!(trace.runs("ooo"), NOTHING);
    trace.rule.keep_firing_for = minutes(15);
    assert_eq!(trace.notified(EVERY, 'o'), "resolved OK");
}

#[test]
fn unannounced_level_is_notified_when_the_rule_changes() {
    let mut trace = Trace::after(Rule { renotify_on_escalation: false, ..plain() }, "wc");
    trace.rule.renotify_on_escalation = true;
    assert_eq!(trace.notified(EVERY, 'c'), "escalated CRITICAL");
}
