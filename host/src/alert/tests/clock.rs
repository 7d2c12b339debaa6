//! Clocks that jump, runs that were missed.

use super::*;

const YEAR: i64 = 365 * 86_400;

#[test]
fn a_clock_that_went_back_does_not_start_the_wait_anew() {
    let mut trace = Trace::after(Rule { hold: minutes(15), ..plain() }, "www");
    assert_eq!(trace.tells(-YEAR, 'w'), "", "ten minutes have passed");
    assert_eq!(trace.tells(EVERY - 1, 'w'), "");
    assert_eq!(trace.tells(1, 'w'), "raised WARNING");
}

#[test]
fn a_wait_that_began_in_a_wrong_future_ends_in_time() {
    let mut trace = Trace::new(Rule { hold: minutes(10), ..plain() });
    assert_eq!(trace.tells(100 * YEAR, 'w'), "");
    assert_eq!(trace.tells(-100 * YEAR, 'w'), "");
    assert_eq!(trace.tells(600, 'w'), "raised WARNING");
}

#[test]
fn a_clock_that_went_back_does_not_hold_up_the_end() {
    let mut trace = Trace::after(Rule { keep_firing_for: minutes(10), ..plain() }, "wo");
    assert_eq!(trace.tells(-YEAR, 'o'), "");
    assert_eq!(trace.tells(600, 'o'), "resolved OK");
}

#[test]
fn a_clock_that_goes_back_and_forth_brings_no_storm_of_reminders() {
    let mut trace = Trace::after(Rule::default(), "w");
    for _ in 0..100 {
        assert_eq!(trace.tells(-2 * 3600, 'w'), "");
        assert_eq!(trace.tells(60, 'w'), "");
    }
    assert_eq!(trace.tells(4 * 3600 - 100 * 60, 'w'), "reminder WARNING");
}

#[test]
fn a_clock_that_went_back_does_not_silence_reminders() {
    let mut trace = Trace::after(Rule::default(), "w");
    assert_eq!(trace.tells(-YEAR, 'w'), "");
    assert_eq!(trace.tells(4 * 3600, 'w'), "reminder WARNING");
}

#[test]
fn a_year_in_one_step_is_one_reminder() {
    let mut trace = Trace::after(Rule::default(), "w");
    assert_eq!(trace.tells(YEAR, 'w'), "reminder WARNING");
    assert_eq!(trace.tells(EVERY, 'w'), "");
}

#[test]
fn missed_runs_count_for_the_wait_when_both_ends_are_bad() {
    let mut trace = Trace::after(Rule { hold: minutes(60), ..plain() }, "w");
    assert_eq!(trace.tells(YEAR, 'w'), "raised WARNING");
    let mut trace = Trace::after(Rule { hold: minutes(60), ..plain() }, "w");
    assert_eq!(trace.tells(YEAR, 'o'), "");
    assert_eq!(trace.tells(EVERY, 'w'), "");
}

#[test]
fn runs_at_the_same_moment_pass_no_time() {
    let mut trace = Trace::new(Rule { hold: Duration::from_nanos(1), ..plain() });
    for _ in 0..100 {
        assert_eq!(trace.tells(0, 'w'), "");
    }
    assert_eq!(trace.tells(1, 'w'), "raised WARNING");
}

#[test]
fn a_phase_begins_when_it_changes() {
    let mut trace = Trace::after(plain(), "oow");
    let since = trace.now;
    trace.runs("ww");
    assert_eq!((trace.alert().since, trace.alert().active_since), (since, Some(since)));
    trace.runs("o");
    assert_eq!((trace.alert().since, trace.alert().active_since), (trace.now, None));
}

#[test]
fn the_ends_of_time_break_nothing() {
    let rule = Rule { hold: Duration::MAX, keep_firing_for: Duration::MAX, ..Rule::default() };
    let mut alert = None;
    for (number, now) in [Timestamp::MAX, Timestamp::MIN, Timestamp::MAX, Timestamp::MIN].into_iter().enumerate() {
        for letter in "wocux-".chars() {
            alert = Some(step(alert.as_ref(), &seen(letter), &rule, now).alert);
            assert_eq!(alert.as_ref().unwrap().last_seen, now, "{number}");
        }
    }
}
