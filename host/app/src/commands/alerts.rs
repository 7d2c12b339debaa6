//! `checkpost alerts`: current alerts, since when, with recent readings and the reasons for suppression.

use jiff::Timestamp;
use serde::Serialize;

use checkpost_alerting::alert::{Alert, AlertKey, AlertUpdate, Phase};
use checkpost_model::check::Status;
use checkpost_report::format::{measure, time};
use checkpost_report::sparkline::sparkline;
use checkpost_report::style::Style;
use checkpost_report::table::{self, Column::*, RowWithNotes};
use checkpost_store::{Readings, Store};

use crate::cli::{AlertsArgs, Global, ListFormat};
use crate::config::Config;
use crate::schedule::{self, Freshness};

use super::context;
use super::error::CommandError;
use super::exit_code::DONE;
use super::output::{note, print, print_json};

/// How many runs of readings are shown.
const RUNS: usize = 20;

pub(super) fn run(global: &Global, args: &AlertsArgs) -> Result<u8, CommandError> {
    let config = context::config(global, None)?;
    let store = Store::open_existing(&config.database.value)?;
    let alerts = store.alerts()?;
    warn_if_late(&config, &store)?;
    let now = Timestamp::now();
    let (silences, acknowledgements) = (store.silences(now)?, store.acknowledgements()?);
    let host = checkpost_collect::host();
    let suppressors = config.suppression.with(&silences, &acknowledgements, &host.name);
    let updates: Vec<_> = alerts.iter().map(|(key, alert)| AlertUpdate::stored(key.clone(), alert.clone())).collect();
    let suppression = suppressors.in_run(&updates, now);
    let mut rows = Vec::new();
    for update in updates.iter().filter(|update| args.all || is_current(&update.alert)) {
        let readings = store.readings(&update.key, RUNS)?;
        let marks = marks(&update.alert, suppression.reason(update));
        rows.push(Row { marks, ..row(&update.key, &update.alert, readings) });
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.level.severity()));
    match args.format {
        ListFormat::Json => print_json(&rows)?,
        ListFormat::Text if rows.is_empty() => print("no alerts\n")?,
        ListFormat::Text => print(&text(&rows, &context::style(global)))?,
    }
    Ok(DONE)
}

/// Alerts are those of the last cycle, so a late cycle makes them out of date. The warning does not go to standard output,
/// which has the alerts only.
fn warn_if_late(config: &Config, store: &Store) -> Result<(), CommandError> {
    let starts = store.last_starts(schedule::CYCLES)?;
    let last = Freshness::of(config.interval, &starts, Timestamp::now());
    if !last.is_in_time() {
        note(&format!("warning: {last}: {}", last.remedy()));
    }
    Ok(())
}

/// Whether the alert is listed without `--all`. Alerts that are ok and not announced are stored for flapping only.
fn is_current(alert: &Alert) -> bool {
    alert.phase != Phase::Ok || alert.is_announced()
}

/// An alert in the list. The serialized names are those of the JSON output.
#[derive(Serialize)]
struct Row<'a> {
    check: &'a str,
    subject: &'a str,
    owner: &'a str,
    phase: Phase,
    /// The level of the alert; while that is ok, the level that it may get.
    level: Status,
    since: Timestamp,
    /// The announced status; ok: none, or the end was announced.
    #[serde(rename = "told")]
    announced: Status,
    last_sent_at: Option<Timestamp>,
    flapping: bool,
    /// The first measure of the last verdict that has one.
    value: Option<f64>,
    /// UCUM.
    unit: Option<String>,
    /// This measure in the last runs, oldest first; null for a run without it.
    readings: Vec<Option<f64>>,
    /// Why notifications of the alert are suppressed or fewer.
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
        announced: alert.announced.status(),
        last_sent_at: alert.announced.sent_at,
        flapping: alert.announced.flapping,
        value: last.as_ref().map(|last| last.value).or(alert.value),
        unit: last.map(|last| last.unit),
        readings: runs,
        marks: Vec::new(),
        title: text.map_or(&alert.title, |text| &text.title),
        message: text.map_or(&alert.message, |text| &text.message),
    }
}

fn marks(alert: &Alert, suppressed: Option<String>) -> Vec<String> {
    alert.announced.flapping.then(|| "flapping".to_owned()).into_iter().chain(suppressed).collect()
}

fn text(rows: &[Row<'_>], style: &Style) -> String {
    let columns = [Text("LEVEL"), Name("CHECK"), Name("SUBJECT"), Text("PHASE"), Text("SINCE")];
    let rows: Vec<_> = rows.iter().map(|row| noted(row, style)).collect();
    table::render_with_notes(&columns, &rows, style)
}

/// A row that identifies the alert, with readings, message and marks as notes below.
fn noted(row: &Row<'_>, style: &Style) -> RowWithNotes {
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

    use checkpost_store::Reading;

    use super::*;

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

    /// Alerts of several kinds, with names and messages that are too long.
    fn rendered(style: &Style) -> String {
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
    fn alerts_fit_into_80_columns() {
        let text = rendered(&STYLE);
        assert!(text.lines().all(|line| display_width(line) <= 80), "{text}");
        insta::assert_snapshot!("alerts_80", text);
    }

    #[test]
    fn ascii_output_is_ascii() {
        let text = rendered(&Style { ascii: true, ..STYLE });
        assert!(text.is_ascii(), "{text}");
        assert!(text.contains("96.2%  ___ .:::-- =+++** ##"), "{text}");
    }

    #[test]
    fn value_without_a_verdict_is_that_of_the_alert() {
        let (key, alert) = (key("probe", ""), Alert { value: Some(3.0), ..alert(Status::Warning, "") });
        let row = row(&key, &alert, Readings::default());
        assert_eq!((row.value, row.unit), (Some(3.0), None));
    }
}
