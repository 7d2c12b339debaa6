//! All alerts of a run.

use super::*;
use crate::check::{CHECKS_DIRECTORY, Evaluation, Failure, Measure, Reason, Settings, Verdict};
use crate::metric::Labels;

/// An instance that says this of these subjects: `/ w`. A subject `!`: it fails.
pub(super) fn evaluation(instance: &str, said: &[(&str, char)]) -> Evaluation {
    let verdict = |(subject, letter): &(&str, char)| {
        let Observation::Judged(Said { status, title, message, value }) = seen(*letter) else { panic!("{letter}") };
        let measure = |value| Measure { name: "used".into(), value, unit: "%".into(), warning: None, critical: None };
        let [subject, title, message] = [*subject, title, message].map(str::to_owned);
        let measures = value.map(measure).into_iter().collect();
        Verdict { status, subject, title, message, measures, attributes: Labels::none() }
    };
    let outcome = match said {
        [("!", _)] => Err(Failure::new(Reason::Trap, "wasm trap")),
        _ => Ok(said.iter().map(verdict).collect()),
    };
    Evaluation {
        instance: instance.to_owned(),
        channel: format!("{instance} team"),
        owner: format!("{instance} owner"),
        module: None,
        settings: Settings::new(),
        outcome,
        fuel: 0,
        duration: Duration::ZERO,
    }
}

pub(super) const FAILS: &[(&str, char)] = &[("!", 'x')];

/// Runs five minutes apart.
pub(super) struct Runs {
    pub(super) rule: Rule,
    pub(super) alerts: Alerts,
    pub(super) now: Timestamp,
}

impl Runs {
    pub(super) fn new(rule: Rule) -> Self {
        Self { rule, alerts: Alerts::new(), now: start() }
    }

    pub(super) fn run(&mut self, evaluations: &[Evaluation]) -> Advanced {
        self.now = self.now.checked_add(SignedDuration::from_secs(EVERY)).unwrap();
        let advanced = advance(&self.alerts, evaluations, |_| self.rule.clone(), self.now);
        self.alerts = advanced.alerts.clone();
        advanced
    }

    /// What a run of one instance tells: `disk//var raised WARNING`.
    fn tells(&mut self, evaluations: &[Evaluation]) -> Vec<String> {
        let told = |(key, transition): &(AlertKey, Transition)| {
            let AlertKey { instance, subject } = key;
            format!("{instance}/{subject} {} {}", transition.kind.as_str(), transition.level.level())
        };
        self.run(evaluations).transitions.iter().map(told).collect()
    }

    fn kept(&self) -> Vec<String> {
        self.alerts.keys().map(|key| format!("{}/{}", key.instance, key.subject)).collect()
    }
}

#[test]
fn each_subject_is_an_alert_of_its_own() {
    let mut runs = Runs::new(plain());
    let told = runs.tells(&[evaluation("disk", &[("/", 'w'), ("/var", 'c')]), evaluation("spare", &[("/", 'w')])]);
    assert_eq!(told, ["disk// raised WARNING", "disk//var raised CRITICAL", "spare// raised WARNING"]);
    let told = runs.tells(&[evaluation("disk", &[("/", 'o'), ("/var", 'c')]), evaluation("spare", &[("/", 'w')])]);
    assert_eq!(told, ["disk// resolved OK"]);
}

#[test]
fn each_instance_has_its_rule() {
    let evaluations = [evaluation("disk", &[("/", 'w')]), evaluation("spare", &[("/", 'w')])];
    let rules = |instance: &str| Rule { hold: minutes(if instance == "disk" { 0 } else { 10 }), ..plain() };
    let advanced = advance(&Alerts::new(), &evaluations, rules, start());
    let phases: Vec<_> = advanced.alerts.values().map(|alert| alert.phase).collect();
    assert_eq!(phases, [Phase::Firing, Phase::Pending]);
}

#[test]
fn a_check_that_fails_is_told_once_and_so_is_its_return() {
    let mut runs = Runs::new(plain());
    runs.run(&[evaluation("disk", &[("/", 'w'), ("/var", 'c'), ("/srv", 'o')])]);
    assert_eq!(runs.tells(&[evaluation("disk", FAILS)]), ["disk/ unknown UNKNOWN"]);
    assert_eq!(runs.tells(&[evaluation("disk", FAILS)]), NOTHING);
    assert_eq!(runs.kept(), ["disk/", "disk//", "disk//var"]);
    let told = runs.tells(&[evaluation("disk", &[("/", 'o'), ("/var", 'c'), ("/srv", 'o')])]);
    assert_eq!(told, ["disk/ resolved OK", "disk// resolved OK"]);
    assert_eq!(runs.kept(), ["disk//var"]);
}

#[test]
fn a_check_that_fails_is_told_when_the_wait_is_over() {
    for rule in [Rule { hold: minutes(15), ..plain() }, Rule { on_unknown: OnUnknown::Keep, ..plain() }] {
        let mut runs = Runs::new(rule);
        (0..3).for_each(|_| assert_eq!(runs.tells(&[evaluation("disk", FAILS)]), NOTHING));
        assert_eq!(runs.tells(&[evaluation("disk", FAILS)]), ["disk/ unknown UNKNOWN"]);
    }
}

#[test]
fn a_check_of_the_host_that_fails_is_unknown_and_goes_on() {
    let mut runs = Runs::new(plain());
    runs.run(&[evaluation("cpu", &[("", 'c')])]);
    assert_eq!(runs.tells(&[evaluation("cpu", FAILS)]), ["cpu/ unknown UNKNOWN"]);
    assert_eq!(runs.tells(&[evaluation("cpu", &[("", 'c')])]), ["cpu/ escalated CRITICAL"]);
}

#[test]
fn a_host_that_is_no_longer_mentioned_is_not_resolved_by_other_subjects() {
    for letter in ['u', 'c'] {
        let mut runs = Runs::new(plain());
        runs.run(&[evaluation("cpu", &[("", letter)])]);
        let told: Vec<_> = (0..6).flat_map(|_| runs.tells(&[evaluation("cpu", &[("cpu0", 'o')])])).collect();
        assert_eq!(told, ["cpu/ stale UNKNOWN"], "{letter}");
    }
}

#[test]
fn a_check_that_fails_now_and_then_flaps_and_settles_although_it_has_no_verdict_of_its_own() {
    let mut runs = Runs::new(Rule { repeat_interval: None, ..Rule::default() });
    let (fails, judges) = ([evaluation("disk", FAILS)], [evaluation("disk", &[("/", 'o')])]);
    let told: Vec<_> = (0..10).flat_map(|_| [runs.tells(&judges), runs.tells(&fails)].concat()).collect();
    assert_eq!(told.last().unwrap(), "disk/ flapping_started OK");
    let told: Vec<_> = (0..40).flat_map(|_| runs.tells(&judges)).collect();
    assert_eq!(told, ["disk/ flapping_ended OK"]);
    assert!(runs.alerts.is_empty());
}

#[test]
fn a_removed_instance_is_closed_and_forgotten() {
    let mut runs = Runs::new(plain());
    runs.run(&[evaluation("disk", &[("/", 'w')]), evaluation("cpu", &[("", 'o')])]);
    assert_eq!(runs.tells(&[evaluation("cpu", &[("", 'o')])]), ["disk// stale UNKNOWN"]);
    assert!(runs.alerts.is_empty());
    assert_eq!(runs.tells(&[evaluation("cpu", &[("", 'o')])]), NOTHING);
}

#[test]
fn a_checks_directory_that_cannot_be_read_removes_no_check() {
    let mut runs = Runs::new(plain());
    runs.run(&[evaluation("mill", &[("/", 'w')])]);
    assert_eq!(runs.tells(&[evaluation(CHECKS_DIRECTORY, FAILS)]), ["checks directory/ unknown UNKNOWN"]);
    assert_eq!(runs.kept(), ["checks directory/", "mill//"]);
    assert_eq!(runs.tells(&[evaluation("mill", &[("/", 'w')])]), ["checks directory/ resolved OK"]);
    assert_eq!(runs.kept(), ["mill//"]);
}

#[test]
fn what_is_well_is_not_kept() {
    let mut runs = Runs::new(Rule::default());
    runs.run(&[evaluation("disk", &[("/", 'o'), ("/var", 'o')]), evaluation("cpu", &[("", 'o')])]);
    assert!(runs.alerts.is_empty());
}

#[test]
fn what_was_bad_is_kept_as_long_as_it_counts_for_flapping() {
    let mut runs = Runs::new(Rule::default());
    runs.run(&[evaluation("disk", &[("/", 'w')])]);
    for number in 0..40 {
        runs.run(&[evaluation("disk", &[("/", 'o')])]);
        assert_eq!(runs.alerts.is_empty(), number >= 20, "{number}");
    }
}

#[test]
fn processes_that_come_and_go_leave_nothing_behind() {
    let mut runs = Runs::new(Rule { hold: minutes(10), ..Rule::default() });
    let said = |pid: usize| if pid.is_multiple_of(3) { 'w' } else { 'o' };
    for run in 0..200 {
        let pids: Vec<_> = (run * 5..run * 5 + 5).map(|pid| (pid.to_string(), said(pid))).collect();
        let pids: Vec<_> = pids.iter().map(|(pid, letter)| (pid.as_str(), *letter)).collect();
        assert_eq!(runs.tells(&[evaluation("process", &pids)]), NOTHING);
        assert!(runs.alerts.len() <= 8, "{}", runs.alerts.len());
    }
}

#[test]
fn what_never_comes_back_is_forgotten_after_a_day() {
    let mut runs = Runs::new(plain());
    runs.run(&[evaluation("disk", &[("/mnt", 'w')])]);
    let day = 4 + 24 * 12;
    let told: Vec<_> = (0..day - 1).flat_map(|_| runs.tells(&[evaluation("disk", &[])])).collect();
    assert_eq!(told, ["disk//mnt stale UNKNOWN"]);
    assert_eq!(runs.kept(), ["disk//mnt"]);
    assert_eq!(runs.tells(&[evaluation("disk", &[])]), NOTHING);
    assert!(runs.alerts.is_empty());
}

#[test]
fn what_is_never_stale_is_kept_when_people_know_of_it() {
    let mut runs = Runs::new(Rule { stale_after: None, hold: minutes(5), ..plain() });
    runs.run(&[evaluation("disk", &[("/a", 'w')])]);
    runs.run(&[evaluation("disk", &[("/a", 'w'), ("/b", 'w')])]);
    assert_eq!(runs.kept(), ["disk//a", "disk//b"]);
    (0..1000).for_each(|_| assert_eq!(runs.tells(&[evaluation("disk", &[])]), NOTHING));
    assert_eq!(runs.kept(), ["disk//a"]);
}
