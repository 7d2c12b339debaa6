//! `checkpost collect`: current readings, neither judged nor stored.

use std::io::{self, IsTerminal};
use std::thread;
use std::time::Instant;

use jiff::Timestamp;

use checkpost_collect::{self as collect, Demand, Request};
use checkpost_model::metric::catalog::{self, Source};
use checkpost_model::metric::{CycleCost, Snapshot};
use checkpost_report::{prometheus, readings};
use checkpost_store::Store;

use crate::cli::{CollectArgs, CollectFormat, Global};
use crate::config::Config;
use crate::cycle;

use super::context;
use super::error::CommandError;
use super::exit_code::DONE;
use super::output::{json_text, write};

/// Moves the cursor to the upper left corner and clears the screen, but not the scrollback.
const CLEAR: &str = "\u{1b}[H\u{1b}[2J";

pub(super) fn run(global: &Global, args: &CollectArgs) -> Result<u8, CommandError> {
    if args.watch.is_some() && args.format == CollectFormat::Prometheus {
        return Err(CommandError::Usage(
            "--watch needs --format text or json: an exposition shows a single collection",
        ));
    }
    let config = context::config(global, None)?;
    let sources = if args.sources.is_empty() { Source::ALL.to_vec() } else { args.sources.clone() };
    let mut demand = Demand::of_sources(&sources);
    config.collect.processes.iter().chain(&args.processes).for_each(|pattern| demand.watch(pattern));
    let (mut previous, last_cycle) = last_stored(&config);
    loop {
        let started = Instant::now();
        let mut request = Request {
            demand: demand.clone(),
            previous: previous.as_ref(),
            last_cycle: last_cycle.clone(),
            ..cycle::request(&config, Timestamp::now())
        };
        if let Some(interval) = args.watch {
            // A person who watches wants to see the load between two collections.
            request.shortest_cpu_interval = interval / 2;
        }
        let snapshot = collect::collect(&request);
        let is_read = write(&rendered(&snapshot, &sources, global, args)?).map_err(CommandError::Output)?;
        let Some(interval) = args.watch.filter(|_| is_read) else { return Ok(DONE) };
        previous = Some(snapshot);
        thread::sleep(interval.saturating_sub(started.elapsed()));
    }
}

/// The snapshot and the cost of the last cycle. Both are empty if the database cannot be read, which only a run should
/// report.
fn last_stored(config: &Config) -> (Option<Snapshot>, CycleCost) {
    let Ok(mut store) = Store::open_existing(&config.database.value) else { return Default::default() };
    let previous = store.previous_snapshot(&collect::host().boot_id);
    (previous.unwrap_or_default(), store.last_cycle_cost(true).unwrap_or_default())
}

fn rendered(
    snapshot: &Snapshot,
    sources: &[Source],
    global: &Global,
    args: &CollectArgs,
) -> Result<String, CommandError> {
    let mut shown = snapshot.clone();
    // Some readings were only taken to derive others.
    shown.samples.retain(|sample| catalog::metric(&sample.name).is_some_and(|m| sources.contains(&m.source)));
    // Process times only matter to the next cycle.
    shown.process_times = None;
    match args.format {
        CollectFormat::Prometheus => Ok(prometheus::samples(&shown.samples)),
        CollectFormat::Json if args.watch.is_some() => json_text(serde_json::to_string(&shown)),
        CollectFormat::Json => json_text(serde_json::to_string_pretty(&shown)),
        CollectFormat::Text => {
            let text = readings::render(&shown, &context::style(global));
            let is_screen = args.watch.is_some() && io::stdout().is_terminal();
            Ok(if is_screen { format!("{CLEAR}{text}") } else { text })
        }
    }
}
