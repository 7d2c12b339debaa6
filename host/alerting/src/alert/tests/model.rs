//! Properties of any sequence of observations and times: no notification is lost or repeated, and no alert is resolved
//! without a judgement.

use proptest::prelude::*;

use super::advance::{FAILURE, Runs, evaluation};
use super::*;

/// One run: seconds since the last one, and its letter.
type Event = (i64, char);

fn wait() -> impl Strategy<Value = Duration> {
    prop_oneof![3 => Just(0), 3 => 1..2000_u64, 1 => Just(86_400)].prop_map(Duration::from_secs)
}

fn flapping() -> impl Strategy<Value = Flapping> {
    (1..=64_usize, 0.0..1.0, 0.0..1.0).prop_map(|(window, high, low)| Flapping { window, high, low })
}

prop_compose! {
    pub(super) fn rule()(
        pending_for in wait(),
        keep_firing_for in wait(),
        repeat_interval in prop::option::of(wait()),
        renotify_on_escalation in any::<bool>(),
        flapping in prop_oneof![Just(None), Just(Some(Flapping::default())), flapping().prop_map(Some)],
        stale_after in prop::option::of(wait()),
        on_unknown in prop::sample::select(vec![OnUnknown::Keep, OnUnknown::Notify, OnUnknown::Ignore]),
    ) -> Rule {
        Rule {
            pending_for,
            keep_firing_for,
            repeat_interval,
            renotify_on_escalation,
            flapping,
            stale_after,
            on_unknown,
        }
    }
}

pub(super) fn seconds() -> impl Strategy<Value = i64> {
    const YEAR: i64 = 365 * 86_400;
    prop_oneof![
        8 => Just(EVERY),
        4 => 1..900_i64,
        2 => Just(0),
        2 => -9_000..0_i64,
        1 => Just(-YEAR),
        1 => Just(YEAR)
    ]
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let all = prop::sample::select("owcux-".chars().collect::<Vec<_>>());
    let mostly_bad = prop::sample::select("wwwwcccco".chars().collect::<Vec<_>>());
    prop_oneof![prop::collection::vec((seconds(), all), 1..120), prop::collection::vec((seconds(), mostly_bad), 1..120)]
}

/// A receiver who hears every notification and nothing else.
#[derive(Clone, Default)]
pub(super) struct Receiver {
    /// The announced warning or critical that was not resolved.
    pub(super) bad: Option<Status>,
    pub(super) missing: Option<Kind>,
    pub(super) flapping: bool,
}

impl Receiver {
    /// The status that the receiver last heard.
    pub(super) fn status(&self) -> Status {
        if self.missing.is_some() { Status::Unknown } else { self.bad.unwrap_or(Status::Ok) }
    }

    /// Receives the notification of a run, and panics if it makes no sense after the earlier ones.
    pub(super) fn receive(&mut self, transition: &Transition, letter: char) {
        let (heard, level) = (self.status(), transition.level);
        assert_eq!(transition.previous_level, heard, "{transition:?}");
        let is_bad = matches!(level, Status::Warning | Status::Critical);
        match transition.kind {
            Kind::Raised => assert!(is_bad && self.bad.is_none(), "raised twice: {transition:?}"),
            Kind::Escalated => assert!(self.bad.is_some() && level.severity() > heard.severity(), "{transition:?}"),
            Kind::DeEscalated => {
                assert!(is_bad && self.bad.is_some() && level.severity() < heard.severity(), "{transition:?}");
            }
            Kind::Reminder => assert!(heard != Status::Ok && level != Status::Ok, "{transition:?}"),
            Kind::Resolved => {
                assert!(heard != Status::Ok && level == Status::Ok, "resolved twice: {transition:?}");
                assert_eq!(letter, 'o', "resolved without a judgement");
            }
            Kind::FlappingStarted => assert!(!self.flapping, "{transition:?}"),
            Kind::FlappingEnded => {
                assert!(self.flapping, "{transition:?}");
                assert!(level != Status::Ok || letter == 'o', "settled at ok without a judgement");
            }
            Kind::Stale => {
                assert!(self.missing != Some(Kind::Stale) || self.flapping, "stale twice: {transition:?}");
                assert_eq!(letter, '-');
            }
            Kind::Unknown => {
                assert!(self.missing != Some(Kind::Unknown), "unknown twice: {transition:?}");
                assert_eq!(letter, 'u');
            }
            Kind::Undelivered => panic!("not a transition of an alert: {transition:?}"),
        }
        if self.flapping && !matches!(transition.kind, Kind::FlappingEnded | Kind::Stale | Kind::Reminder) {
            assert_eq!(level, Status::Critical, "notified while flapping: {transition:?}");
        }
        self.record(transition);
    }

    fn record(&mut self, transition: &Transition) {
        let heard = self.status();
        match (transition.kind, transition.level) {
            (Kind::Stale, _) => self.missing = Some(Kind::Stale),
            (Kind::FlappingStarted, level) if level.severity() <= heard.severity() => {}
            (_, Status::Unknown) => self.missing = Some(Kind::Unknown),
            (_, level) => {
                self.missing = None;
                self.bad = Some(level).filter(|level| *level != Status::Ok);
            }
        }
        self.flapping = match transition.kind {
            Kind::FlappingStarted => true,
            Kind::FlappingEnded | Kind::Stale => false,
            _ => self.flapping,
        };
    }
}

/// Elapsed time, by a clock of which only the steps forward count.
#[derive(Default)]
pub(super) struct Elapsed {
    pub(super) seconds: u64,
    /// When the unbroken row of bad runs began that includes the last run.
    pub(super) bad_since: Option<u64>,
    /// The same for unknown runs.
    pub(super) unknown_since: Option<u64>,
    /// The same for runs that do not mention the subject.
    pub(super) absent_since: Option<u64>,
    /// When the alert was last notified.
    notified_at: u64,
}

impl Elapsed {
    pub(super) fn run(&mut self, seconds: i64, letter: char) {
        self.seconds += u64::try_from(seconds).unwrap_or(0);
        let row = |since: Option<u64>, continues: bool| continues.then(|| since.unwrap_or(self.seconds));
        self.bad_since = row(self.bad_since, matches!(letter, 'w' | 'c'));
        self.unknown_since = row(self.unknown_since, letter == 'u');
        self.absent_since = row(self.absent_since, letter == '-');
    }

    /// Whether a row of runs lasts for at least `duration`.
    pub(super) fn has_lasted(&self, since: Option<u64>, duration: Duration) -> bool {
        since.is_some_and(|since| Duration::from_secs(self.seconds - since) >= duration)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn notifications_are_neither_lost_nor_repeated(rule in rule(), events in events()) {
        let mut trace = Trace::new(rule.clone());
        let (mut receiver, mut elapsed) = (Receiver::default(), Elapsed::default());
        for (seconds, letter) in events {
            let transition = trace.step(seconds, letter);
            elapsed.run(seconds, letter);
            if let Some(transition) = &transition {
                receiver.receive(transition, letter);
                if transition.kind == Kind::Reminder {
                    let since = Duration::from_secs(elapsed.seconds - elapsed.notified_at);
                    prop_assert!(since >= rule.repeat_interval.unwrap(), "reminded after {:?}", since);
                }
                elapsed.notified_at = elapsed.seconds;
            }
            let alert = trace.alert();
            let announced = (alert.announced.status(), alert.announced.flapping);
            prop_assert_eq!(announced, (receiver.status(), receiver.flapping));
            prop_assert!(!alert.announced.flapping || alert.is_announced());
            if elapsed.has_lasted(elapsed.bad_since, rule.pending_for) {
                let Observation::Judged(judgement) = observation(letter) else { unreachable!() };
                prop_assert_eq!(alert.phase, Phase::Firing);
                prop_assert!(receiver.bad.is_some() || alert.announced.flapping, "a raise is lost");
                if !alert.announced.flapping && rule.renotify_on_escalation {
                    prop_assert_eq!(receiver.status(), judgement.status);
                }
                if alert.announced.flapping && judgement.status == Status::Critical {
                    prop_assert_eq!(receiver.status(), Status::Critical);
                }
            }
            let is_unknown = rule.unknown_after().is_some_and(|after| elapsed.has_lasted(elapsed.unknown_since, after));
            let is_announced = alert.announced.flapping || receiver.status() == Status::Unknown;
            prop_assert!(!is_unknown || is_announced, "missing data is not announced");
            if letter == 'o' && rule.keep_firing_for.is_zero() && !alert.announced.flapping {
                prop_assert_eq!(receiver.status(), Status::Ok);
            }
        }
    }

    #[test]
    fn alert_from_storage_behaves_like_one_in_memory(rule in rule(), events in events()) {
        let mut in_memory = Trace::new(rule.clone());
        let mut stored = Trace::new(rule);
        for (seconds, letter) in events {
            prop_assert_eq!(in_memory.step(seconds, letter), stored.step(seconds, letter));
            let text = serde_json::to_string(stored.alert()).unwrap();
            prop_assert!(text.len() < 1_200, "{} bytes", text.len());
            stored.alert = Some(serde_json::from_str(&text).unwrap());
            prop_assert_eq!(in_memory.alert(), stored.alert());
        }
    }

    #[test]
    fn steady_alert_stops_flapping(
        rule in rule(),
        events in events(),
        steady in prop::sample::select(vec!['o', 'w', 'c']),
    ) {
        let mut trace = Trace::new(rule);
        for (seconds, letter) in events {
            trace.step(seconds, letter);
        }
        // Both waits are over in the second run, and no window has a change in it after 64 more.
        (0..70).for_each(|_| drop(trace.step(86_400, steady)));
        prop_assert!(!trace.alert().announced.flapping);
        let Observation::Judged(judgement) = observation(steady) else { unreachable!() };
        prop_assert!(trace.alert().announced.status() == judgement.status || !trace.rule.renotify_on_escalation);
    }

    #[test]
    fn changed_rules_neither_lose_nor_repeat_notifications(rules in prop::collection::vec((rule(), events()), 1..5)) {
        let mut trace = Trace::new(Rule::default());
        let mut receiver = Receiver::default();
        for (rule, events) in rules {
            trace.rule = rule;
            for (seconds, letter) in events {
                trace.step(seconds, letter).iter().for_each(|transition| receiver.receive(transition, letter));
                prop_assert_eq!(trace.alert().announced.status(), receiver.status());
            }
        }
    }

    #[test]
    fn forgotten_alerts_change_no_notification(
        rule in rule(),
        runs in prop::collection::vec(prop::sample::select(vec!['o', 'o', 'o', 'w', 'w', 'c', 'x']), 1..150),
    ) {
        let (mut forgetting, mut retaining) = (Runs::new(rule.clone()), Trace::new(rule));
        for letter in runs {
            let verdicts = [("/", letter)];
            let evaluation = evaluation("disk", if letter == 'x' { FAILURE } else { &verdicts });
            let mut transitions = forgetting.run(&[evaluation]).transitions;
            transitions.retain(|(key, _)| key.subject == "/");
            let levels = |t: &Transition| (t.kind, t.level, t.previous_level);
            let forgetting: Vec<_> = transitions.iter().map(|(_, transition)| levels(transition)).collect();
            let retaining: Vec<_> = retaining.step(EVERY, letter).iter().map(levels).collect();
            prop_assert_eq!(forgetting, retaining);
        }
    }

    #[test]
    fn alerts_of_vanished_subjects_are_forgotten(
        rule in rule(),
        runs in prop::collection::vec(
            prop::collection::btree_map(0..1_000_u32, prop::sample::select(vec!['o', 'w', 'c', 'u']), 0..6),
            1..60,
        ),
    ) {
        let rule = Rule { stale_after: Some(rule.stale_after.unwrap_or(STALE_AFTER)), ..rule };
        let mut run = Runs::new(rule);
        for processes in runs {
            let verdicts: Vec<_> = processes.into_iter().map(|(pid, letter)| (pid.to_string(), letter)).collect();
            let verdicts: Vec<_> = verdicts.iter().map(|(pid, letter)| (pid.as_str(), *letter)).collect();
            run.run(&[evaluation("process", &verdicts)]);
        }
        // All processes end. Announced alerts are notified as stale, and then forgotten.
        for _ in 0..4 {
            run.now = run.now.checked_add(SignedDuration::from_hours(25)).unwrap();
            run.run(&[evaluation("process", &[])]);
        }
        prop_assert!(run.alerts.is_empty(), "{:?}", run.alerts);
    }
}
