//! `checkpost deliveries`: the outbox, and how each route fares.

use crate::cli::{DeliveriesArgs, Global, ListFormat};
use crate::report::format::time;
use crate::report::table::{self, Column::*};
use crate::store::{DeliveryFilter, DeliveryRow, RouteRow, Store};

use super::{CommandError, DONE, context, print, print_json};

pub(super) fn run(global: &Global, args: &DeliveriesArgs) -> Result<u8, CommandError> {
    let config = context::config(global, None)?;
    let filter = DeliveryFilter {
        since: context::since(args.list.since),
        limit: args.list.limit as usize,
        route: args.route.clone(),
        state: args.state.map(|state| state.as_str()),
    };
    let store = Store::open_existing(&config.database.value)?;
    let rows = store.deliveries(&filter)?;
    match args.list.format {
        ListFormat::Json => print_json(&rows)?,
        ListFormat::Text => print(&text(global, &rows, &store.routes()?))?,
    }
    Ok(DONE)
}

fn text(global: &Global, rows: &[DeliveryRow], routes: &[RouteRow]) -> String {
    let mut text = String::new();
    for route in routes.iter().filter(|route| route.failures > 0) {
        let error = route.last_error.as_deref().unwrap_or_default();
        let since = route.failing_since.map(|since| format!(" since {}", time(since))).unwrap_or_default();
        let next = route.next_try.map(|next| format!(", next try after {}", time(next))).unwrap_or_default();
        let line = format!("route {} fails{since}, waiting: {}{next}: {error}", route.name, route.pending);
        text += &crate::clean::line(&line);
        text.push('\n');
    }
    if rows.is_empty() {
        return text + "no deliveries stored\n";
    }
    let columns =
        [Number("ID"), Text("CREATED"), Name("ROUTE"), Text("STATE"), Number("TRIES"), Text("TELLS"), Text("REASON")];
    text + &table::render(&columns, rows.iter().map(row).collect(), &context::style(global))
}

fn row(row: &DeliveryRow) -> Vec<String> {
    let state = match row.state.as_str() {
        "pending" if row.attempts == 0 && row.reason.is_some() => format!("held until {}", time(row.due)),
        state => state.to_owned(),
    };
    let tells = row.notifications.iter().map(i64::to_string).collect::<Vec<_>>().join(" ");
    let reason = row.reason.clone().unwrap_or_default();
    vec![row.id.to_string(), time(row.created), row.route.clone(), state, row.attempts.to_string(), tells, reason]
}
