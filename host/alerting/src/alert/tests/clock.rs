//! Clocks that jump, and missed runs.

use super::*;

const YEAR: i64 = 365 * 86_400;

#[test]
fn clock_that_went_back_does_not_restart_the_wait() {
    let mut trace = Trace::after(Rule { pending_for: minutes(15), ..plain() }, "www");
    assert_eq!(trace.notified(-YEAR, 'w'), "", "ten minutes have passed");
    assert_eq!(trace.notified(EVERY - 1, 'w'), "");
    assert_eq!(trace.notified(1, 'w'), "raised WARNING");
}

#[test]
fn wait_that_began_in_a_wrong_future_ends_in_time() {
    let mut trace = Trace::new(Rule { pending_for: minutes(10), ..plain() });
    assert_eq!(trace.notified(100 * YEAR, 'w'), "");
    assert_eq!(trace.notified(-100 * YEAR, 'w'), "");
    assert_eq!(trace.notified(600, 'w'), "raised WARNING");
}

#[test]
fn clock_that_went_back_does_not_delay_the_recovery() {
    let mut trace = Trace::after(Rule { keep_firing_for: minutes(10), ..plain() }, "wo");
    assert_eq!(trace.notified(-YEAR, 'o'), "");
    assert_eq!(trace.notified(600, 'o'), "resolved OK");
}

#[test]
fn clock_that_goes_back_and_forth_sends_no_extra_reminders() {
    let mut trace = Trace::after(Rule::default(), "w");
    for _ in 0..100 {
        assert_eq!(trace.notified(-2 * 3600, 'w'), "");
        assert_eq!(trace.notified(60, 'w'), "");
    }
    assert_eq!(trace.notified(4 * 3600 - 100 * 60, 'w'), "reminder WARNING");
}

#[test]
fn clock_that_went_back_does_not_stop_reminders() {
    let mut trace = Trace::after(Rule::default(), "w");
    assert_eq!(trace.notified(-YEAR, 'w'), "");
    assert_eq!(trace.notified(4 * 3600, 'w'), "reminder WARNING");
}

#[test]
fn year_between_two_runs_is_one_reminder() {
    let mut trace = Trace::after(Rule::default(), "w");
    assert_eq!(trace.notified(YEAR, 'w'), "reminder WARNING");
    assert_eq!(trace.notified(EVERY, 'w'), "");
}

#[test]
fn missed_runs_count_for_the_wait_if_both_ends_are_bad() {
    let mut trace = Trace::after(Rule { pending_for: minutes(60), ..plain() }, "w");
    assert_eq!(trace.notified(YEAR, 'w'), "raised WARNING");
    let mut trace = Trace::after(Rule { pending_for: minutes(60), ..plain() }, "w");
    assert_eq!(trace.notified(YEAR, 'o'), "");
    assert_eq!(trace.notified(EVERY, 'w'), "");
}

#[test]
fn runs_at_the_same_time_do_not_end_a_wait() {
    let mut trace = Trace::new(Rule { pending_for: Duration::from_nanos(1), ..plain() });
    for _ in 0..100 {
        assert_eq!(trace.notified(0, 'w'), "");
    }
    assert_eq!(trace.notified(1, 'w'), "raised WARNING");
}

#[test]
fn phase_begins_when_it_changes() {
    let mut trace = Trace::after(plain(), "oow");
    let since = trace.now;
    trace.runs("ww");
    assert_eq!((trace.alert().since, trace.alert().active_since), (since, Some(since)));
    trace.runs("o");
    assert_eq!((trace.alert().since, trace.alert().active_since), (trace.now, None));
}

#[test]
fn times_at_both_ends_of_the_range_do_not_panic() {
    let rule = Rule { pending_for: Duration::MAX, keep_firing_for: Duration::MAX, ..Rule::default() };
    let mut alert = None;
    for (number, now) in [Timestamp::MAX, Timestamp::MIN, Timestamp::MAX, Timestamp::MIN].into_iter().enumerate() {
        for letter in "wocux-".chars() {
            alert = Some(step(alert.take(), &observation(letter), &rule, now).alert);
            assert_eq!(alert.as_ref().unwrap().last_seen, now, "{number}");
        }
    }
}
