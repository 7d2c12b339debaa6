//! What people read.

use super::advancing::{FAILS, Runs, evaluation};
use super::*;
use crate::check::Evaluation;

fn tell(runs: &mut Runs, evaluations: &[Evaluation]) -> Vec<Notification> {
    let previous = runs.alerts.clone();
    let advanced = runs.run(evaluations);
    transition_notifications(&advanced, &previous, evaluations)
}

#[test]
fn every_run_tells_everything_that_is_bad_the_worst_first() {
    let evaluations = [
        evaluation("disk", &[("/", 'w'), ("/srv", 'o'), ("/var", 'c'), ("/opt", 'u')]),
        evaluation("mill", FAILS),
        evaluation("cpu", &[("", 'c')]),
    ];
    for _ in 0..2 {
        let told = notifications(&evaluations);
        let told: Vec<_> = told.iter().map(|n| (n.check_name.as_str(), n.subject.as_str(), n.kind)).collect();
        assert_eq!(
            told,
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
fn a_raise_reads_as_every_run_does() {
    let evaluations = [evaluation("disk", &[("/", 'w'), ("/var", 'c'), ("/opt", 'u')]), evaluation("mill", FAILS)];
    let told = tell(&mut Runs::new(Rule::default()), &evaluations);
    assert_eq!(told, notifications(&evaluations));
}

#[test]
fn each_kind_has_its_words() {
    let rule = Rule { flapping: None, ..Rule::default() };
    let mut runs = Runs::new(rule);
    let mut read = |letter: char| {
        let told = tell(&mut runs, &[evaluation("disk", &[("/var", letter)])]);
        let told = told.into_iter().next().map(|n| (n.kind.as_str(), n.level.level(), n.title, n.message));
        runs.now = runs.now.checked_add(SignedDuration::from_hours(5)).unwrap();
        told.unwrap()
    };
    let mut expect = |letter, kind, level, title: &str, message: &str| {
        assert_eq!(read(letter), (kind, level, title.to_owned(), message.to_owned()));
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
fn the_end_of_unknown_is_told_of_what_people_were_told_first() {
    let mut runs = Runs::new(plain());
    for letter in ['w', 'u'] {
        tell(&mut runs, &[evaluation("disk", &[("/var", letter)])]);
    }
    let told = tell(&mut runs, &[evaluation("disk", &[("/var", 'o')])]);
    assert_eq!(told[0].title, "Resolved: High disk usage");
}

#[test]
fn a_check_that_failed_says_that_it_judges_again() {
    let mut runs = Runs::new(plain());
    let told = tell(&mut runs, &[evaluation("disk", FAILS)]);
    assert_eq!(told[0].title, "Check 'disk' could not judge");
    assert_eq!(told[0].message, "trap: wasm trap (report it to the author of the check)");
    let told = tell(&mut runs, &[evaluation("disk", &[("/var", 'o')])]);
    assert_eq!(told[0].title, "Resolved: Check 'disk' could not judge");
    assert_eq!((told[0].level, told[0].message.as_str()), (Status::Ok, "It judges again."));
}

#[test]
fn flapping_and_stale_have_their_words() {
    let mut runs = Runs::new(Rule { repeat_interval: None, ..Rule::default() });
    let mut titles = Vec::new();
    for letter in "owowowo".chars().chain("o".repeat(15).chars()).chain(['w']) {
        let told = tell(&mut runs, &[evaluation("disk", &[("/var", letter)])]);
        titles.extend(told.into_iter().map(|told| told.title));
    }
    (0..4).for_each(|_| titles.extend(tell(&mut runs, &[evaluation("disk", &[])]).into_iter().map(|told| told.title)));
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
fn what_is_over_comes_after_what_is_bad() {
    let mut runs = Runs::new(plain());
    tell(&mut runs, &[evaluation("disk", &[("/a", 'c'), ("/b", 'o'), ("/c", 'w'), ("/d", 'o')])]);
    let told = tell(&mut runs, &[evaluation("disk", &[("/a", 'o'), ("/b", 'w'), ("/c", 'u'), ("/d", 'c')])]);
    let subjects: Vec<_> = told.iter().map(|told| told.subject.as_str()).collect();
    assert_eq!(subjects, ["/d", "/c", "/b", "/a"]);
}

#[test]
fn a_removed_check_tells_the_team_that_it_told_before() {
    let mut runs = Runs::new(plain());
    let told = tell(&mut runs, &[evaluation("disk", &[("/", 'w')])]);
    assert_eq!(told[0].channel, "disk team");
    let told = tell(&mut runs, &[]);
    assert_eq!((told[0].channel.as_str(), told[0].kind), ("disk team", Kind::Stale));
    assert_eq!((told[0].check_name.as_str(), told[0].subject.as_str()), ("disk", "/"));
}
