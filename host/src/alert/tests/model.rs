//! Any sequence of observations and times: nothing is lost, nothing is told twice, nothing is resolved without a
//! judgement.

use proptest::prelude::*;

use super::advancing::{FAILS, Runs, evaluation};
use super::*;

/// One run: seconds since the last one, and what it sees.
type Event = (i64, char);

fn wait() -> impl Strategy<Value = Duration> {
    prop_oneof![3 => Just(0), 3 => 1..2000_u64, 1 => Just(86_400)].prop_map(Duration::from_secs)
}

fn flapping() -> impl Strategy<Value = Flapping> {
    (1..=64_usize, 0.0..1.0, 0.0..1.0).prop_map(|(window, high, low)| Flapping { window, high, low })
}

prop_compose! {
    pub(super) fn rule()(
        hold in wait(),
        keep_firing_for in wait(),
        repeat_interval in prop::option::of(wait()),
        renotify_on_escalation in any::<bool>(),
        flapping in prop_oneof![Just(None), Just(Some(Flapping::default())), flapping().prop_map(Some)],
        stale_after in prop::option::of(wait()),
        on_unknown in prop::sample::select(vec![OnUnknown::Keep, OnUnknown::Notify, OnUnknown::Ignore]),
    ) -> Rule {
        Rule { hold, keep_firing_for, repeat_interval, renotify_on_escalation, flapping, stale_after, on_unknown }
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

/// What people know who read every message and see nothing else.
#[derive(Clone, Default)]
pub(super) struct Reader {
    /// A warning or critical that was not resolved.
    pub(super) bad: Option<Status>,
    pub(super) missing: Option<Kind>,
    pub(super) flapping: bool,
}

impl Reader {
    pub(super) fn believes(&self) -> Status {
        if self.missing.is_some() { Status::Unknown } else { self.bad.unwrap_or(Status::Ok) }
    }

    /// Reads a message, and complains about one that makes no sense after the others.
    pub(super) fn read(&mut self, message: &Transition, letter: char) {
        let (believed, level) = (self.believes(), message.level);
        assert_eq!(message.previous_level, believed, "{message:?}");
        let is_bad = matches!(level, Status::Warning | Status::Critical);
        match message.kind {
            Kind::Raised => assert!(is_bad && self.bad.is_none(), "raised twice: {message:?}"),
            Kind::Escalated => assert!(self.bad.is_some() && level.severity() > believed.severity(), "{message:?}"),
            Kind::DeEscalated => {
                assert!(is_bad && self.bad.is_some() && level.severity() < believed.severity(), "{message:?}");
            }
            Kind::Reminder => assert!(believed != Status::Ok && level != Status::Ok, "{message:?}"),
            Kind::Resolved => {
                assert!(believed != Status::Ok && level == Status::Ok, "resolved twice: {message:?}");
                assert_eq!(letter, 'o', "resolved without a judgement");
            }
            Kind::FlappingStarted => assert!(!self.flapping, "{message:?}"),
            Kind::FlappingEnded => {
                assert!(self.flapping, "{message:?}");
                assert!(level != Status::Ok || letter == 'o', "settled at ok without a judgement");
            }
            Kind::Stale => {
                assert!(self.missing != Some(Kind::Stale) || self.flapping, "stale twice: {message:?}");
                assert_eq!(letter, '-');
            }
            Kind::Unknown => {
                assert!(self.missing != Some(Kind::Unknown), "unknown twice: {message:?}");
                assert_eq!(letter, 'u');
            }
            Kind::Undelivered => panic!("no alert tells this: {message:?}"),
        }
        if self.flapping && !matches!(message.kind, Kind::FlappingEnded | Kind::Stale | Kind::Reminder) {
            assert_eq!(level, Status::Critical, "told while it flaps: {message:?}");
        }
        self.note(message);
    }

    fn note(&mut self, message: &Transition) {
        let believed = self.believes();
        match (message.kind, message.level) {
            (Kind::Stale, _) => self.missing = Some(Kind::Stale),
            (Kind::FlappingStarted, level) if level.severity() <= believed.severity() => {}
            (_, Status::Unknown) => self.missing = Some(Kind::Unknown),
            (_, level) => {
                self.missing = None;
                self.bad = Some(level).filter(|level| *level != Status::Ok);
            }
        }
        self.flapping = match message.kind {
            Kind::FlappingStarted => true,
            Kind::FlappingEnded | Kind::Stale => false,
            _ => self.flapping,
        };
    }
}

/// Time that has passed, by a clock of which only the steps forward count.
#[derive(Default)]
pub(super) struct Passed {
    pub(super) seconds: u64,
    /// When the last unbroken row of bad runs began, of unknown ones, and of those that do not mention it.
    pub(super) bad: Option<u64>,
    pub(super) unknown: Option<u64>,
    pub(super) absent: Option<u64>,
    told: u64,
}

impl Passed {
    pub(super) fn run(&mut self, seconds: i64, letter: char) {
        self.seconds += u64::try_from(seconds).unwrap_or(0);
        let row = |since: Option<u64>, goes_on: bool| goes_on.then(|| since.unwrap_or(self.seconds));
        self.bad = row(self.bad, matches!(letter, 'w' | 'c'));
        self.unknown = row(self.unknown, letter == 'u');
        self.absent = row(self.absent, letter == '-');
    }

    pub(super) fn has_been(&self, since: Option<u64>, long: Duration) -> bool {
        since.is_some_and(|since| Duration::from_secs(self.seconds - since) >= long)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn nothing_is_lost_and_nothing_is_told_twice(rule in rule(), events in events()) {
        let mut trace = Trace::new(rule.clone());
        let (mut reader, mut passed) = (Reader::default(), Passed::default());
        for (seconds, letter) in events {
            let told = trace.later(seconds, letter);
            passed.run(seconds, letter);
            prop_assert!(told.len() <= 1);
            for message in &told {
                reader.read(message, letter);
                if message.kind == Kind::Reminder {
                    let since = Duration::from_secs(passed.seconds - passed.told);
                    prop_assert!(since >= rule.repeat_interval.unwrap(), "reminded after {:?}", since);
                }
                passed.told = passed.seconds;
            }
            let alert = trace.alert();
            prop_assert_eq!((alert.told(), alert.flapping), (reader.believes(), reader.flapping));
            prop_assert!(!alert.flapping || alert.is_known());
            if passed.has_been(passed.bad, rule.hold) {
                let Observation::Judged(said) = seen(letter) else { unreachable!() };
                prop_assert_eq!(alert.phase, Phase::Firing);
                prop_assert!(reader.bad.is_some() || alert.flapping, "a raise is lost");
                if !alert.flapping && rule.renotify_on_escalation {
                    prop_assert_eq!(reader.believes(), said.status);
                }
                if alert.flapping && said.status == Status::Critical {
                    prop_assert_eq!(reader.believes(), Status::Critical);
                }
            }
            let has_been_unknown = rule.unknown_after().is_some_and(|long| passed.has_been(passed.unknown, long));
            let is_known = alert.flapping || reader.believes() == Status::Unknown;
            prop_assert!(!has_been_unknown || is_known, "nobody knows that it is not judged");
            if letter == 'o' && rule.keep_firing_for.is_zero() && !alert.flapping {
                prop_assert_eq!(reader.believes(), Status::Ok);
            }
        }
    }

    #[test]
    fn every_run_may_be_a_restart(rule in rule(), events in events()) {
        let mut lived = Trace::new(rule.clone());
        let mut stored = Trace::new(rule);
        for (seconds, letter) in events {
            prop_assert_eq!(lived.later(seconds, letter), stored.later(seconds, letter));
            let text = serde_json::to_string(stored.alert()).unwrap();
            prop_assert!(text.len() < 1_200, "{} bytes", text.len());
            stored.alert = Some(serde_json::from_str(&text).unwrap());
            prop_assert_eq!(lived.alert(), stored.alert());
        }
    }

    #[test]
    fn what_is_steady_does_not_flap_for_ever(
        rule in rule(),
        events in events(),
        steady in prop::sample::select(vec!['o', 'w', 'c']),
    ) {
        let mut trace = Trace::new(rule);
        for (seconds, letter) in events {
            trace.later(seconds, letter);
        }
        // Both waits are over at the second run, and the changes out of every window after 64 more.
        (0..70).for_each(|_| drop(trace.later(86_400, steady)));
        prop_assert!(!trace.alert().flapping);
        let Observation::Judged(said) = seen(steady) else { unreachable!() };
        prop_assert!(trace.alert().told() == said.status || !trace.rule.renotify_on_escalation);
    }

    #[test]
    fn a_changed_rule_loses_nothing(rules in prop::collection::vec((rule(), events()), 1..5)) {
        let mut trace = Trace::new(Rule::default());
        let mut reader = Reader::default();
        for (rule, events) in rules {
            trace.rule = rule;
            for (seconds, letter) in events {
                trace.later(seconds, letter).iter().for_each(|message| reader.read(message, letter));
                prop_assert_eq!(trace.alert().told(), reader.believes());
            }
        }
    }

    #[test]
    fn forgetting_what_is_well_changes_nothing_that_is_told(
        rule in rule(),
        runs in prop::collection::vec(prop::sample::select(vec!['o', 'o', 'o', 'w', 'w', 'c', 'x']), 1..150),
    ) {
        let (mut kept, mut all) = (Runs::new(rule.clone()), Trace::new(rule));
        for letter in runs {
            let said = [("/", letter)];
            let mut told = kept.run(&[evaluation("disk", if letter == 'x' { FAILS } else { &said })]).transitions;
            told.retain(|(key, _)| key.subject == "/");
            let told: Vec<_> = told.iter().map(|(_, t)| (t.kind, t.level, t.previous_level)).collect();
            let all: Vec<_> = all.later(EVERY, letter).iter().map(|t| (t.kind, t.level, t.previous_level)).collect();
            prop_assert_eq!(told, all);
        }
    }

    #[test]
    fn no_more_is_kept_than_subjects_that_count(
        rule in rule(),
        runs in prop::collection::vec(
            prop::collection::btree_map(0..1_000_u32, prop::sample::select(vec!['o', 'w', 'c', 'u']), 0..6),
            1..60,
        ),
    ) {
        let rule = Rule { stale_after: Some(rule.stale_after.unwrap_or(STALE_AFTER)), ..rule };
        let mut run = Runs::new(rule);
        for said in runs {
            let said: Vec<_> = said.into_iter().map(|(pid, letter)| (pid.to_string(), letter)).collect();
            let said: Vec<_> = said.iter().map(|(pid, letter)| (pid.as_str(), *letter)).collect();
            run.run(&[evaluation("process", &said)]);
        }
        // All processes end. What was told is told as gone, and then forgotten.
        for _ in 0..4 {
            run.now = run.now.checked_add(SignedDuration::from_hours(25)).unwrap();
            run.run(&[evaluation("process", &[])]);
        }
        prop_assert!(run.alerts.is_empty(), "{:?}", run.alerts);
    }
}
