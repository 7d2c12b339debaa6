//! Any sequence of observations and times, with any silences in between: nothing is told while it is quiet, what was
//! suppressed is noted once, and afterwards people are told what they do not know.

use proptest::prelude::*;

use super::advancing::{FAILS, Runs, evaluation};
use super::model::{Passed, Reader, rule, seconds};
use super::*;
use crate::check::Evaluation;

/// One run: seconds since the last one, what it sees, and whether it is kept quiet.
type Event = (i64, char, bool);

/// Silences last for some runs.
fn events() -> impl Strategy<Value = Vec<Event>> {
    let letters = |among: &str| prop::sample::select(among.chars().collect::<Vec<_>>());
    let letters = prop_oneof![letters("owcux-"), letters("wwwwcccco"), letters("oooow-")];
    let silence = (any::<bool>(), prop::collection::vec((seconds(), letters), 1..12));
    prop::collection::vec(silence, 1..12).prop_map(|silences| {
        let event = |quiet| move |(seconds, letter)| (seconds, letter, quiet);
        silences.into_iter().flat_map(|(quiet, runs)| runs.into_iter().map(event(quiet))).collect()
    })
}

/// Runs of one subject.
fn run(runs: &mut Runs, (seconds, letter, quiet): Event) -> Vec<Transition> {
    runs.now = runs.now.checked_add(SignedDuration::from_secs(seconds)).unwrap();
    let seen = [("/", letter)];
    let evaluation = evaluation(
        "disk",
        match letter {
            'x' => FAILS,
            '-' => &[],
            _ => &seen,
        },
    );
    let mut transitions = settled(runs, &[evaluation], quiet).transitions;
    transitions.retain(|(key, _)| key.subject == "/");
    transitions.into_iter().map(|(_, transition)| transition).collect()
}

fn settled(runs: &mut Runs, evaluations: &[Evaluation], quiet: bool) -> Advanced {
    let run = Run::new(&runs.alerts, evaluations, |_| runs.rule.clone(), runs.now);
    let advanced = run.settle(|_| quiet.then(|| "silence 1".to_owned()));
    // Each run may be a restart.
    let stored = serde_json::to_string(&advanced.alerts.iter().collect::<Vec<_>>()).unwrap();
    runs.alerts = serde_json::from_str::<Vec<_>>(&stored).unwrap().into_iter().collect();
    assert_eq!(runs.alerts, advanced.alerts);
    advanced
}

fn alert(runs: &Runs) -> Option<&Alert> {
    runs.alerts.get(&AlertKey { instance: "disk".to_owned(), subject: "/".to_owned() })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn silences_lose_nothing_repeat_nothing_and_let_nothing_through(rule in rule(), events in events()) {
        let mut runs = Runs::new(rule.clone());
        let (mut reader, mut passed) = (Reader::default(), Passed::default());
        // Who reads what was suppressed as well, since the silence began.
        let mut hushed: Option<Reader> = None;
        for event @ (seconds, letter, quiet) in events {
            let told = run(&mut runs, event);
            passed.run(seconds, letter);
            prop_assert!(told.len() <= 1);
            for message in &told {
                prop_assert_eq!(message.suppressed.is_some(), quiet, "{:?}", message);
            }
            if quiet {
                let hushed = hushed.get_or_insert_with(|| reader.clone());
                told.iter().for_each(|message| hushed.read(message, letter));
            } else {
                hushed = None;
                told.iter().for_each(|message| reader.read(message, letter));
            }
            let Some(alert) = alert(&runs) else {
                // What people believe for ever is that it is gone.
                prop_assert!(reader.believes() == Status::Ok || reader.missing == Some(Kind::Stale));
                (reader, hushed) = (Reader::default(), None);
                continue;
            };
            prop_assert_eq!((alert.told(), alert.flapping), (reader.believes(), reader.flapping));
            // What is gone and was ok no longer flaps, and nobody is told: as if it had been forgotten.
            if let Some(hushed) = hushed.as_mut().filter(|hushed| hushed.believes() == Status::Ok) {
                hushed.flapping &= alert.phase != Phase::Stale;
            }
            match (&hushed, alert.hushed) {
                (Some(reader), Some(hushed)) => {
                    prop_assert_eq!((hushed.told(), hushed.flapping), (reader.believes(), reader.flapping));
                }
                (Some(hushed), None) => prop_assert_eq!(hushed.believes(), reader.believes()),
                (None, hushed) => prop_assert_eq!(hushed, None),
            }
            // What people know, or would.
            let knows = hushed.as_ref().unwrap_or(&reader);
            if passed.has_been(passed.bad, rule.hold) {
                prop_assert!(knows.bad.is_some() || knows.flapping, "a raise is lost");
                let Observation::Judged(said) = seen(letter) else { unreachable!() };
                if !knows.flapping && rule.renotify_on_escalation {
                    prop_assert_eq!(knows.believes(), said.status);
                }
            }
            let has_been_unknown = rule.unknown_after().is_some_and(|long| passed.has_been(passed.unknown, long));
            let is_known = knows.flapping || knows.believes() == Status::Unknown;
            prop_assert!(!has_been_unknown || is_known, "nobody knows that it is not judged");
            let is_gone = rule.stale_after.is_some_and(|long| passed.has_been(passed.absent, long));
            prop_assert!(!is_gone || knows.bad.is_none() || knows.missing.is_some(), "nobody knows that it is gone");
            if letter == 'o' && rule.keep_firing_for.is_zero() && !knows.flapping {
                prop_assert_eq!(knows.believes(), Status::Ok);
            }
        }
    }

    #[test]
    fn what_is_always_quiet_is_noted_as_it_would_have_been_told(rule in rule(), events in events()) {
        let (mut loud, mut quiet) = (Runs::new(rule.clone()), Runs::new(rule));
        for (seconds, letter, _) in events {
            let told = run(&mut loud, (seconds, letter, false));
            let noted = run(&mut quiet, (seconds, letter, true));
            let noted: Vec<_> = noted.into_iter().map(|noted| Transition { suppressed: None, ..noted }).collect();
            prop_assert_eq!(told, noted);
            prop_assert!(alert(&quiet).is_none_or(|alert| !alert.is_known()));
            prop_assert_eq!(quiet.alerts.len(), loud.alerts.len());
        }
    }

    #[test]
    fn a_check_that_is_removed_in_silence_is_told_when_it_is_over(
        rule in rule(),
        events in events(),
        quiet in 0..5_usize,
    ) {
        let mut runs = Runs::new(rule);
        let mut reader = Reader::default();
        for event @ (_, letter, quiet) in events {
            let told = run(&mut runs, event);
            if !quiet {
                told.iter().for_each(|message| reader.read(message, letter));
            }
            if alert(&runs).is_none() {
                reader = Reader::default();
            }
        }
        let noted: Vec<_> = (0..quiet).flat_map(|_| settled(&mut runs, &[], true).transitions).collect();
        prop_assert!(noted.iter().filter(|(key, _)| key.subject == "/").count() <= 1, "{:?}", noted);
        for (_, message) in settled(&mut runs, &[], false).transitions.iter().filter(|(key, _)| key.subject == "/") {
            prop_assert_eq!(&message.suppressed, &None);
            reader.read(message, '-');
        }
        prop_assert!(reader.bad.is_none() || reader.missing == Some(Kind::Stale), "nobody knows that it is gone");
        prop_assert!(runs.alerts.is_empty());
    }
}
