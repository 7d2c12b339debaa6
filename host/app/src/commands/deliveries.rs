//! `checkpost deliveries`: the outbox, and the routes that fail.

use checkpost_model::clean;
use checkpost_report::format::{count, time};
use checkpost_report::table::{self, Column::*};
use checkpost_store::{DeliveryFilter, DeliveryRow, RouteRow, Store};

use crate::cli::{DeliveriesArgs, Global, ListFormat};

use super::context;
use super::error::CommandError;
use super::exit_code::DONE;
use super::output::{print, print_json};

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
    let failing = routes.iter().filter(|route| route.failures > 0);
    let mut text: String = failing.map(|route| clean::owned(&failing_route(route)) + "\n").collect();
    if rows.is_empty() {
        return text + "no deliveries stored\n";
    }
    let columns = [
        Number("ID"),
        Text("CREATED"),
        Name("ROUTE"),
        Text("STATE"),
        Number("ATTEMPTS"),
        Text("NOTIFICATIONS"),
        Text("REASON"),
    ];
    text += &table::render(&columns, rows.iter().map(row).collect(), &context::style(global));
    text
}

fn failing_route(route: &RouteRow) -> String {
    let failing = route.failing_since.map(|since| format!("has been failing since {}", time(since)));
    let failing = failing.unwrap_or_else(|| "is failing".to_owned());
    let next = route.next_try.map(|next| format!(", next attempt after {}", time(next))).unwrap_or_default();
    let pending = count(route.pending as usize, "message");
    let error = route.last_error.as_deref().unwrap_or_default();
    format!("route {} {failing}, {pending} pending{next}: {error}", route.name)
}

fn row(row: &DeliveryRow) -> Vec<String> {
    let state = match row.state.as_str() {
        "pending" if row.attempts == 0 && row.reason.is_some() => format!("delayed until {}", time(row.due)),
        state => state.to_owned(),
    };
    let notifications = row.notifications.iter().map(i64::to_string).collect::<Vec<_>>().join(" ");
    let reason = row.reason.clone().unwrap_or_default();
    let (id, attempts) = (row.id.to_string(), row.attempts.to_string());
    vec![id, time(row.created), row.route.clone(), state, attempts, notifications, reason]
}
