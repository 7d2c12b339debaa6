//! The thirty-day table of `docs/reference/alerting.md`.

use super::*;

const DOCUMENT: &str = include_str!("../../docs/reference/alerting.md");

/// The rows: a name, an instance and a subject.
const SCENARIOS: [(&str, &str, &str); 7] = [
    ("a noisy CPU", "cpu", ""),
    ("a disk that fills: `/var`", "disk", "/var"),
    ("an interface that flaps: `eth1`", "network", "eth1"),
    ("errors across reboots: `eth0`", "network", "eth0"),
    ("a full disk across missed runs: `/srv`", "disk", "/srv"),
    ("a disk that is unplugged: `/mnt/usb`", "disk", "/mnt/usb"),
    ("a check that fails: `memory`", "memory", ""),
];

/// The columns that count kinds.
const KINDS: [(&str, &[Kind]); 8] = [
    ("raised", &[Kind::Raised]),
    ("escalated", &[Kind::Escalated]),
    ("de-escalated", &[Kind::DeEscalated]),
    ("resolved", &[Kind::Resolved]),
    ("reminder", &[Kind::Reminder]),
    ("flapping", &[Kind::FlappingStarted, Kind::FlappingEnded]),
    ("unknown", &[Kind::Unknown]),
    ("stale", &[Kind::Stale]),
];

/// A row: the notifications of every run, of the default rule, of `for = "5m"`, and those of the default rule by kind.
fn row(name: &str, is_counted: impl Fn(&Notification) -> bool) -> String {
    let count =
        |by_rule: fn(&Run) -> &Vec<Notification>| RUNS.iter().flat_map(by_rule).filter(|n| is_counted(n)).count();
    let totals = [count(|run| &run.every_run), count(|run| &run.default), count(|run| &run.with_for)];
    let default: Vec<_> = RUNS.iter().flat_map(|run| &run.default).filter(|n| is_counted(n)).collect();
    let by_kind = KINDS.map(|(_, kinds)| default.iter().filter(|n| kinds.contains(&n.kind)).count());
    assert_eq!(by_kind.iter().sum::<usize>(), default.len());
    let cells: Vec<_> = totals.into_iter().chain(by_kind).map(|count| count.to_string()).collect();
    format!("| {name} | {} |\n", cells.join(" | "))
}

#[test]
fn documented_table_matches_the_simulation() {
    let is_about = |instance: &str, subject: &str, n: &Notification| n.check == instance && n.subject == subject;
    let rows = SCENARIOS.map(|(name, instance, subject)| row(name, |n| is_about(instance, subject, n)));
    let has_row = |n: &Notification| SCENARIOS.iter().any(|(_, instance, subject)| is_about(instance, subject, n));
    let others = RUNS.iter().flat_map(|run| run.every_run.iter().chain(&run.default)).filter(|n| !has_row(n));
    assert_eq!(others.count(), 0, "each notification belongs to a row");
    let heads = KINDS.map(|(head, _)| head).join(" | ");
    let table = format!(
        "| What happens | every run | default | `for = \"5m\"` | {heads} |\n|{}\n{}{}",
        " --- |".repeat(4 + KINDS.len()),
        rows.concat(),
        row("**all**", |_| true)
    );
    assert!(DOCUMENT.contains(&table), "docs/reference/alerting.md must have:\n{table}");
    let runs = format!("{MOMENTS} moments, {} runs", RUNS.len());
    assert!(DOCUMENT.contains(&runs), "docs/reference/alerting.md must have: {runs}");
}
