//! `checkpost alerts`: what is wrong by now, since when, how it went, and what people know of it.

use jiff::Timestamp;
use serde::Serialize;

use crate::alert::{Alert, AlertKey, Phase, Standing};
use crate::check::Status;
use crate::cli::{AlertsArgs, Global, ListFormat};
use crate::collect;
use crate::config::Config;
use crate::report::format::{measure, time};
use crate::report::sparkline::sparkline;
use crate::report::style::Style;
use crate::report::table::{self, Column::*, Noted};
use crate::schedule::{self, LastCycle};
use crate::store::{Readings, Store};

use super::{CommandError, DONE, context, note, print, print_json};

/// Runs whose readings are shown.
const RUNS: usize = 20;

pub(super) fn run(global: &Global, args: &AlertsArgs) -> Result<u8, CommandError> {
    let config = context::config(global, None)?;
    let store = Store::open_existing(&config.database.value)?;
    let alerts = store.alerts()?;
    note_if_late(&config, &store)?;
    let now = Timestamp::now();
    let (silences, acknowledgements) = (store.silences(now)?, store.acknowledgements()?);
    let host = collect::host();
    let quiet = config.quiet.with(&silences, &acknowledgements, &host.name);
    let standings: Vec<_> = alerts.iter().map(|(key, alert)| Standing::kept(key.clone(), alert.clone())).collect();
    let quiet = quiet.in_run(&standings, now);
    let mut rows = Vec::new();
    for standing in standings.iter().filter(|standing| args.all || is_shown(&standing.alert)) {
        let readings = store.readings(&standing.key, RUNS)?;
        let marks = marks(&standing.alert, quiet.reason(standing));
        rows.push(Row { marks, ..row(&standing.key, &standing.alert, readings) });
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.level.severity()));
    match args.format {
        ListFormat::Json => print_json(&rows)?,
        ListFormat::Text if rows.is_empty() => print("no alerts\n")?,
        ListFormat::Text => print(&text(&rows, &context::style(global)))?,
    }
    Ok(DONE)
}

/// What is wrong by now is what was wrong in the last cycle. Not on stdout, which holds the alerts only.
fn note_if_late(config: &Config, store: &Store) -> Result<(), CommandError> {
    let starts = store.last_starts(schedule::CYCLES)?;
    let last = LastCycle::of(config.interval, &starts, Timestamp::now());
    if !last.is_in_time() {
        note(&format!("warning: {last}: {}", last.remedy()));
    }
    Ok(())
}

/// What is ok and was told to be is kept for flapping only.
fn is_shown(alert: &Alert) -> bool {
    alert.phase != Phase::Ok || alert.is_known()
}

/// An alert as people and scripts see it.
#[derive(Serialize)]
struct Row<'a> {
    check: &'a str,
    subject: &'a str,
    owner: &'a str,
    phase: Phase,
    /// The worst that is known of it: what it stands at, or is about to.
    level: Status,
    since: Timestamp,
    /// What people were told last; ok: nothing, or that it is over.
    told: Status,
    last_sent_at: Option<Timestamp>,
    flapping: bool,
    /// The first measure of the last verdict that has one.
    value: Option<f64>,
    /// UCUM.
    unit: Option<String>,
    /// The same of the last runs, the oldest first; null: a run without it.
    readings: Vec<Option<f64>>,
    /// What holds messages of it back.
    marks: Vec<String>,
    title: &'a str,
    message: &'a str,
}

fn row<'a>(key: &'a AlertKey, alert: &'a Alert, Readings { last, runs }: Readings) -> Row<'a> {
    let level = if alert.level == Status::Ok { alert.bad_level } else { alert.level };
    let text = alert.unknown.as_ref().filter(|_| alert.phase == Phase::Unknown);
    Row {
        check: &key.instance,
        subject: &key.subject,
        owner: &alert.owner,
        phase: alert.phase,
        level,
        since: alert.since,
        told: alert.told(),
        last_sent_at: alert.last_sent_at,
        flapping: alert.flapping,
        value: last.as_ref().map(|last| last.value).or(alert.value),
        unit: last.map(|last| last.unit),
        readings: runs,
        marks: Vec::new(),
        title: text.map_or(&alert.title, |text| &text.title),
        message: text.map_or(&alert.message, |text| &text.message),
    }
}

/// Why people hear less of it than of others, in words.
fn marks(alert: &Alert, quiet: Option<String>) -> Vec<String> {
    alert.flapping.then(|| "flapping".to_owned()).into_iter().chain(quiet).collect()
}

fn text(rows: &[Row<'_>], style: &Style) -> String {
    let columns = [Text("LEVEL"), Name("CHECK"), Name("SUBJECT"), Text("PHASE"), Text("SINCE")];
    let rows: Vec<_> = rows.iter().map(|row| noted(row, style)).collect();
    table::render_notes(&columns, &rows, style)
}

/// One line to find it by, and below it how it went, what that means and what holds it back.
fn noted(row: &Row<'_>, style: &Style) -> Noted {
    let cells = [row.level.level(), row.check, row.subject, row.phase.as_str(), &time(row.since)];
    let value = row.value.map(|value| measure(value, row.unit.as_deref().unwrap_or_default()));
    let readings = sparkline(&row.readings, style);
    let figures: Vec<_> = value.into_iter().chain([readings]).filter(|part| !part.is_empty()).collect();
    let notes = vec![figures.join("  "), row.message.to_owned(), row.marks.join("; ")];
    (cells.map(str::to_owned).into(), notes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use textwrap::core::display_width;

    use super::*;
    use crate::store::Reading;

    fn alert(level: Status, message: &str) -> Alert {
        let since = "2025-10-27T14:20:01Z".parse().unwrap();
        Alert { phase: Phase::Firing, level, message: message.to_owned(), ..Alert::new(since) }
    }

    fn key(instance: &str, subject: &str) -> AlertKey {
        AlertKey { instance: instance.to_owned(), subject: subject.to_owned() }
    }

    fn readings(value: f64, unit: &str, runs: &[Option<f64>]) -> Readings {
        let last = Reading { name: "used".to_owned(), value, unit: unit.to_owned() };
        Readings { last: Some(last), runs: runs.to_vec() }
    }

    /// One of each kind, and the longest that may be.
    fn shown(style: &Style) -> String {
        let runs: Vec<_> = (0..20).map(|run| (run % 7 != 3).then_some(f64::from(run))).collect();
        let long = ("a-name-of-an-instance".repeat(3), format!("/srv/{}", "directory/".repeat(20)));
        let alerts = [
            (key("memory", ""), alert(Status::Critical, "Memory usage is 96.2% (7.70GB / 8.00GB, threshold: 85%)")),
            (key(&long.0, &long.1), alert(Status::Warning, &format!("Disk usage of {} is 91.0%", long.1))),
            (key("probe", "gone\u{1b}[2J"), Alert { phase: Phase::Stale, ..alert(Status::Unknown, "It is gone.") }),
        ];
        let readings = [readings(96.2, "%", &runs), readings(5e9, "By/s", &[Some(1.0); 3]), Readings::default()];
        let rows = alerts.iter().zip(readings);
        let mut rows: Vec<_> = rows.map(|((key, alert), readings)| row(key, alert, readings)).collect();
        rows[1].marks = vec!["flapping".to_owned(), "acknowledged by alice: new disks are ordered".to_owned()];
        text(&rows, style)
    }

    const STYLE: Style = Style { width: 80, color: false, ascii: false };

    #[test]
    fn what_is_shown_of_an_alert_fits_into_80_columns() {
        let text = shown(&STYLE);
        assert!(text.lines().all(|line| display_width(line) <= 80), "{text}");
        insta::assert_snapshot!("alerts_80", text);
    }

    #[test]
    fn in_ascii_it_is_ascii() {
        let text = shown(&Style { ascii: true, ..STYLE });
        assert!(text.is_ascii(), "{text}");
        assert!(text.contains("96.2%  ___ .:::-- =+++** ##"), "{text}");
    }

    #[test]
    fn a_value_whose_verdict_is_gone_is_that_of_the_alert() {
        let (key, alert) = (key("probe", ""), Alert { value: Some(3.0), ..alert(Status::Warning, "") });
        let row = row(&key, &alert, Readings::default());
        assert_eq!((row.value, row.unit), (Some(3.0), None));
    }
}
