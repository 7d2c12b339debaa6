//! The table of `docs/alerting.md`.

use super::*;

const DOCUMENT: &str = include_str!("../../../../../docs/alerting.md");

/// What happens, and to which subjects of which instance.
const SCENARIOS: [(&str, &str, &str); 7] = [
    ("a noisy CPU", "cpu", ""),
    ("a disk that fills: `/var`", "disk", "/var"),
    ("an interface that flaps: `eth1`", "network", "eth1"),
    ("errors across reboots: `eth0`", "network", "eth0"),
    ("a full disk across missed runs: `/srv`", "disk", "/srv"),
    ("a disk that is unplugged: `/mnt/usb`", "disk", "/mnt/usb"),
    ("a check that fails: `memory`", "memory", ""),
];

/// The columns of the kinds.
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

/// A row: every run, the default, the patient rule, and of the default each of [`KINDS`].
fn row(name: &str, of: impl Fn(&Notification) -> bool) -> String {
    let count = |told: fn(&Run) -> &Vec<Notification>| TRACE.iter().flat_map(told).filter(|told| of(told)).count();
    let totals = [count(|run| &run.every_run), count(|run| &run.default), count(|run| &run.patient)];
    let default: Vec<_> = TRACE.iter().flat_map(|run| &run.default).filter(|told| of(told)).collect();
    let by_kind = KINDS.map(|(_, kinds)| default.iter().filter(|told| kinds.contains(&told.kind)).count());
    assert_eq!(by_kind.iter().sum::<usize>(), default.len());
    let cells: Vec<_> = totals.into_iter().chain(by_kind).map(|count| count.to_string()).collect();
    format!("| {name} | {} |\n", cells.join(" | "))
}

#[test]
fn the_table_of_thirty_days_is_what_happens() {
    let is =
        |instance: &str, subject: &str, told: &Notification| told.check_name == instance && told.subject == subject;
    let rows = SCENARIOS.map(|(name, instance, subject)| row(name, |told| is(instance, subject, told)));
    let listed = |told: &Notification| SCENARIOS.iter().any(|(_, instance, subject)| is(instance, subject, told));
    let others = TRACE.iter().flat_map(|run| run.every_run.iter().chain(&run.default)).filter(|told| !listed(told));
    assert_eq!(others.count(), 0, "nothing is told that has no row");
    let heads = KINDS.map(|(head, _)| head).join(" | ");
    let table = format!(
        "| What happens | every run | default | `for = \"5m\"` | {heads} |\n|{}\n{}{}",
        " --- |".repeat(4 + KINDS.len()),
        rows.concat(),
        row("**all**", |_| true)
    );
    assert!(DOCUMENT.contains(&table), "docs/alerting.md must have:\n{table}");
    let runs = format!("{MOMENTS} moments, {} runs", TRACE.len());
    assert!(DOCUMENT.contains(&runs), "docs/alerting.md must have: {runs}");
}
