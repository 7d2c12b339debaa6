//! What `docs/alerting.md` says is what happens.

use super::*;

const DOCUMENT: &str = include_str!("../../../../docs/alerting.md");

/// The rows of the state table: a name, and runs that lead there. Both waits are 10 minutes.
const STATES: [(&str, &str); 13] = [
    ("ok", "o"),
    ("pending", "ow"),
    ("pending, `for` over now", "oww"),
    ("firing, WARNING", "owww"),
    ("firing, CRITICAL", "occc"),
    ("firing, gone, `stale_after` over now", "owww---"),
    ("resolving", "owwwo"),
    ("resolving, `keep_firing_for` over now", "owwwoo"),
    ("unknown, not told yet", "ou"),
    ("unknown, `for` over now", "ouu"),
    ("unknown, told", "ouuu"),
    ("unknown, told, was firing", "owwwuuu"),
    ("stale, told, was firing", "owww----"),
];

#[test]
fn the_state_table_is_what_happens() {
    let rule = Rule { hold: minutes(10), keep_firing_for: minutes(10), ..Rule::default() };
    let cell = |state: &str, letter: char| {
        let mut trace = Trace::after(rule.clone(), state);
        let told = trace.tells(EVERY, letter);
        let phase = trace.alert().phase.as_str();
        if told.is_empty() { phase.to_owned() } else { format!("{phase}; **{told}**") }
    };
    let row = |(name, state): (&str, &str)| {
        let cells: Vec<_> = "owcux-".chars().map(|letter| cell(state, letter)).collect();
        format!("| {name} | {} |\n", cells.join(" | "))
    };
    let table: String = STATES.into_iter().map(row).collect();
    let table = format!(
        "| State before | ok | warning | critical | unknown | check failed | not mentioned |\n\
         | --- | --- | --- | --- | --- | --- | --- |\n{table}"
    );
    assert!(DOCUMENT.contains(&table), "docs/alerting.md must have:\n{table}");
}

#[test]
fn the_examples_are_what_happens() {
    // A code block: what of the rule is not the default, the runs, the messages.
    let examples: Vec<_> = DOCUMENT.split("```runs\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(examples.len() >= 8, "{}", examples.len());
    for example in examples {
        let mut lines = example.lines();
        let rule = lines.next().unwrap().split(", ").fold(Rule::default(), with);
        let runs = lines.next().unwrap();
        let expected: Vec<_> = lines.map(str::trim).collect();
        assert_eq!(told(&rule, runs), expected, "{example}");
    }
}

#[test]
fn the_examples_of_silences_are_what_happens() {
    let examples: Vec<_> = DOCUMENT.split("```quiet\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(examples.len() >= 4, "{}", examples.len());
    for example in examples {
        let mut lines = example.lines();
        let rule = lines.next().unwrap().split(", ").fold(Rule::default(), with);
        let runs = lines.next().unwrap();
        assert_eq!(super::quiet::told(&rule, runs), lines.collect::<Vec<_>>(), "{example}");
    }
}

/// A rule with one key of the documentation changed.
fn with(rule: Rule, pair: &str) -> Rule {
    let Some((key, value)) = pair.split_once(" = ") else {
        assert_eq!(pair, "default");
        return rule;
    };
    let time = || minutes(value.strip_suffix(" min").unwrap().parse().unwrap());
    match key {
        "for" => Rule { hold: time(), ..rule },
        "keep_firing_for" => Rule { keep_firing_for: time(), ..rule },
        "repeat_interval" => Rule { repeat_interval: Some(time()), ..rule },
        "stale_after" => Rule { stale_after: Some(time()), ..rule },
        "renotify_on_escalation" => Rule { renotify_on_escalation: value.parse().unwrap(), ..rule },
        "flapping" => Rule { flapping: value.parse::<bool>().unwrap().then(Flapping::default), ..rule },
        "on_unknown" => Rule { on_unknown: serde_json::from_value(value.into()).unwrap(), ..rule },
        _ => panic!("{key}"),
    }
}
