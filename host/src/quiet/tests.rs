//! What keeps an alert quiet, and until when.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use jiff::civil::time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::alert::{Advanced, AlertKey, Alerts, Rule, Run};
use crate::check::{Evaluation, Failure, Reason, Settings, Status, Verdict};
use crate::metric::Labels;

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

/// What a run sees: `disk / w`, `cpu  c`; without a subject `x` is a check that failed.
fn evaluations(seen: &[&str]) -> Vec<Evaluation> {
    let mut instances = BTreeMap::<&str, Result<Vec<Verdict>, Failure>>::new();
    for line in seen {
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
        module: None,
        settings: Settings::new(),
        outcome,
        fuel: 0,
        duration: std::time::Duration::ZERO,
    };
    instances.into_iter().map(evaluation).collect()
}

/// Runs five minutes apart, and what keeps something quiet in them.
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

    fn inhibiting(when: &str, hide: &str, equal: &[Field]) -> Self {
        let inhibit = vec![Inhibition { when: matchers(when), hide: matchers(hide), equal: equal.to_vec() }];
        Self { inhibit, ..Self::new() }
    }

    /// `disk / raised`, or `disk / raised (silence 1: why)`; ends acknowledgements that are over.
    fn run(&mut self, seen: &[&str]) -> Vec<String> {
        self.now += SignedDuration::from_mins(5);
        let run = Run::new(&self.alerts, &evaluations(seen), |_| Rule::default(), self.now);
        let quiet = Quiet {
            silences: &self.silences,
            acknowledgements: &self.acknowledgements,
            maintenance: &self.maintenance,
            inhibit: &self.inhibit,
            host: "web-1",
        };
        let quiet = quiet.in_run(&run.standings, self.now);
        let Advanced { alerts, transitions } = run.settle(|standing| quiet.reason(standing));
        let ended = quiet.ended(&alerts);
        self.acknowledgements.retain(|acknowledgement| !ended.contains(&acknowledgement.id));
        self.alerts = alerts;
        let told = transitions.into_iter().map(|(AlertKey { instance, subject }, transition)| {
            let why = transition.suppressed.map_or(String::new(), |why| format!(" ({why})"));
            format!("{instance} {subject} {}{why}", transition.kind.as_str())
        });
        told.collect()
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
fn a_silence_holds_from_its_start_until_just_before_its_end() {
    let silence = silence(3, "check=disk", 10, 20);
    let holds = |minutes: i64| silence.holds(now() + SignedDuration::from_mins(minutes));
    assert_eq!([9, 10, 19, 20].map(holds), [false, true, true, false]);
    assert!(silence.is_to_end(now()) && !silence.is_to_end(silence.ends));
}

#[test]
fn what_a_silence_matches_is_quiet_while_it_holds_with_the_reason_on_one_line() {
    let mut site = Site::new();
    site.silences = vec![silence(3, "check=disk subject=~\"/mnt/.*\"", 0, 15), silence(4, "check=disk", 0, 5)];
    let told = site.run(&["disk / w", "disk /mnt/a w"]);
    assert_eq!(told, ["disk / raised", "disk /mnt/a raised (silence 3: new\\u{a}disks)"], "the other one is over");
    assert!(site.run(&["disk / w", "disk /mnt/a w"]).is_empty());
    assert_eq!(site.run(&["disk / w", "disk /mnt/a w"]), ["disk /mnt/a raised"]);
}

#[test]
fn an_end_is_matched_as_what_ends() {
    let mut site = Site::new();
    site.run(&["disk / w"]);
    site.silences = vec![silence(3, "level=warning", 0, 60)];
    assert_eq!(site.run(&["disk / o"]), ["disk / resolved (silence 3: new\\u{a}disks)"]);
}

#[test]
fn a_reason_is_bounded() {
    let mut site = Site::new();
    site.silences = vec![Silence { comment: "x".repeat(10_000), ..silence(3, "check=disk", 0, 60) }];
    assert_eq!(site.run(&["disk / w"])[0].chars().count(), "disk / raised ()".len() + 256);
}

#[test]
fn maintenance_is_quiet_while_its_window_is_open() {
    let mut site = Site::new();
    let window =
        Window { zone: TimeZone::UTC, start: time(10, 0, 0, 0), end: time(10, 15, 0, 0), days: Days::default() };
    site.maintenance = vec![Maintenance { name: "backup".to_owned(), matchers: matchers("check=disk"), window }];
    assert_eq!(site.run(&["cpu c", "disk / w"]), ["cpu  raised", "disk / raised (maintenance backup)"]);
    site.run(&["cpu c", "disk / w"]);
    assert_eq!(site.run(&["cpu c", "disk / w"]), ["disk / raised"]);
}

#[test]
fn what_somebody_looks_after_is_quiet_until_it_is_over() {
    let mut site = Site::new();
    site.run(&["disk / c"]);
    site.acknowledge("disk /", Status::Critical);
    site.now += SignedDuration::from_hours(5);
    assert_eq!(site.run(&["disk / c"]), ["disk / reminder (acknowledged by alice: on it)"]);
    assert_eq!(site.run(&["disk / w"]), ["disk / de_escalated (acknowledged by alice: on it)"]);
    assert_eq!(site.run(&["disk / c"]), ["disk / escalated (acknowledged by alice: on it)"], "no worse than it was");
    assert_eq!(site.acknowledgements.len(), 1);
    assert_eq!(site.run(&["disk / o"]), ["disk / resolved"]);
    assert!(site.acknowledgements.is_empty());
    assert_eq!(site.run(&["disk / w"]), ["disk / raised"]);
}

#[test]
fn an_acknowledgement_is_of_one_alert() {
    let mut site = Site::new();
    site.run(&["disk / w", "disk /var w"]);
    site.acknowledge("disk /", Status::Warning);
    site.now += SignedDuration::from_hours(5);
    let told = site.run(&["disk / w", "disk /var w"]);
    assert_eq!(told, ["disk / reminder (acknowledged by alice: on it)", "disk /var reminder"]);
}

#[test]
fn what_gets_worse_is_told_unless_the_acknowledgement_is_sticky() {
    for (sticky, told) in [(false, "disk / escalated"), (true, "disk / escalated (acknowledged by alice: on it)")] {
        let mut site = Site::new();
        site.run(&["disk / w"]);
        site.acknowledge("disk /", Status::Warning).sticky = sticky;
        assert_eq!(site.run(&["disk / c"]), [told]);
        assert_eq!(site.acknowledgements.len(), usize::from(sticky));
        assert_eq!(site.run(&["disk / o"]), ["disk / resolved"], "both ways");
    }
}

#[test]
fn an_acknowledgement_ends_when_its_time_has_come() {
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
fn what_is_gone_is_told_and_ends_its_acknowledgement() {
    for seen in [&["disk /var o"][..], &["cpu o"]] {
        let mut site = Site::new();
        site.run(&["disk / c"]);
        site.acknowledge("disk /", Status::Critical).sticky = true;
        let told: Vec<_> = (0..5).flat_map(|_| site.run(seen)).collect();
        assert_eq!(told, ["disk / stale"], "unmounted, or its check removed");
        assert!(site.acknowledgements.is_empty());
    }
}

#[test]
fn what_is_forgotten_ends_its_acknowledgement() {
    let mut site = Site::new();
    site.acknowledge("disk /", Status::Critical);
    assert!(site.run(&["cpu o"]).is_empty());
    assert!(site.acknowledgements.is_empty());
}

#[test]
fn a_check_that_fails_does_not_end_what_was_acknowledged() {
    let mut site = Site::new();
    site.run(&["disk / c"]);
    site.acknowledge("disk /", Status::Critical);
    assert_eq!(site.run(&["disk x"]), ["disk  unknown"]);
    assert_eq!(site.acknowledgements.len(), 1);
    assert_eq!(site.run(&["disk / u"]), ["disk  resolved", "disk / unknown (acknowledged by alice: on it)"]);
    assert_eq!(site.run(&["disk / c"]), ["disk / escalated (acknowledged by alice: on it)"]);
}

#[test]
fn what_one_alert_explains_is_hidden_while_it_is_bad() {
    let mut site = Site::inhibiting("check=network level=critical", "check=mine", &[]);
    assert_eq!(site.run(&["network c", "mine / w", "disk / w"]).len(), 3);
    let mut site = Site::inhibiting("check=network level=critical", "check=mine", &[]);
    site.run(&["network c"]);
    let told = site.run(&["network c", "mine / w", "disk / w"]);
    assert_eq!(told, ["disk / raised", "mine / raised (inhibited by network)"]);
    assert!(site.run(&["network x", "mine / w", "disk / w"]).contains(&"network  unknown".to_owned()));
    assert!(site.run(&["network u", "mine / w", "disk / w"]).is_empty(), "not better for not being judged");
    assert_eq!(site.run(&["network w", "mine / w", "disk / w"]), ["mine / raised", "network  de_escalated"]);
}

#[test]
fn what_is_raised_in_the_same_run_hides_already() {
    let mut site = Site::inhibiting("check=disk subject=/ level=critical", "check=mine", &[]);
    assert_eq!(site.run(&["disk / c", "mine / w"]), ["disk / raised", "mine / raised (inhibited by disk /)"]);
    assert_eq!(site.run(&["disk / o", "mine / w"]), ["disk / resolved", "mine / raised"]);
}

#[test]
fn only_what_is_equal_is_hidden() {
    let mut site = Site::inhibiting("level=critical", "level=warning", &[Field::Subject, Field::Channel]);
    let told = site.run(&["disk / c", "mine / w", "mine /var w"]);
    assert_eq!(told, ["disk / raised", "mine / raised (inhibited by disk /)", "mine /var raised"]);
    site.inhibit[0].equal = vec![Field::Owner];
    assert_eq!(site.run(&["disk / c", "mine / w", "mine /var w"]), ["mine / raised"], "disk is nobody's");
}

#[test]
fn no_alert_hides_itself_and_no_two_hide_each_other() {
    let mut site = Site::inhibiting("level=critical", "check=~\".*\"", &[]);
    assert_eq!(site.run(&["disk / c"]), ["disk / raised"]);
    let told = site.run(&["disk / c", "disk /var c", "mine / w"]);
    assert_eq!(told, ["disk /var raised", "mine / raised (inhibited by disk /)"]);
}

/// Rules without anything that must be equal.
fn rules(of: &[(&str, &str)]) -> Site {
    let rule = |(when, hide): &(&str, &str)| Inhibition { when: matchers(when), hide: matchers(hide), equal: vec![] };
    Site { inhibit: of.iter().map(rule).collect(), ..Site::new() }
}

#[test]
fn no_two_hide_each_other_by_two_rules_either() {
    let mut site = rules(&[("check=a", "check=b"), ("check=b", "check=~\"a|c\"")]);
    let told = site.run(&["a c", "b c", "c c"]);
    assert_eq!(told, ["a  raised", "b  raised", "c  raised (inhibited by b)"]);
    let mut site = rules(&[("check=a", "check=b"), ("check=b", "check=~\"a|c\"")]);
    assert_eq!(site.run(&["a c", "b o"]), ["a  raised"]);
    assert_eq!(site.run(&["a c", "b c"]), ["b  raised"], "one may be there before the other");
}

#[test]
fn no_three_hide_each_other_in_turn_and_a_chain_has_a_head() {
    let mut site = rules(&[("check=a", "check=b"), ("check=b", "check=c"), ("check=c", "check=a")]);
    assert_eq!(site.run(&["a c", "b c", "c c"]), ["a  raised", "b  raised", "c  raised"]);
    let mut site = rules(&[("check=a", "check=b"), ("check=b", "check=c"), ("check=c", "check=a")]);
    let told = site.run(&["a c", "b c"]);
    assert_eq!(told, ["a  raised", "b  raised (inhibited by a)"]);
    let mut site = rules(&[("check=a", "check=b"), ("check=b", "check=c")]);
    let told = site.run(&["a c", "b c", "c c"]);
    assert_eq!(told, ["a  raised", "b  raised (inhibited by a)", "c  raised (inhibited by b)"]);
}

#[test]
fn what_must_be_equal_breaks_a_circle() {
    let mut site = rules(&[("check=disk", "check=mine"), ("check=mine", "check=disk")]);
    site.inhibit[1].equal = vec![Field::Subject];
    let told = site.run(&["disk / c", "mine /var c"]);
    assert_eq!(told, ["disk / raised", "mine /var raised (inhibited by disk /)"]);
}

#[test]
fn what_is_told_of_an_alert_at_another_level_is_not_hidden_by_itself() {
    let site = Site::inhibiting("level=critical", "level=warning", &[]);
    let run = Run::new(&site.alerts, &evaluations(&["disk / c"]), |_| Rule::default(), site.now);
    let quiet = Quiet { silences: &[], acknowledgements: &[], maintenance: &[], inhibit: &site.inhibit, host: "web-1" };
    let quiet = quiet.in_run(&run.standings, site.now);
    let facts =
        Facts { check: "disk", subject: "/", channel: "", owner: "", host: quiet.host(), level: Status::Warning };
    assert_eq!(quiet.reason_of(&key("disk /"), &facts), None);
    assert_eq!(quiet.reason_of(&key("disk /var"), &facts).as_deref(), Some("inhibited by disk /"));
}

#[test]
fn what_is_gone_hides_nothing() {
    let mut site = Site::inhibiting("check=disk", "check=mine", &[]);
    site.run(&["disk / c", "mine / w"]);
    let told: Vec<_> = (0..4).flat_map(|_| site.run(&["disk /var o", "mine / w"])).collect();
    assert_eq!(told, ["disk / stale", "mine / raised"]);
}
