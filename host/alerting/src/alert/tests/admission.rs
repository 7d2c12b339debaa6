//! Limits on the alerts of one instance, of all found modules, and on what these add to the database in one run.

use checkpost_model::check::{CHECKS_DIRECTORY, Evaluation, TOO_MANY_SUBJECTS};

use super::advance::{FAILURE, Runs, evaluation};
use super::*;

/// Names with these numbers.
fn subjects(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|number| format!("subject {number:04}")).collect()
}

/// The evaluation of an instance that judges so many subjects as this letter.
fn crowd(instance: &str, numbers: std::ops::Range<usize>, letter: char) -> Evaluation {
    let subjects = subjects(numbers);
    let verdicts: Vec<_> = subjects.iter().map(|subject| (subject.as_str(), letter)).collect();
    evaluation(instance, &verdicts)
}

fn found(evaluation: Evaluation) -> Evaluation {
    Evaluation { is_found: true, ..evaluation }
}

/// The notifications about the subjects without an alert: `aaa raised CRITICAL: 3 more …`.
fn overflows(advanced: &Advanced) -> Vec<String> {
    let overflows = advanced.transitions.iter().filter(|(key, _)| key.subject == TOO_MANY_SUBJECTS);
    let text = |(key, transition): &(AlertKey, Transition)| {
        let message = transition.message.split(':').next().unwrap();
        format!("{} {} {}: {message}", key.instance, transition.kind.as_str(), transition.level.level())
    };
    overflows.map(text).collect()
}

/// The alerts of an instance, without the one that stands for the others.
fn alerts_of(runs: &Runs, instance: &str) -> usize {
    runs.alerts.keys().filter(|key| key.instance == instance && key.subject != TOO_MANY_SUBJECTS).count()
}

#[test]
fn hundred_new_subjects_have_an_alert_each() {
    let mut runs = Runs::new(plain());
    let advanced = runs.run(&[crowd("aaa", 0..MAX_NEW_ALERTS, 'c')]);
    assert_eq!((advanced.transitions.len(), overflows(&advanced)), (MAX_NEW_ALERTS, vec![]));
}

#[test]
fn more_new_subjects_are_one_alert_until_the_hour_is_over() {
    let mut runs = Runs::new(plain());
    let advanced = runs.run(&[crowd("aaa", 0..MAX_NEW_ALERTS + 2, 'c')]);
    let message = "aaa raised CRITICAL: 2 more bad subjects have no alert of their own, the worst is CRITICAL";
    assert_eq!(overflows(&advanced), [message]);
    assert_eq!((advanced.transitions.len(), alerts_of(&runs, "aaa")), (MAX_NEW_ALERTS + 1, MAX_NEW_ALERTS));
    // Eleven runs later it is not an hour yet.
    let transitions: Vec<_> =
        (0..11).flat_map(|_| runs.run(&[crowd("aaa", 0..MAX_NEW_ALERTS + 2, 'c')]).transitions).collect();
    assert_eq!(transitions, []);
    let advanced = runs.run(&[crowd("aaa", 0..MAX_NEW_ALERTS + 2, 'c')]);
    assert_eq!(overflows(&advanced), ["aaa resolved OK: Every bad subject has an alert of its own."]);
    assert_eq!((advanced.transitions.len(), alerts_of(&runs, "aaa")), (3, MAX_NEW_ALERTS + 2));
}

#[test]
fn worst_subjects_get_an_alert_first_and_keep_it() {
    let mut runs = Runs::new(plain());
    let (warnings, criticals) = (subjects(0..150), subjects(150..250));
    let verdicts = warnings.iter().map(|subject| (subject.as_str(), 'w'));
    let verdicts: Vec<_> = verdicts.chain(criticals.iter().map(|subject| (subject.as_str(), 'c'))).collect();
    let advanced = runs.run(&[evaluation("aaa", &verdicts)]);
    assert_eq!(advanced.transitions.iter().filter(|(_, t)| t.level == Status::Critical).count(), 100);
    assert_eq!(
        overflows(&advanced),
        ["aaa raised WARNING: 150 more bad subjects have no alert of their own, the worst is WARNING"]
    );
    // What has an alert has the right to be notified of its end.
    let advanced = runs.run(&[crowd("aaa", 0..250, 'o')]);
    let resolved = advanced.transitions.iter().filter(|(_, transition)| transition.kind == Kind::Resolved).count();
    assert_eq!(resolved, 101);
}

#[test]
fn instance_has_at_most_a_thousand_alerts() {
    let mut runs = Runs::new(plain());
    for hour in 1..=12 {
        for _ in 0..12 {
            runs.run(&[crowd("aaa", 0..hour * 100, 'w'), evaluation("cpu", &[("", 'c')])]);
        }
        assert_eq!(alerts_of(&runs, "aaa"), MAX_ALERTS.min(hour * 100), "{hour}");
    }
    assert_eq!(alerts_of(&runs, "cpu"), 1);
}

#[test]
fn subjects_that_come_and_go_are_counted_for_an_hour() {
    let mut runs = Runs::new(plain());
    // In every minute forty new subjects are bad, ok in the next, and then gone.
    let mut raised = 0;
    for minute in 0..60 {
        let (was, is) = (subjects(40 * minute..40 * (minute + 1)), subjects(40 * (minute + 1)..40 * (minute + 2)));
        let verdicts = was.iter().map(|subject| (subject.as_str(), 'o'));
        let verdicts: Vec<_> = verdicts.chain(is.iter().map(|subject| (subject.as_str(), 'c'))).collect();
        runs.now = runs.now.checked_add(SignedDuration::from_secs(60 - EVERY)).unwrap();
        let advanced = runs.run(&[evaluation("aaa", &verdicts)]);
        let is_raised = |(key, transition): &&(AlertKey, Transition)| {
            transition.kind == Kind::Raised && key.subject != TOO_MANY_SUBJECTS
        };
        raised += advanced.transitions.iter().filter(is_raised).count();
    }
    assert_eq!(raised, MAX_NEW_ALERTS);
    assert!(alerts_of(&runs, "aaa") <= MAX_NEW_ALERTS);
}

#[test]
fn host_and_failure_have_their_alert_whatever_the_crowd() {
    let mut runs = Runs::new(plain());
    runs.run(&[crowd("aaa", 0..150, 'c')]);
    let failed = runs.run(&[evaluation("aaa", FAILURE)]);
    assert_eq!(failed.transitions.len(), 1);
    let host = runs.run(&[evaluation("aaa", &[("", 'c'), ("other", 'c')])]);
    let subjects: Vec<_> = host.transitions.iter().map(|(key, _)| key.subject.as_str()).collect();
    assert_eq!(subjects, [""], "the other subject has no room");
}

#[test]
fn found_modules_share_the_limits_of_one_instance_besides_the_worst_of_each() {
    let mut runs = Runs::new(plain());
    let mut evaluations: Vec<_> = (0..30).map(|n| found(crowd(&format!("found-{n:02}"), 0..10, 'c'))).collect();
    evaluations.push(crowd("declared", 0..50, 'w'));
    let advanced = runs.run(&evaluations);
    let message =
        "checks directory raised CRITICAL: 170 more bad subjects have no alert of their own, the worst is CRITICAL";
    assert_eq!(overflows(&advanced), [message]);
    let of = |instance: &str| alerts_of(&runs, instance);
    assert_eq!(of("declared"), 50);
    assert!((0..30).all(|n| of(&format!("found-{n:02}")) >= 1));
    assert_eq!(runs.alerts.values().filter(|alert| alert.is_found).count(), 30 + MAX_NEW_ALERTS);
    let ended: Vec<_> = (0..30).map(|n| found(crowd(&format!("found-{n:02}"), 0..10, 'o'))).collect();
    assert_eq!(
        overflows(&runs.run(&ended)),
        ["checks directory resolved OK: Every bad subject has an alert of its own."]
    );
}

#[test]
fn removed_crowd_leaves_nothing() {
    let mut runs = Runs::new(plain());
    runs.run(&[crowd("aaa", 0..150, 'c')]);
    let advanced = runs.run(&[]);
    assert!(advanced.transitions.iter().all(|(_, transition)| transition.kind == Kind::Stale));
    assert_eq!((advanced.transitions.len(), runs.alerts.len()), (MAX_NEW_ALERTS + 1, 0));
}

/// Runs in which found modules have an allowance.
fn run_within(runs: &mut Runs, bytes: usize, evaluations: &[Evaluation]) -> Advanced {
    runs.now = runs.now.checked_add(SignedDuration::from_secs(EVERY)).unwrap();
    let allowance = FoundAllowance { bytes, message_bytes: 0 };
    let run = Run::within(allowance, &runs.alerts, evaluations, |_| runs.rule.clone(), runs.now);
    let advanced = run.settle(|_| None);
    runs.alerts = advanced.alerts.clone();
    advanced
}

/// The transitions of found modules, by key.
fn of_found(advanced: &Advanced) -> Vec<&AlertKey> {
    advanced
        .transitions
        .iter()
        .map(|(key, _)| key)
        .filter(|key| key.instance != CHECKS_DIRECTORY && key.instance != "cpu")
        .collect()
}

#[test]
fn what_the_allowance_leaves_out_is_notified_in_later_runs() {
    let mut runs = Runs::new(plain());
    let judged = |letter| {
        let found = (0..20).map(|n| found(evaluation(&format!("found-{n:02}"), &[("", letter)])));
        found.chain([evaluation("cpu", &[("", letter)])]).collect::<Vec<_>>()
    };
    for letter in ['c', 'o'] {
        let mut heard = Vec::new();
        for number in 0..20 {
            let advanced = run_within(&mut runs, 4_500, &judged(letter));
            let is_cpu = advanced.transitions.iter().any(|(key, _)| key.instance == "cpu");
            assert_eq!(is_cpu, number == 0, "a declared instance never waits");
            let some = of_found(&advanced);
            assert!(some.len() < 12, "{}", some.len());
            heard.extend(some.into_iter().cloned());
        }
        heard.sort();
        let count = heard.len();
        heard.dedup();
        assert_eq!((heard.len(), count), (20, 20), "{letter}");
    }
    assert!(overflows(&run_within(&mut runs, 4_500, &judged('o'))).is_empty());
}

#[test]
fn worst_of_each_found_module_comes_first() {
    let mut runs = Runs::new(plain());
    let evaluations = [found(crowd("aaa", 0..50, 'c')), found(evaluation("raid", &[("md0", 'w')]))];
    let advanced = run_within(&mut runs, 4_500, &evaluations);
    let keys: Vec<_> = of_found(&advanced).into_iter().map(AlertKey::name).collect();
    assert!(keys.len() < 5 && keys.contains(&"raid md0".to_owned()), "{keys:?}");
    assert_eq!(overflows(&advanced).len(), 1);
}

#[test]
fn removed_found_modules_are_notified_in_later_runs() {
    let mut runs = Runs::new(plain());
    let evaluations: Vec<_> = (0..20).map(|n| found(evaluation(&format!("found-{n:02}"), &[("", 'c')]))).collect();
    runs.run(&evaluations);
    let mut stale = 0;
    for _ in 0..20 {
        let advanced = run_within(&mut runs, 4_500, &[]);
        assert!(of_found(&advanced).len() < 12);
        stale += advanced.transitions.iter().filter(|(_, transition)| transition.kind == Kind::Stale).count();
    }
    assert_eq!((stale, runs.alerts.len()), (20, 0));
}

#[test]
fn suppressed_notifications_of_found_modules_wait_too() {
    let mut runs = Runs::new(plain());
    let evaluations: Vec<_> = (0..20).map(|n| found(evaluation(&format!("found-{n:02}"), &[("", 'c')]))).collect();
    let mut stored = 0;
    for _ in 0..20 {
        runs.now = runs.now.checked_add(SignedDuration::from_secs(EVERY)).unwrap();
        let allowance = FoundAllowance { bytes: 4_500, message_bytes: 0 };
        let run = Run::within(allowance, &runs.alerts, &evaluations, |_| plain(), runs.now);
        let advanced = run.settle(|update| update.alert.is_found.then(|| "silence 1".to_owned()));
        let suppressed = advanced.transitions.iter().filter(|(_, transition)| transition.suppressed.is_some()).count();
        assert!(suppressed < 5, "{suppressed}");
        stored += suppressed;
        runs.alerts = advanced.alerts;
    }
    assert_eq!(stored, 20);
}
