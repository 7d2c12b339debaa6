//! Verdicts that are unknown, checks that fail, subjects that are gone, instances that were removed.

use super::*;

fn with(on_unknown: OnUnknown) -> Rule {
    Rule { on_unknown, ..plain() }
}

#[test]
fn missing_data_resolves_nothing() {
    for on_unknown in [OnUnknown::Keep, OnUnknown::Notify, OnUnknown::Ignore] {
        for missing in ["uuuuuuuu", "xxxxxxxx", "--------", "ux-ux-ux"] {
            let mut trace = Trace::after(with(on_unknown), "c");
            let told = trace.runs(missing);
            assert!(!told.iter().any(|told| told.contains("resolved")), "{on_unknown:?} {missing}: {told:?}");
            assert_eq!(trace.alert().level_sent, Status::Critical, "{on_unknown:?} {missing}");
            assert_eq!(trace.tells(EVERY, 'o'), "resolved OK", "{on_unknown:?} {missing}");
        }
    }
}

#[test]
fn unknown_is_told_once_and_so_is_its_end() {
    assert_eq!(told(&with(OnUnknown::Notify), "ouuuo"), ["1 unknown UNKNOWN", "4 resolved OK"]);
    assert_eq!(told(&with(OnUnknown::Notify), "ouw"), ["1 unknown UNKNOWN", "2 raised WARNING"]);
}

#[test]
fn after_unknown_people_hear_what_it_is_of_an_alert_they_know() {
    let rule = with(OnUnknown::Notify);
    assert_eq!(told(&rule, "cuc"), ["0 raised CRITICAL", "1 unknown UNKNOWN", "2 escalated CRITICAL"]);
    assert_eq!(told(&rule, "wuw"), ["0 raised WARNING", "1 unknown UNKNOWN", "2 de_escalated WARNING"]);
    let rule = Rule { renotify_on_escalation: false, ..rule };
    assert_eq!(told(&rule, "cuw"), ["0 raised CRITICAL", "1 unknown UNKNOWN", "2 de_escalated WARNING"]);
}

#[test]
fn unknown_for_less_than_the_wait_is_not_told() {
    let rule = Rule { hold: minutes(10), ..with(OnUnknown::Notify) };
    assert_eq!(told(&rule, "ouuouuo"), NOTHING);
    assert_eq!(Trace::after(rule, "ou").alert().phase, Phase::Unknown);
}

#[test]
fn unknown_for_as_long_as_the_wait_is_told() {
    let rule = Rule { hold: minutes(10), ..with(OnUnknown::Notify) };
    assert_eq!(told(&rule, "ouuuo"), ["3 unknown UNKNOWN", "4 resolved OK"]);
}

#[test]
fn after_unknown_a_bad_verdict_waits_and_is_then_raised_or_resolved() {
    let rule = Rule { hold: minutes(10), ..with(OnUnknown::Notify) };
    assert_eq!(told(&rule, "uuuwww"), ["2 unknown UNKNOWN", "5 raised WARNING"]);
    assert_eq!(told(&rule, "uuuwwo"), ["2 unknown UNKNOWN", "5 resolved OK"]);
}

#[test]
fn after_unknown_an_ok_verdict_waits_and_is_then_resolved() {
    let rule = Rule { keep_firing_for: minutes(10), ..with(OnUnknown::Notify) };
    assert_eq!(told(&rule, "wuooo"), ["0 raised WARNING", "1 unknown UNKNOWN", "4 resolved OK"]);
    assert_eq!(told(&rule, "wuow"), ["0 raised WARNING", "1 unknown UNKNOWN", "3 de_escalated WARNING"]);
}

#[test]
fn unknown_neither_counts_for_the_wait_nor_starts_it_anew() {
    let rule = Rule { hold: minutes(10), ..with(OnUnknown::Keep) };
    assert_eq!(told(&rule, "wuu"), NOTHING, "unknown raises nothing");
    assert_eq!(told(&rule, "wuw"), ["2 raised WARNING"], "seen bad at both ends");
}

#[test]
fn unknown_is_told_again_as_long_as_it_lasts() {
    let mut trace = Trace::after(Rule::default(), "u");
    assert_eq!(trace.tells(4 * 3600, 'u'), "reminder UNKNOWN");
    assert_eq!(trace.tells(4 * 3600, 'u'), "reminder UNKNOWN");
}

#[test]
fn kept_alerts_stand_until_nothing_was_judged_for_long() {
    let mut trace = Trace::after(with(OnUnknown::Keep), "c");
    assert_eq!(trace.tells(0, 'u'), "");
    assert_eq!(trace.tells(15 * 60 - 1, 'u'), "");
    assert_eq!(trace.alert().phase, Phase::Firing);
    assert_eq!(trace.tells(1, 'u'), "unknown UNKNOWN");
    assert_eq!(trace.alert().phase, Phase::Unknown);
}

#[test]
fn kept_alerts_stand_for_ever_when_nothing_is_ever_stale() {
    let rule = Rule { stale_after: None, repeat_interval: Some(minutes(240)), ..with(OnUnknown::Keep) };
    let mut trace = Trace::after(rule, "c");
    assert_eq!(trace.tells(3600, 'u'), "");
    assert_eq!(trace.tells(86_400, 'u'), "reminder CRITICAL", "but not in silence");
    assert_eq!(trace.alert().phase, Phase::Firing);
}

#[test]
fn ignored_runs_leave_no_trace() {
    let rule = with(OnUnknown::Ignore);
    let told = told(&rule, &format!("o{}o", "u".repeat(100)));
    assert_eq!(told, NOTHING);
    let before = Trace::after(rule.clone(), "c").alert().clone();
    for missing in ["u", "x"] {
        let after = Trace::after(rule.clone(), &format!("c{missing}")).alert().clone();
        assert_eq!(Alert { last_seen: before.last_seen, ..after }, before);
    }
}

#[test]
fn ignored_runs_still_remind_of_what_stands() {
    let mut trace = Trace::after(Rule { on_unknown: OnUnknown::Ignore, ..Rule::default() }, "c");
    let told = trace.later(4 * 3600, 'u');
    assert_eq!(told[0].kind, Kind::Reminder);
    assert_eq!(told[0].message, "Not judged now: no reading of /var. Last: Disk usage of /var is 97.0%");
}

#[test]
fn the_failure_of_a_check_is_not_told_for_each_subject() {
    let mut trace = Trace::after(plain(), "c");
    assert_eq!(trace.runs("xxx"), NOTHING);
    assert_eq!((trace.alert().phase, trace.alert().level), (Phase::Unknown, Status::Critical));
    assert_eq!(trace.tells(EVERY, 'c'), "", "people know");
    assert_eq!(trace.alert().phase, Phase::Firing);
}

#[test]
fn a_failing_check_reminds_of_what_it_judged_last() {
    let mut trace = Trace::after(Rule::default(), "cx");
    let told = trace.later(4 * 3600, 'x');
    assert_eq!((told[0].kind, told[0].level), (Kind::Reminder, Status::Critical));
    assert_eq!(told[0].message, "Not judged now: out_of_fuel. Last: Disk usage of /var is 97.0%");
}

#[test]
fn gone_for_less_than_stale_after_is_as_it_was() {
    let mut trace = Trace::after(plain(), "w");
    assert_eq!(trace.tells(EVERY, '-'), "");
    assert_eq!(trace.tells(15 * 60 - 1, '-'), "");
    assert_eq!(trace.alert().phase, Phase::Firing);
    assert_eq!(trace.tells(1, 'w'), "");
}

#[test]
fn gone_for_as_long_as_stale_after_is_told_once() {
    let mut trace = Trace::after(plain(), "w");
    trace.tells(EVERY, '-');
    let told = trace.later(15 * 60, '-');
    assert_eq!((told[0].kind, told[0].level, told[0].previous_level), (Kind::Stale, Status::Unknown, Status::Warning));
    assert_eq!(told[0].title, "High disk usage");
    assert_eq!(told[0].message, "The check no longer reports it. Last told as WARNING: Disk usage of /var is 91.0%");
    assert_eq!(trace.alert().phase, Phase::Stale);
    assert_eq!(trace.runs(&"-".repeat(500)), NOTHING);
}

#[test]
fn what_is_gone_is_not_told_again_and_again() {
    assert_eq!(told(&Rule::default(), &format!("w{}", "-".repeat(200))), ["0 raised WARNING", "4 stale UNKNOWN"]);
}

#[test]
fn what_cannot_be_judged_is_there() {
    assert_eq!(told(&with(OnUnknown::Keep), "w--u--w"), ["0 raised WARNING"]);
    assert_eq!(
        told(&with(OnUnknown::Keep), "w--x--w"),
        ["0 raised WARNING", "4 stale UNKNOWN", "6 de_escalated WARNING"]
    );
}

#[test]
fn missed_runs_are_no_runs_without_it() {
    let mut trace = Trace::after(plain(), "w");
    assert_eq!(trace.tells(7 * 86_400, '-'), "", "gone at one run only");
}

#[test]
fn nobody_hears_that_something_is_gone_that_they_never_heard_of() {
    assert_eq!(told(&plain(), "ooo------"), NOTHING);
    let mut pending = Trace::after(Rule { hold: minutes(10), ..plain() }, "w");
    assert_eq!(pending.runs("----"), NOTHING);
    assert_eq!(pending.alert().phase, Phase::Stale);
    assert_eq!(pending.runs("ww"), NOTHING, "the wait is a new one");
    assert_eq!(pending.tells(EVERY, 'w'), "raised WARNING");
}

#[test]
fn what_comes_back_goes_on_from_its_status() {
    for (back, told) in [('o', "resolved OK"), ('w', "de_escalated WARNING"), ('c', "escalated CRITICAL"), ('x', "")] {
        let mut trace = Trace::after(plain(), "w----");
        assert_eq!(trace.alert().phase, Phase::Stale);
        assert_eq!(trace.tells(EVERY, back), told);
    }
    assert_eq!(told(&plain(), "w----u"), ["0 raised WARNING", "4 stale UNKNOWN", "5 unknown UNKNOWN"]);
    assert_eq!(told(&with(OnUnknown::Keep), "w----uuuo").last().unwrap(), "8 resolved OK");
}

#[test]
fn what_is_gone_after_it_was_unknown_is_told_as_gone() {
    assert_eq!(told(&plain(), "u----o"), ["0 unknown UNKNOWN", "4 stale UNKNOWN", "5 resolved OK"]);
}

#[test]
fn nothing_is_ever_stale_without_the_time_for_it() {
    let mut trace = Trace::after(Rule { stale_after: None, repeat_interval: Some(minutes(240)), ..plain() }, "w");
    assert_eq!(trace.tells(3600, '-'), "");
    let told = trace.later(86_400, '-');
    assert_eq!(told[0].kind, Kind::Reminder);
    assert_eq!(told[0].message, "The check no longer reports it. Last: Disk usage of /var is 91.0%");
}

fn retired(trace: &Trace) -> Option<Transition> {
    retire(trace.alert(), trace.now).transitions.pop()
}

#[test]
fn a_removed_check_closes_what_people_know() {
    let told = retired(&Trace::after(plain(), "c")).unwrap();
    assert_eq!((told.kind, told.level, told.previous_level), (Kind::Stale, Status::Unknown, Status::Critical));
    assert_eq!(told.title, "High disk usage");
    assert_eq!(told.message, "The check is no longer configured. Last told as CRITICAL: Disk usage of /var is 97.0%");
    let told = retired(&Trace::after(plain(), "u")).unwrap();
    assert_eq!((told.title.as_str(), told.previous_level), ("Disk usage unknown", Status::Unknown));
    assert_eq!(told.message, "The check is no longer configured. Last told as UNKNOWN: no reading of /var");
}

#[test]
fn a_removed_check_closes_nothing_that_people_do_not_know() {
    assert_eq!(retired(&Trace::after(plain(), "wo")), None, "resolved");
    assert_eq!(retired(&Trace::after(plain(), "w----")), None, "told as stale");
    assert_eq!(retired(&Trace::after(Rule { hold: minutes(10), ..plain() }, "w")), None, "pending");
}
