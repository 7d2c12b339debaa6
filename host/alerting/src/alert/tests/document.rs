//! The transition table and the examples of `docs/reference/alerting.md`.

use super::*;

const DOCUMENT: &str = include_str!("../../../../../docs/reference/alerting.md");

/// The rows of the transition table: a name, and runs that lead to this state. Both waits are 10 minutes.
const STATES: [(&str, &str); 13] = [
    ("ok", "o"),
    ("pending", "ow"),
    ("pending, `for` over now", "oww"),
    ("firing, WARNING", "owww"),
    ("firing, CRITICAL", "occc"),
    ("firing, gone, `stale_after` over now", "owww---"),
    ("resolving", "owwwo"),
    ("resolving, `keep_firing_for` over now", "owwwoo"),
    ("unknown, not announced yet", "ou"),
    ("unknown, `for` over now", "ouu"),
    ("unknown, announced", "ouuu"),
    ("unknown, announced, was firing", "owwwuuu"),
    ("stale, announced, was firing", "owww----"),
];

#[test]
fn transition_table_matches_the_program() {
    let rule = Rule { pending_for: minutes(10), keep_firing_for: minutes(10), ..Rule::default() };
    let cell = |state: &str, letter: char| {
        let mut trace = Trace::after(rule.clone(), state);
        let notified = trace.notified(EVERY, letter);
        let phase = trace.alert().phase.as_str();
        if notified.is_empty() { phase.to_owned() } else { format!("{phase}; **{notified}**") }
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
    assert!(DOCUMENT.contains(&table), "docs/reference/alerting.md must have:\n{table}");
}

#[test]
fn examples_match_the_program() {
    let examples = examples("runs");
    assert!(examples.len() >= 8, "{}", examples.len());
    for Example { rule, runs, expected, text } in examples {
        assert_eq!(notified(&rule, runs), expected, "{text}");
    }
}

#[test]
fn suppression_examples_match_the_program() {
    let examples = examples("suppressed");
    assert!(examples.len() >= 4, "{}", examples.len());
    for Example { rule, runs, expected, text } in examples {
        assert_eq!(suppression::notified(&rule, runs), expected, "{text}");
    }
}

/// A code block: the keys of the rule that differ from the default, the runs, and a line for each notification.
struct Example {
    rule: Rule,
    runs: &'static str,
    expected: Vec<&'static str>,
    text: &'static str,
}

/// The code blocks of a language.
fn examples(language: &str) -> Vec<Example> {
    let example = |rest: &'static str| {
        let text = rest.split("```").next().unwrap();
        let mut lines = text.lines();
        let rule = lines.next().unwrap().split(", ").fold(Rule::default(), with);
        Example { rule, runs: lines.next().unwrap(), expected: lines.collect(), text }
    };
    DOCUMENT.split(&format!("```{language}\n")).skip(1).map(example).collect()
}

/// Changes a key of a rule, as the documentation writes it: `for = 10 min`.
fn with(rule: Rule, pair: &str) -> Rule {
    let Some((key, value)) = pair.split_once(" = ") else {
        assert_eq!(pair, "default");
        return rule;
    };
    let time = || minutes(value.strip_suffix(" min").unwrap().parse().unwrap());
    match key {
        "for" => Rule { pending_for: time(), ..rule },
        "keep_firing_for" => Rule { keep_firing_for: time(), ..rule },
        "repeat_interval" => Rule { repeat_interval: Some(time()), ..rule },
        "stale_after" => Rule { stale_after: Some(time()), ..rule },
        "renotify_on_escalation" => Rule { renotify_on_escalation: value.parse().unwrap(), ..rule },
        "flapping" => Rule { flapping: value.parse::<bool>().unwrap().then(Flapping::default), ..rule },
        "on_unknown" => Rule { on_unknown: serde_json::from_value(value.into()).unwrap(), ..rule },
        _ => panic!("{key}"),
    }
}
