//! Unknown verdicts, failed checks, missing subjects and removed instances.

use super::*;

fn with(on_unknown: OnUnknown) -> Rule {
    Rule { on_unknown, ..plain() }
}

#[test]
fn missing_data_resolves_nothing() {
    for on_unknown in [OnUnknown::Keep, OnUnknown::Notify, OnUnknown::Ignore] {
        for missing in ["uuuuuuuu", "xxxxxxxx", "--------", "ux-ux-ux"] {
            let mut trace = Trace::after(with(on_unknown), "c");
            let notified = trace.runs(missing);
            assert!(!notified.iter().any(|line| line.contains("resolved")), "{on_unknown:?} {missing}: {notified:?}");
            assert_eq!(trace.alert().announced.level, Status::Critical, "{on_unknown:?} {missing}");
            assert_eq!(trace.notified(EVERY, 'o'), "resolved OK", "{on_unknown:?} {missing}");
        }
    }
}

#[test]
fn unknown_and_its_end_are_notified_once() {
    assert_eq!(notified(&with(OnUnknown::Notify), "ouuuo"), ["1 unknown UNKNOWN", "4 resolved OK"]);
    assert_eq!(notified(&with(OnUnknown::Notify), "ouw"), ["1 unknown UNKNOWN", "2 raised WARNING"]);
}

#[test]
fn level_of_an_announced_alert_is_notified_again_after_unknown() {
    let rule = with(OnUnknown::Notify);
    assert_eq!(notified(&rule, "cuc"), ["0 raised CRITICAL", "1 unknown UNKNOWN", "2 escalated CRITICAL"]);
    assert_eq!(notified(&rule, "wuw"), ["0 raised WARNING", "1 unknown UNKNOWN", "2 de_escalated WARNING"]);
    let rule = Rule { renotify_on_escalation: false, ..rule };
    assert_eq!(notified(&rule, "cuw"), ["0 raised CRITICAL", "1 unknown UNKNOWN", "2 de_escalated WARNING"]);
}

#[test]
fn unknown_for_less_than_for_is_not_notified() {
    let rule = Rule { pending_for: minutes(10), ..with(OnUnknown::Notify) };
    assert_eq!(notified(&rule, "ouuouuo"), NOTHING);
    assert_eq!(Trace::after(rule, "ou").alert().phase, Phase::Unknown);
}

#[test]
fn unknown_for_as_long_as_for_is_notified() {
    let rule = Rule { pending_for: minutes(10), ..with(OnUnknown::Notify) };
    assert_eq!(notified(&rule, "ouuuo"), ["3 unknown UNKNOWN", "4 resolved OK"]);
}

#[test]
fn bad_verdict_after_unknown_waits_and_is_raised_or_resolved() {
    let rule = Rule { pending_for: minutes(10), ..with(OnUnknown::Notify) };
    assert_eq!(notified(&rule, "uuuwww"), ["2 unknown UNKNOWN", "5 raised WARNING"]);
    assert_eq!(notified(&rule, "uuuwwo"), ["2 unknown UNKNOWN", "5 resolved OK"]);
}

#[test]
fn ok_verdict_after_unknown_waits_and_is_resolved() {
    let rule = Rule { keep_firing_for: minutes(10), ..with(OnUnknown::Notify) };
    assert_eq!(notified(&rule, "wuooo"), ["0 raised WARNING", "1 unknown UNKNOWN", "4 resolved OK"]);
    assert_eq!(notified(&rule, "wuow"), ["0 raised WARNING", "1 unknown UNKNOWN", "3 de_escalated WARNING"]);
}

#[test]
fn unknown_neither_counts_for_the_wait_nor_restarts_it() {
    let rule = Rule { pending_for: minutes(10), ..with(OnUnknown::Keep) };
    assert_eq!(notified(&rule, "wuu"), NOTHING, "unknown runs raise nothing");
    assert_eq!(notified(&rule, "wuw"), ["2 raised WARNING"], "bad at both ends");
}

#[test]
fn unknown_alert_has_reminders() {
    let mut trace = Trace::after(Rule::default(), "u");
    assert_eq!(trace.notified(4 * 3600, 'u'), "reminder UNKNOWN");
    assert_eq!(trace.notified(4 * 3600, 'u'), "reminder UNKNOWN");
}

#[test]
fn kept_alert_is_unknown_after_stale_after() {
    let mut trace = Trace::after(with(OnUnknown::Keep), "c");
    assert_eq!(trace.notified(0, 'u'), "");
    assert_eq!(trace.notified(15 * 60 - 1, 'u'), "");
    assert_eq!(trace.alert().phase, Phase::Firing);
    assert_eq!(trace.notified(1, 'u'), "unknown UNKNOWN");
    assert_eq!(trace.alert().phase, Phase::Unknown);
}

#[test]
fn kept_alert_goes_on_firing_without_stale_after() {
    let rule = Rule { stale_after: None, repeat_interval: Some(minutes(240)), ..with(OnUnknown::Keep) };
    let mut trace = Trace::after(rule, "c");
    assert_eq!(trace.notified(3600, 'u'), "");
    assert_eq!(trace.notified(86_400, 'u'), "reminder CRITICAL", "with reminders");
    assert_eq!(trace.alert().phase, Phase::Firing);
}

#[test]
fn ignored_runs_leave_the_alert_unchanged() {
    let rule = with(OnUnknown::Ignore);
    assert_eq!(notified(&rule, &format!("o{}o", "u".repeat(100))), NOTHING);
    let before = Trace::after(rule.clone(), "c").alert().clone();
    for missing in ["u", "x"] {
        let after = Trace::after(rule.clone(), &format!("c{missing}")).alert().clone();
        assert_eq!(Alert { last_seen: before.last_seen, ..after }, before);
    }
}

#[test]
fn ignored_runs_still_send_reminders() {
    let mut trace = Trace::after(Rule { on_unknown: OnUnknown::Ignore, ..Rule::default() }, "c");
    let reminder = trace.step(4 * 3600, 'u').unwrap();
    assert_eq!(reminder.kind, Kind::Reminder);
    assert_eq!(reminder.message, "Not judged now: no reading of /var. Last: Disk usage of /var is 97.0%");
}

#[test]
fn check_failure_is_not_notified_for_each_subject() {
    let mut trace = Trace::after(plain(), "c");
    assert_eq!(trace.runs("xxx"), NOTHING);
    assert_eq!((trace.alert().phase, trace.alert().level), (Phase::Unknown, Status::Critical));
    assert_eq!(trace.notified(EVERY, 'c'), "", "already announced");
    assert_eq!(trace.alert().phase, Phase::Firing);
}

#[test]
fn reminder_of_a_failed_check_has_its_last_judgement() {
    let mut trace = Trace::after(Rule::default(), "cx");
    let reminder = trace.step(4 * 3600, 'x').unwrap();
    assert_eq!((reminder.kind, reminder.level), (Kind::Reminder, Status::Critical));
    assert_eq!(reminder.message, "Not judged now: out_of_fuel. Last: Disk usage of /var is 97.0%");
}

#[test]
fn subject_missing_for_less_than_stale_after_goes_on_firing() {
    let mut trace = Trace::after(plain(), "w");
    assert_eq!(trace.notified(EVERY, '-'), "");
    assert_eq!(trace.notified(15 * 60 - 1, '-'), "");
    assert_eq!(trace.alert().phase, Phase::Firing);
    assert_eq!(trace.notified(1, 'w'), "");
}

#[test]
fn subject_missing_for_as_long_as_stale_after_is_notified_once() {
    let mut trace = Trace::after(plain(), "w");
    trace.notified(EVERY, '-');
    let stale = trace.step(15 * 60, '-').unwrap();
    assert_eq!((stale.kind, stale.level, stale.previous_level), (Kind::Stale, Status::Unknown, Status::Warning));
    assert_eq!(stale.title, "High disk usage");
    assert_eq!(
        stale.message,
        "The check no longer reports this subject. Last announced as WARNING: Disk usage of /var is 91.0%"
    );
    assert_eq!(trace.alert().phase, Phase::Stale);
    assert_eq!(trace.runs(&"-".repeat(500)), NOTHING);
}

#[test]
fn stale_alert_has_no_reminders() {
    assert_eq!(notified(&Rule::default(), &format!("w{}", "-".repeat(200))), ["0 raised WARNING", "4 stale UNKNOWN"]);
}

#[test]
fn unknown_verdict_restarts_stale_after_and_a_failure_does_not() {
    assert_eq!(notified(&with(OnUnknown::Keep), "w--u--w"), ["0 raised WARNING"]);
    assert_eq!(
        notified(&with(OnUnknown::Keep), "w--x--w"),
        ["0 raised WARNING", "4 stale UNKNOWN", "6 de_escalated WARNING"]
    );
}

#[test]
fn missed_runs_do_not_count_for_stale_after() {
    let mut trace = Trace::after(plain(), "w");
    assert_eq!(trace.notified(7 * 86_400, '-'), "", "missing in one run only");
}

#[test]
fn missing_subject_that_was_never_announced_is_not_notified() {
    assert_eq!(notified(&plain(), "ooo------"), NOTHING);
    let mut pending = Trace::after(Rule { pending_for: minutes(10), ..plain() }, "w");
    assert_eq!(pending.runs("----"), NOTHING);
    assert_eq!(pending.alert().phase, Phase::Stale);
    assert_eq!(pending.runs("ww"), NOTHING, "the wait restarts");
    assert_eq!(pending.notified(EVERY, 'w'), "raised WARNING");
}

#[test]
fn subject_that_comes_back_continues_from_its_status() {
    for (back, expected) in
        [('o', "resolved OK"), ('w', "de_escalated WARNING"), ('c', "escalated CRITICAL"), ('x', "")]
    {
        let mut trace = Trace::after(plain(), "w----");
        assert_eq!(trace.alert().phase, Phase::Stale);
        assert_eq!(trace.notified(EVERY, back), expected);
    }
    assert_eq!(notified(&plain(), "w----u"), ["0 raised WARNING", "4 stale UNKNOWN", "5 unknown UNKNOWN"]);
    assert_eq!(notified(&with(OnUnknown::Keep), "w----uuuo").last().unwrap(), "8 resolved OK");
}

#[test]
fn unknown_subject_that_disappears_is_stale() {
    assert_eq!(notified(&plain(), "u----o"), ["0 unknown UNKNOWN", "4 stale UNKNOWN", "5 resolved OK"]);
}

#[test]
fn subject_is_never_stale_without_stale_after() {
    let mut trace = Trace::after(Rule { stale_after: None, repeat_interval: Some(minutes(240)), ..plain() }, "w");
    assert_eq!(trace.notified(3600, '-'), "");
    let reminder = trace.step(86_400, '-').unwrap();
    assert_eq!(reminder.kind, Kind::Reminder);
    assert_eq!(reminder.message, "The check no longer reports this subject. Last: Disk usage of /var is 91.0%");
}

fn retirement(trace: &Trace) -> Option<Transition> {
    retire(trace.alert().clone(), trace.now).transition
}

#[test]
fn removed_check_ends_announced_alerts() {
    let stale = retirement(&Trace::after(plain(), "c")).unwrap();
    assert_eq!((stale.kind, stale.level, stale.previous_level), (Kind::Stale, Status::Unknown, Status::Critical));
    assert_eq!(stale.title, "High disk usage");
    assert_eq!(
        stale.message,
        "The check is no longer configured. Last announced as CRITICAL: Disk usage of /var is 97.0%"
    );
    let stale = retirement(&Trace::after(plain(), "u")).unwrap();
    assert_eq!((stale.title.as_str(), stale.previous_level), ("Disk usage unknown", Status::Unknown));
    assert_eq!(stale.message, "The check is no longer configured. Last announced as UNKNOWN: no reading of /var");
}

#[test]
fn removed_check_notifies_no_unannounced_alerts() {
    assert_eq!(retirement(&Trace::after(plain(), "wo")), None, "resolved");
    assert_eq!(retirement(&Trace::after(plain(), "w----")), None, "already notified as stale");
    assert_eq!(retirement(&Trace::after(Rule { pending_for: minutes(10), ..plain() }, "w")), None, "pending");
}
