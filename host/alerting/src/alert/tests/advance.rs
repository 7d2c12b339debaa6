//! All alerts of a run.

use checkpost_model::check::{CHECKS_DIRECTORY, Evaluation, Failure, Measure, Reason, Settings, Verdict};
use checkpost_model::metric::Labels;

use super::*;

/// The evaluation of an instance with a verdict for each subject and letter. [`FAILURE`]: the check failed.
pub(super) fn evaluation(instance: &str, verdicts: &[(&str, char)]) -> Evaluation {
    let verdict = |(subject, letter): &(&str, char)| {
        let Observation::Judged(Judgement { status, title, message, value }) = observation(*letter) else {
            panic!("{letter}")
        };
        let measure = |value| Measure { name: "used".into(), value, unit: "%".into(), warning: None, critical: None };
        let [subject, title, message] = [*subject, title, message].map(str::to_owned);
        let measures = value.map(measure).into_iter().collect();
        Verdict { status, subject, title, message, measures, attributes: Labels::none() }
    };
    let outcome = match verdicts {
        [("!", _)] => Err(Failure::new(Reason::Trap, "wasm trap")),
        _ => Ok(verdicts.iter().map(verdict).collect()),
    };
    Evaluation {
        instance: instance.to_owned(),
        channel: format!("{instance} team"),
        owner: format!("{instance} owner"),
        is_found: false,
        module: None,
        settings: Settings::new(),
        outcome,
        fuel: 0,
        duration: Duration::ZERO,
    }
}

/// Instead of verdicts: the check failed.
pub(super) const FAILURE: &[(&str, char)] = &[("!", 'x')];

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

    /// The notifications of a run: `disk//var raised WARNING`.
    fn notified(&mut self, evaluations: &[Evaluation]) -> Vec<String> {
        let text = |(key, transition): &(AlertKey, Transition)| {
            let AlertKey { instance, subject } = key;
            format!("{instance}/{subject} {} {}", transition.kind.as_str(), transition.level.level())
        };
        self.run(evaluations).transitions.iter().map(text).collect()
    }

    /// The retained alerts: `disk//var`.
    fn retained(&self) -> Vec<String> {
        self.alerts.keys().map(|key| format!("{}/{}", key.instance, key.subject)).collect()
    }
}

#[test]
fn subject_has_an_alert_of_its_own() {
    let mut runs = Runs::new(plain());
    let notified =
        runs.notified(&[evaluation("disk", &[("/", 'w'), ("/var", 'c')]), evaluation("spare", &[("/", 'w')])]);
    assert_eq!(notified, ["disk// raised WARNING", "disk//var raised CRITICAL", "spare// raised WARNING"]);
    let notified =
        runs.notified(&[evaluation("disk", &[("/", 'o'), ("/var", 'c')]), evaluation("spare", &[("/", 'w')])]);
    assert_eq!(notified, ["disk// resolved OK"]);
}

#[test]
fn instance_has_a_rule_of_its_own() {
    let evaluations = [evaluation("disk", &[("/", 'w')]), evaluation("spare", &[("/", 'w')])];
    let rules = |instance: &str| Rule { pending_for: minutes(if instance == "disk" { 0 } else { 10 }), ..plain() };
    let advanced = advance(&Alerts::new(), &evaluations, rules, start());
    let phases: Vec<_> = advanced.alerts.values().map(|alert| alert.phase).collect();
    assert_eq!(phases, [Phase::Firing, Phase::Pending]);
}

#[test]
fn check_failure_and_its_end_are_notified_once() {
    let mut runs = Runs::new(plain());
    runs.run(&[evaluation("disk", &[("/", 'w'), ("/var", 'c'), ("/srv", 'o')])]);
    assert_eq!(runs.notified(&[evaluation("disk", FAILURE)]), ["disk/ unknown UNKNOWN"]);
    assert_eq!(runs.notified(&[evaluation("disk", FAILURE)]), NOTHING);
    assert_eq!(runs.retained(), ["disk/", "disk//", "disk//var"]);
    let notified = runs.notified(&[evaluation("disk", &[("/", 'o'), ("/var", 'c'), ("/srv", 'o')])]);
    assert_eq!(notified, ["disk/ resolved OK", "disk// resolved OK"]);
}

#[test]
fn check_failure_is_notified_after_the_wait() {
    for rule in [Rule { pending_for: minutes(15), ..plain() }, Rule { on_unknown: OnUnknown::Keep, ..plain() }] {
        let mut runs = Runs::new(rule);
        (0..3).for_each(|_| assert_eq!(runs.notified(&[evaluation("disk", FAILURE)]), NOTHING));
        assert_eq!(runs.notified(&[evaluation("disk", FAILURE)]), ["disk/ unknown UNKNOWN"]);
    }
}

#[test]
fn host_alert_of_a_failed_check_is_unknown_and_continues() {
    let mut runs = Runs::new(plain());
    runs.run(&[evaluation("cpu", &[("", 'c')])]);
    assert_eq!(runs.notified(&[evaluation("cpu", FAILURE)]), ["cpu/ unknown UNKNOWN"]);
    assert_eq!(runs.notified(&[evaluation("cpu", &[("", 'c')])]), ["cpu/ escalated CRITICAL"]);
}

#[test]
fn host_alert_is_not_resolved_by_verdicts_about_other_subjects() {
    for letter in ['u', 'c'] {
        let mut runs = Runs::new(plain());
        runs.run(&[evaluation("cpu", &[("", letter)])]);
        let notified: Vec<_> = (0..6).flat_map(|_| runs.notified(&[evaluation("cpu", &[("cpu0", 'o')])])).collect();
        assert_eq!(notified, ["cpu/ stale UNKNOWN"], "{letter}");
    }
}

#[test]
fn alert_of_a_check_that_fails_now_and_then_flaps_and_settles() {
    let mut runs = Runs::new(Rule { repeat_interval: None, ..Rule::default() });
    let (fails, judges) = ([evaluation("disk", FAILURE)], [evaluation("disk", &[("/", 'o')])]);
    let notified: Vec<_> = (0..10).flat_map(|_| [runs.notified(&judges), runs.notified(&fails)].concat()).collect();
    assert_eq!(notified.last().unwrap(), "disk/ flapping_started OK");
    let notified: Vec<_> = (0..40).flat_map(|_| runs.notified(&judges)).collect();
    assert_eq!(notified, ["disk/ flapping_ended OK"]);
    assert!(runs.alerts.is_empty());
}

#[test]
fn removed_instance_is_notified_and_forgotten() {
    let mut runs = Runs::new(plain());
    runs.run(&[evaluation("disk", &[("/", 'w')]), evaluation("cpu", &[("", 'o')])]);
    assert_eq!(runs.notified(&[evaluation("cpu", &[("", 'o')])]), ["disk// stale UNKNOWN"]);
    assert!(runs.alerts.is_empty());
    assert_eq!(runs.notified(&[evaluation("cpu", &[("", 'o')])]), NOTHING);
}

#[test]
fn unreadable_checks_directory_removes_no_check() {
    let mut runs = Runs::new(plain());
    runs.run(&[evaluation("mill", &[("/", 'w')])]);
    assert_eq!(runs.notified(&[evaluation(CHECKS_DIRECTORY, FAILURE)]), ["checks directory/ unknown UNKNOWN"]);
    assert_eq!(runs.retained(), ["checks directory/", "mill//"]);
    assert_eq!(runs.notified(&[evaluation("mill", &[("/", 'w')])]), ["checks directory/ resolved OK"]);
}

#[test]
fn healthy_subjects_are_not_retained() {
    let mut runs = Runs::new(Rule::default());
    runs.run(&[evaluation("disk", &[("/", 'o'), ("/var", 'o')]), evaluation("cpu", &[("", 'o')])]);
    assert!(runs.alerts.is_empty());
}

#[test]
fn resolved_alert_is_retained_while_it_counts_for_flapping() {
    let mut runs = Runs::new(Rule::default());
    runs.run(&[evaluation("disk", &[("/", 'w')])]);
    for number in 0..40 {
        runs.run(&[evaluation("disk", &[("/", 'o')])]);
        assert_eq!(runs.alerts.is_empty(), number >= 20, "{number}");
    }
}

#[test]
fn processes_that_come_and_go_leave_nothing_behind() {
    let mut runs = Runs::new(Rule { pending_for: minutes(10), ..Rule::default() });
    let letter = |pid: usize| if pid.is_multiple_of(3) { 'w' } else { 'o' };
    for run in 0..200 {
        let pids: Vec<_> = (run * 5..run * 5 + 5).map(|pid| (pid.to_string(), letter(pid))).collect();
        let pids: Vec<_> = pids.iter().map(|(pid, letter)| (pid.as_str(), *letter)).collect();
        assert_eq!(runs.notified(&[evaluation("process", &pids)]), NOTHING);
        assert!(runs.alerts.len() <= 8, "{}", runs.alerts.len());
    }
}

#[test]
fn stale_alert_is_forgotten_after_a_day() {
    let mut runs = Runs::new(plain());
    runs.run(&[evaluation("disk", &[("/mnt", 'w')])]);
    let day = 4 + 24 * 12;
    let notified: Vec<_> = (0..day - 1).flat_map(|_| runs.notified(&[evaluation("disk", &[])])).collect();
    assert_eq!(notified, ["disk//mnt stale UNKNOWN"]);
    assert_eq!(runs.retained(), ["disk//mnt"]);
    assert_eq!(runs.notified(&[evaluation("disk", &[])]), NOTHING);
    assert!(runs.alerts.is_empty());
}

#[test]
fn announced_alert_is_retained_without_stale_after() {
    let mut runs = Runs::new(Rule { stale_after: None, pending_for: minutes(5), ..plain() });
    runs.run(&[evaluation("disk", &[("/a", 'w')])]);
    runs.run(&[evaluation("disk", &[("/a", 'w'), ("/b", 'w')])]);
    assert_eq!(runs.retained(), ["disk//a", "disk//b"]);
    (0..1000).for_each(|_| assert_eq!(runs.notified(&[evaluation("disk", &[])]), NOTHING));
    assert_eq!(runs.retained(), ["disk//a"]);
}
