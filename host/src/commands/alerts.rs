//! `checkpost alerts`: what is wrong by now, since when, and what people know of it.

use serde::Serialize;

use crate::alert::{Alert, AlertKey, Phase};
use crate::check::Status;
use crate::cli::{AlertsArgs, Global, ListFormat};
use crate::report::format::time;
use crate::report::table::{self, Column::*};
use crate::store::Store;

use super::{CommandError, DONE, context, print, print_json};

pub(super) fn run(global: &Global, args: &AlertsArgs) -> Result<u8, CommandError> {
    let config = context::config(global, None)?;
    let alerts = Store::open_existing(&config.database.value)?.alerts()?;
    let mut rows: Vec<_> = alerts.iter().filter(|(_, alert)| args.all || is_shown(alert)).map(row).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.level.severity()));
    match args.format {
        ListFormat::Json => print_json(&rows)?,
        ListFormat::Text if rows.is_empty() => print("no alerts\n")?,
        ListFormat::Text => {
            let columns =
                [Text("LEVEL"), Text("PHASE"), Text("SINCE"), Name("CHECK"), Name("SUBJECT"), Text("MESSAGE")];
            print(&table::render(&columns, rows.iter().map(cells).collect(), &context::style(global)))?;
        }
    }
    Ok(DONE)
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
    phase: Phase,
    /// The worst that is known of it: what it stands at, or is about to.
    level: Status,
    since: jiff::Timestamp,
    /// What people were told last; ok: nothing, or that it is over.
    told: Status,
    last_sent_at: Option<jiff::Timestamp>,
    flapping: bool,
    value: Option<f64>,
    title: &'a str,
    message: &'a str,
}

fn row<'a>((key, alert): (&'a AlertKey, &'a Alert)) -> Row<'a> {
    let level = if alert.level == Status::Ok { alert.bad_level } else { alert.level };
    let text = alert.unknown.as_ref().filter(|_| alert.phase == Phase::Unknown);
    Row {
        check: &key.instance,
        subject: &key.subject,
        phase: alert.phase,
        level,
        since: alert.since,
        told: alert.told(),
        last_sent_at: alert.last_sent_at,
        flapping: alert.flapping,
        value: alert.value,
        title: text.map_or(&alert.title, |text| &text.title),
        message: text.map_or(&alert.message, |text| &text.message),
    }
}

fn cells(row: &Row<'_>) -> Vec<String> {
    let phase = if row.flapping { format!("{}, flapping", row.phase.as_str()) } else { row.phase.as_str().to_owned() };
    let texts = [row.level.level(), &phase, &time(row.since), row.check, row.subject, row.message];
    texts.map(str::to_owned).into()
}
