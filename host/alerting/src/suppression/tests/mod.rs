//! Suppressed alerts, run by run: the reason, and until when.
#![allow(clippy::unwrap_used)]

mod inhibition;

use std::collections::BTreeMap;

use jiff::civil::time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use checkpost_model::check::{Evaluation, Failure, Reason, Settings, Status, Verdict};
use checkpost_model::metric::Labels;

use super::*;
use crate::alert::{Advanced, AlertKey, Alerts, Rule, Run, Transition};

fn now() -> Timestamp {
    "2026-03-28T10:00:00Z".parse().unwrap()
}

fn matchers(text: &str) -> Matchers {
    Matchers::parse(text).unwrap()
}

fn key(text: &str) -> AlertKey {
    let (instance, subject) = text.split_once(' ').unwrap_or((text, ""));
    AlertKey { instance: instance.to_owned(), subject: subject.to_owned() }
}

/// The evaluations of a run: `disk / w` is a warning about `/`, `cpu c` a critical, `cpu x` a failed check.
fn evaluations(verdicts: &[&str]) -> Vec<Evaluation> {
    let mut instances = BTreeMap::<&str, Result<Vec<Verdict>, Failure>>::new();
    for line in verdicts {
        let (alert, letter) = line.rsplit_once(' ').unwrap();
        let AlertKey { instance: _, subject } = key(alert);
        let instance = alert.split(' ').next().unwrap();
        let status = match letter {
            "o" => Status::Ok,
            "w" => Status::Warning,
            "c" => Status::Critical,
            "u" => Status::Unknown,
            _ => {
                instances.insert(instance, Err(Failure::new(Reason::Trap, "wasm trap")));
                continue;
            }
        };
        let (title, message) = ("High disk usage".to_owned(), "It is full".to_owned());
        let verdict = Verdict { status, subject, title, message, measures: Vec::new(), attributes: Labels::none() };
        instances.entry(instance).or_insert(Ok(Vec::new())).as_mut().unwrap().push(verdict);
    }
    let evaluation = |(instance, outcome): (&str, _)| Evaluation {
        instance: instance.to_owned(),
        channel: "ops".to_owned(),
        owner: if instance == "mine" { "alice".to_owned() } else { String::new() },
        is_found: false,
        module: None,
        settings: Settings::new(),
        outcome,
        fuel: 0,
        duration: std::time::Duration::ZERO,
    };
    instances.into_iter().map(evaluation).collect()
}

/// Alerts in runs five minutes apart, and everything that may suppress them.
struct Site {
    alerts: Alerts,
    now: Timestamp,
    silences: Vec<Silence>,
    acknowledgements: Vec<Acknowledgement>,
    maintenance: Vec<Maintenance>,
    inhibit: Vec<Inhibition>,
}

impl Site {
    fn new() -> Self {
        Self {
            alerts: Alerts::new(),
            now: now(),
            silences: Vec::new(),
            acknowledgements: Vec::new(),
            maintenance: Vec::new(),
            inhibit: Vec::new(),
        }
    }

    /// The notifications of a run: `disk / raised`, `disk / raised (silence 1: new disks)`. Drops ended acknowledgements.
    fn run(&mut self, verdicts: &[&str]) -> Vec<String> {
        self.now += SignedDuration::from_mins(5);
        let run = Run::new(&self.alerts, &evaluations(verdicts), |_| Rule::default(), self.now);
        let suppressors = Suppressors {
            silences: &self.silences,
            acknowledgements: &self.acknowledgements,
            maintenance: &self.maintenance,
            inhibit: &self.inhibit,
            host: "web-1",
        };
        let suppression = suppressors.in_run(&run.updates, self.now);
        let Advanced { alerts, transitions, .. } = run.settle(|update| suppression.reason(update));
        let ended = suppression.ended(&alerts);
        self.acknowledgements.retain(|acknowledgement| !ended.contains(&acknowledgement.id));
        self.alerts = alerts;
        let text = |(AlertKey { instance, subject }, transition): (AlertKey, Transition)| {
            let reason = transition.suppressed.map_or(String::new(), |reason| format!(" ({reason})"));
            format!("{instance} {subject} {}{reason}", transition.kind.as_str())
        };
        transitions.into_iter().map(text).collect()
    }

    fn acknowledge(&mut self, alert: &str, level: Status) -> &mut Acknowledgement {
        let acknowledgement = Acknowledgement {
            id: 7,
            key: key(alert),
            level,
            sticky: false,
            until: None,
            author: "alice".to_owned(),
            comment: "on it".to_owned(),
            created: self.now,
        };
        self.acknowledgements.push(acknowledgement);
        self.acknowledgements.last_mut().unwrap()
    }
}

fn silence(id: i64, text: &str, starts: i64, ends: i64) -> Silence {
    let at = |minutes| now() + SignedDuration::from_mins(minutes);
    Silence {
        id,
        matchers: matchers(text),
        starts: at(starts),
        ends: at(ends),
        author: "alice".to_owned(),
        comment: "new\ndisks".to_owned(),
        created: now(),
    }
}

#[test]
fn silence_is_active_from_its_start_until_just_before_its_end() {
    let silence = silence(3, "check=disk", 10, 20);
    let is_active = |minutes: i64| silence.is_active(now() + SignedDuration::from_mins(minutes));
    assert_eq!([9, 10, 19, 20].map(is_active), [false, true, true, false]);
    assert!(silence.is_active_or_pending(now()) && !silence.is_active_or_pending(silence.ends));
}

#[test]
fn silence_suppresses_matching_alerts_with_the_reason_on_one_line() {
    let mut site = Site::new();
    site.silences = vec![silence(3, "check=disk subject=~\"/mnt/.*\"", 0, 15), silence(4, "check=disk", 0, 5)];
    let notified = site.run(&["disk / w", "disk /mnt/a w"]);
    assert_eq!(notified, ["disk / raised", "disk /mnt/a raised (silence 3: new\\u{a}disks)"], "silence 4 has ended");
    assert!(site.run(&["disk / w", "disk /mnt/a w"]).is_empty());
    assert_eq!(site.run(&["disk / w", "disk /mnt/a w"]), ["disk /mnt/a raised"]);
}

#[test]
fn recovery_matches_the_level_of_its_alert() {
    let mut site = Site::new();
    site.run(&["disk / w"]);
    site.silences = vec![silence(3, "level=warning", 0, 60)];
    assert_eq!(site.run(&["disk / o"]), ["disk / resolved (silence 3: new\\u{a}disks)"]);
}

#[test]
fn reason_is_bounded() {
    let mut site = Site::new();
    site.silences = vec![Silence { comment: "x".repeat(10_000), ..silence(3, "check=disk", 0, 60) }];
    assert_eq!(site.run(&["disk / w"])[0].chars().count(), "disk / raised ()".len() + 256);
}

#[test]
fn maintenance_suppresses_alerts_while_its_window_is_open() {
    let mut site = Site::new();
    let window =
        Window { zone: TimeZone::UTC, start: time(10, 0, 0, 0), end: time(10, 15, 0, 0), days: Days::default() };
    site.maintenance = vec![Maintenance { name: "backup".to_owned(), matchers: matchers("check=disk"), window }];
    assert_eq!(site.run(&["cpu c", "disk / w"]), ["cpu  raised", "disk / raised (maintenance backup)"]);
    site.run(&["cpu c", "disk / w"]);
    assert_eq!(site.run(&["cpu c", "disk / w"]), ["disk / raised"]);
}

#[test]
fn acknowledged_alert_is_suppressed_until_it_ends() {
    let mut site = Site::new();
    site.run(&["disk / c"]);
    site.acknowledge("disk /", Status::Critical);
    site.now += SignedDuration::from_hours(5);
    assert_eq!(site.run(&["disk / c"]), ["disk / reminder (acknowledged by alice: on it)"]);
    assert_eq!(site.run(&["disk / w"]), ["disk / de_escalated (acknowledged by alice: on it)"]);
    assert_eq!(
        site.run(&["disk / c"]),
        ["disk / escalated (acknowledged by alice: on it)"],
        "not worse than when acknowledged"
    );
    assert_eq!(site.acknowledgements.len(), 1);
    assert_eq!(site.run(&["disk / o"]), ["disk / resolved"]);
    assert!(site.acknowledgements.is_empty());
    assert_eq!(site.run(&["disk / w"]), ["disk / raised"]);
}

#[test]
fn acknowledgement_applies_to_one_alert() {
    let mut site = Site::new();
    site.run(&["disk / w", "disk /var w"]);
    site.acknowledge("disk /", Status::Warning);
    site.now += SignedDuration::from_hours(5);
    let notified = site.run(&["disk / w", "disk /var w"]);
    assert_eq!(notified, ["disk / reminder (acknowledged by alice: on it)", "disk /var reminder"]);
}

#[test]
fn acknowledgement_ends_when_the_alert_gets_worse_unless_sticky() {
    for (sticky, expected) in [(false, "disk / escalated"), (true, "disk / escalated (acknowledged by alice: on it)")] {
        let mut site = Site::new();
        site.run(&["disk / w"]);
        site.acknowledge("disk /", Status::Warning).sticky = sticky;
        assert_eq!(site.run(&["disk / c"]), [expected]);
        assert_eq!(site.acknowledgements.len(), usize::from(sticky));
        assert_eq!(site.run(&["disk / o"]), ["disk / resolved"], "sticky or not");
    }
}

#[test]
fn acknowledgement_ends_at_its_end_time() {
    let mut site = Site::new();
    site.run(&["disk / w"]);
    let until = site.now + SignedDuration::from_mins(10);
    let acknowledgement = site.acknowledge("disk /", Status::Warning);
    (acknowledgement.until, acknowledgement.sticky) = (Some(until), true);
    assert_eq!(site.run(&["disk / c"]), ["disk / escalated (acknowledged by alice: on it)"]);
    assert_eq!(site.run(&["disk / c"]), ["disk / escalated"]);
    assert!(site.acknowledgements.is_empty());
}

#[test]
fn vanished_subject_is_notified_and_ends_its_acknowledgement() {
    // The disk is unmounted; the check is removed.
    for verdicts in [&["disk /var o"][..], &["cpu o"]] {
        let mut site = Site::new();
        site.run(&["disk / c"]);
        site.acknowledge("disk /", Status::Critical).sticky = true;
        let notified: Vec<_> = (0..5).flat_map(|_| site.run(verdicts)).collect();
        assert_eq!(notified, ["disk / stale"], "{verdicts:?}");
        assert!(site.acknowledgements.is_empty());
    }
}

#[test]
fn forgotten_alert_ends_its_acknowledgement() {
    let mut site = Site::new();
    site.acknowledge("disk /", Status::Critical);
    assert!(site.run(&["cpu o"]).is_empty());
    assert!(site.acknowledgements.is_empty());
}

#[test]
fn failed_check_does_not_end_acknowledgements() {
    let mut site = Site::new();
    site.run(&["disk / c"]);
    site.acknowledge("disk /", Status::Critical);
    assert_eq!(site.run(&["disk x"]), ["disk  unknown"]);
    assert_eq!(site.acknowledgements.len(), 1);
    assert_eq!(site.run(&["disk / u"]), ["disk  resolved", "disk / unknown (acknowledged by alice: on it)"]);
    assert_eq!(site.run(&["disk / c"]), ["disk / escalated (acknowledged by alice: on it)"]);
}
