//! The words of notifications.

use checkpost_model::check::Evaluation;

use super::advance::{FAILURE, Runs, evaluation};
use super::*;

fn notify(runs: &mut Runs, evaluations: &[Evaluation]) -> Vec<Notification> {
    let previous = runs.alerts.clone();
    let advanced = runs.run(evaluations);
    transition_notifications(&advanced, &previous, evaluations)
}

#[test]
fn bad_verdicts_are_notified_in_every_run_worst_first() {
    let evaluations = [
        evaluation("disk", &[("/", 'w'), ("/srv", 'o'), ("/var", 'c'), ("/opt", 'u')]),
        evaluation("mill", FAILURE),
        evaluation("cpu", &[("", 'c')]),
    ];
    for _ in 0..2 {
        let notified = notifications(&evaluations);
        let notified: Vec<_> = notified.iter().map(|n| (n.check.as_str(), n.subject.as_str(), n.kind)).collect();
        assert_eq!(
            notified,
            [
                ("disk", "/var", Kind::Raised),
                ("cpu", "", Kind::Raised),
                ("disk", "/opt", Kind::Unknown),
                ("mill", "", Kind::Unknown),
                ("disk", "/", Kind::Raised),
            ]
        );
    }
}

#[test]
fn raised_notification_reads_the_same_with_every_run() {
    let evaluations = [evaluation("disk", &[("/", 'w'), ("/var", 'c'), ("/opt", 'u')]), evaluation("mill", FAILURE)];
    let notified = notify(&mut Runs::new(Rule::default()), &evaluations);
    assert_eq!(notified, notifications(&evaluations));
}

#[test]
fn kinds_have_their_words() {
    let rule = Rule { flapping: None, ..Rule::default() };
    let mut runs = Runs::new(rule);
    let mut notified = |letter: char| {
        let notifications = notify(&mut runs, &[evaluation("disk", &[("/var", letter)])]);
        let texts = notifications.into_iter().next().map(|n| (n.kind.as_str(), n.level.level(), n.title, n.message));
        runs.now = runs.now.checked_add(SignedDuration::from_hours(5)).unwrap();
        texts.unwrap()
    };
    let mut expect = |letter, kind, level, title: &str, message: &str| {
        assert_eq!(notified(letter), (kind, level, title.to_owned(), message.to_owned()));
    };
    let (usage_91, usage_97) = ("Disk usage of /var is 91.0%", "Disk usage of /var is 97.0%");
    expect('w', "raised", "WARNING", "High disk usage", usage_91);
    expect('c', "escalated", "CRITICAL", "Escalated: High disk usage", usage_97);
    expect('c', "reminder", "CRITICAL", "Still: High disk usage", usage_97);
    expect('w', "de_escalated", "WARNING", "De-escalated: High disk usage", usage_91);
    expect('o', "resolved", "OK", "Resolved: High disk usage", "Disk usage of /var is 50.0%");
    expect('u', "unknown", "UNKNOWN", "Disk usage unknown", "no reading of /var");
    expect('u', "reminder", "UNKNOWN", "Still: Disk usage unknown", "no reading of /var");
    expect('o', "resolved", "OK", "Resolved: Disk usage unknown", "Disk usage of /var is 50.0%");
}

#[test]
fn recovery_from_unknown_has_the_headline_announced_first() {
    let mut runs = Runs::new(plain());
    for letter in ['w', 'u'] {
        notify(&mut runs, &[evaluation("disk", &[("/var", letter)])]);
    }
    let notified = notify(&mut runs, &[evaluation("disk", &[("/var", 'o')])]);
    assert_eq!(notified[0].title, "Resolved: High disk usage");
}

#[test]
fn recovery_of_a_failed_check_says_that_the_check_judges_again() {
    let mut runs = Runs::new(plain());
    let notified = notify(&mut runs, &[evaluation("disk", FAILURE)]);
    assert_eq!(notified[0].title, "Check 'disk' could not judge");
    assert_eq!(notified[0].message, "trap: wasm trap (report it to the author of the check)");
    let notified = notify(&mut runs, &[evaluation("disk", &[("/var", 'o')])]);
    assert_eq!(notified[0].title, "Resolved: Check 'disk' could not judge");
    assert_eq!((notified[0].level, notified[0].message.as_str()), (Status::Ok, "The check judges again."));
}

#[test]
fn flapping_and_stale_have_their_words() {
    let mut runs = Runs::new(Rule { repeat_interval: None, ..Rule::default() });
    let mut titles = Vec::new();
    for letter in "owowowo".chars().chain("o".repeat(15).chars()).chain(['w']) {
        let notified = notify(&mut runs, &[evaluation("disk", &[("/var", letter)])]);
        titles.extend(notified.into_iter().map(|n| n.title));
    }
    for _ in 0..4 {
        let notified = notify(&mut runs, &[evaluation("disk", &[])]);
        titles.extend(notified.into_iter().map(|n| n.title));
    }
    let last: Vec<_> = titles.iter().skip(5).collect();
    assert_eq!(
        last,
        [
            "Flapping: High disk usage",
            "No longer flapping: High disk usage",
            "High disk usage",
            "Stale: High disk usage"
        ]
    );
}

#[test]
fn recoveries_come_after_bad_levels() {
    let mut runs = Runs::new(plain());
    notify(&mut runs, &[evaluation("disk", &[("/a", 'c'), ("/b", 'o'), ("/c", 'w'), ("/d", 'o')])]);
    let notified = notify(&mut runs, &[evaluation("disk", &[("/a", 'o'), ("/b", 'w'), ("/c", 'u'), ("/d", 'c')])]);
    let subjects: Vec<_> = notified.iter().map(|n| n.subject.as_str()).collect();
    assert_eq!(subjects, ["/d", "/c", "/b", "/a"]);
}

#[test]
fn removed_check_is_notified_to_its_previous_channel() {
    let mut runs = Runs::new(plain());
    let notified = notify(&mut runs, &[evaluation("disk", &[("/", 'w')])]);
    assert_eq!(notified[0].channel, "disk team");
    let notified = notify(&mut runs, &[]);
    assert_eq!((notified[0].channel.as_str(), notified[0].kind), ("disk team", Kind::Stale));
    assert_eq!((notified[0].check.as_str(), notified[0].subject.as_str()), ("disk", "/"));
}
