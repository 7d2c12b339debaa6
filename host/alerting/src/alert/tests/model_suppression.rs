//! Properties of any sequence of observations and times with any silences: no notification of a silence gets through,
//! each is stored once as suppressed, and after the silence receivers are notified of what they have not heard.

use proptest::prelude::*;

use checkpost_model::check::Evaluation;

use super::advance::{FAILURE, Runs, evaluation};
use super::model::{Elapsed, Receiver, rule, seconds};
use super::*;

/// One run: seconds since the last one, its letter, and whether the alert is suppressed.
type Event = (i64, char, bool);

/// Rows of runs with and without a silence.
fn events() -> impl Strategy<Value = Vec<Event>> {
    let letters = |among: &str| prop::sample::select(among.chars().collect::<Vec<_>>());
    let letters = prop_oneof![letters("owcux-"), letters("wwwwcccco"), letters("oooow-")];
    let row = (any::<bool>(), prop::collection::vec((seconds(), letters), 1..12));
    prop::collection::vec(row, 1..12).prop_map(|rows| {
        let event = |is_suppressed| move |(seconds, letter)| (seconds, letter, is_suppressed);
        rows.into_iter().flat_map(|(is_suppressed, runs)| runs.into_iter().map(event(is_suppressed))).collect()
    })
}

/// A run of one subject.
fn run(runs: &mut Runs, (seconds, letter, is_suppressed): Event) -> Vec<Transition> {
    runs.now = runs.now.checked_add(SignedDuration::from_secs(seconds)).unwrap();
    let verdicts = [("/", letter)];
    let evaluation = evaluation(
        "disk",
        match letter {
            'x' => FAILURE,
            '-' => &[],
            _ => &verdicts,
        },
    );
    let mut transitions = settle(runs, &[evaluation], is_suppressed).transitions;
    transitions.retain(|(key, _)| key.subject == "/");
    transitions.into_iter().map(|(_, transition)| transition).collect()
}

fn settle(runs: &mut Runs, evaluations: &[Evaluation], is_suppressed: bool) -> Advanced {
    let run = Run::new(&runs.alerts, evaluations, |_| runs.rule.clone(), runs.now);
    let advanced = run.settle(|_| is_suppressed.then(|| "silence 1".to_owned()));
    // Each run is a new process.
    let stored = serde_json::to_string(&advanced.alerts.iter().collect::<Vec<_>>()).unwrap();
    runs.alerts = serde_json::from_str::<Vec<_>>(&stored).unwrap().into_iter().collect();
    assert_eq!(runs.alerts, advanced.alerts);
    advanced
}

/// The alert. One that is only counted is forgotten in all that matters here.
fn alert(runs: &Runs) -> Option<&Alert> {
    let alert = runs.alerts.get(&AlertKey { instance: "disk".to_owned(), subject: "/".to_owned() });
    alert.filter(|alert| !alert.is_only_counted())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn silences_neither_lose_nor_repeat_nor_leak_notifications(rule in rule(), events in events()) {
        let mut runs = Runs::new(rule.clone());
        let (mut receiver, mut elapsed) = (Receiver::default(), Elapsed::default());
        // During a silence: a receiver who hears suppressed notifications, too.
        let mut unsuppressed: Option<Receiver> = None;
        for event @ (seconds, letter, is_suppressed) in events {
            let transitions = run(&mut runs, event);
            elapsed.run(seconds, letter);
            prop_assert!(transitions.len() <= 1);
            for transition in &transitions {
                prop_assert_eq!(transition.suppressed.is_some(), is_suppressed, "{:?}", transition);
            }
            if is_suppressed {
                let unsuppressed = unsuppressed.get_or_insert_with(|| receiver.clone());
                transitions.iter().for_each(|transition| unsuppressed.receive(transition, letter));
            } else {
                unsuppressed = None;
                transitions.iter().for_each(|transition| receiver.receive(transition, letter));
            }
            let Some(alert) = alert(&runs) else {
                // The alert may only be forgotten if receivers heard that it is over or that its subject is gone.
                prop_assert!(receiver.status() == Status::Ok || receiver.missing == Some(Kind::Stale));
                (receiver, unsuppressed) = (Receiver::default(), None);
                continue;
            };
            let announced = (alert.announced.status(), alert.announced.flapping);
            prop_assert_eq!(announced, (receiver.status(), receiver.flapping));
            // A subject that was ok and is gone no longer flaps, without a notification, as if the alert was forgotten.
            if let Some(unsuppressed) = unsuppressed.as_mut().filter(|receiver| receiver.status() == Status::Ok) {
                unsuppressed.flapping &= alert.phase != Phase::Stale;
            }
            match (&unsuppressed, alert.unsuppressed) {
                (Some(receiver), Some(unsuppressed)) => {
                    let announced = (unsuppressed.status(), unsuppressed.flapping);
                    prop_assert_eq!(announced, (receiver.status(), receiver.flapping));
                }
                (Some(unsuppressed), None) => prop_assert_eq!(unsuppressed.status(), receiver.status()),
                (None, unsuppressed) => prop_assert_eq!(unsuppressed, None),
            }
            let informed = unsuppressed.as_ref().unwrap_or(&receiver);
            if elapsed.has_lasted(elapsed.bad_since, rule.pending_for) {
                prop_assert!(informed.bad.is_some() || informed.flapping, "a raise is lost");
                let Observation::Judged(judgement) = observation(letter) else { unreachable!() };
                if !informed.flapping && rule.renotify_on_escalation {
                    prop_assert_eq!(informed.status(), judgement.status);
                }
            }
            let is_unknown = rule.unknown_after().is_some_and(|after| elapsed.has_lasted(elapsed.unknown_since, after));
            let is_announced = informed.flapping || informed.status() == Status::Unknown;
            prop_assert!(!is_unknown || is_announced, "missing data is not announced");
            let is_gone = rule.stale_after.is_some_and(|after| elapsed.has_lasted(elapsed.absent_since, after));
            let is_announced = informed.bad.is_none() || informed.missing.is_some();
            prop_assert!(!is_gone || is_announced, "the missing subject is not announced");
            if letter == 'o' && rule.keep_firing_for.is_zero() && !informed.flapping {
                prop_assert_eq!(informed.status(), Status::Ok);
            }
        }
    }

    #[test]
    fn permanent_silence_stores_every_notification_as_suppressed(rule in rule(), events in events()) {
        let (mut plain, mut silenced) = (Runs::new(rule.clone()), Runs::new(rule));
        for (seconds, letter, _) in events {
            let notified = run(&mut plain, (seconds, letter, false));
            let suppressed = run(&mut silenced, (seconds, letter, true));
            let suppressed: Vec<_> = suppressed.into_iter().map(|t| Transition { suppressed: None, ..t }).collect();
            prop_assert_eq!(notified, suppressed);
            prop_assert!(alert(&silenced).is_none_or(|alert| !alert.is_announced()));
            prop_assert_eq!(silenced.alerts.len(), plain.alerts.len());
        }
    }

    #[test]
    fn check_removed_in_a_silence_is_notified_after_it(
        rule in rule(),
        events in events(),
        silenced_runs in 0..5_usize,
    ) {
        let mut runs = Runs::new(rule);
        let mut receiver = Receiver::default();
        for event @ (_, letter, is_suppressed) in events {
            let transitions = run(&mut runs, event);
            if !is_suppressed {
                transitions.iter().for_each(|transition| receiver.receive(transition, letter));
            }
            if alert(&runs).is_none() {
                receiver = Receiver::default();
            }
        }
        let suppressed: Vec<_> = (0..silenced_runs).flat_map(|_| settle(&mut runs, &[], true).transitions).collect();
        prop_assert!(suppressed.iter().filter(|(key, _)| key.subject == "/").count() <= 1, "{:?}", suppressed);
        let notified = settle(&mut runs, &[], false).transitions;
        for (_, transition) in notified.iter().filter(|(key, _)| key.subject == "/") {
            prop_assert_eq!(&transition.suppressed, &None);
            receiver.receive(transition, '-');
        }
        prop_assert!(receiver.bad.is_none() || receiver.missing == Some(Kind::Stale), "the removal is not announced");
        prop_assert!(runs.alerts.is_empty());
    }
}
