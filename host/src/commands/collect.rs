//! `checkpost collect`: the readings of this moment, neither judged nor stored.

use std::io::{self, IsTerminal};
use std::thread;
use std::time::Instant;

use jiff::Timestamp;

use crate::cli::{CollectArgs, CollectFormat, Global};
use crate::collect::{self, Demand, LastCycle, Request};
use crate::config::Config;
use crate::cycle;
use crate::metric::Snapshot;
use crate::metric::catalog::{self, Source};
use crate::report::{prometheus, readings};
use crate::store::Store;

use super::{CommandError, DONE, context, json_text, write};

/// Moves to the upper left corner and clears the screen, with what has scrolled off left alone.
const CLEAR: &str = "\u{1b}[H\u{1b}[2J";

pub(super) fn run(global: &Global, args: &CollectArgs) -> Result<u8, CommandError> {
    if args.watch.is_some() && args.format == CollectFormat::Prometheus {
        return Err(CommandError::Usage("--watch goes with --format text or json: an exposition is of one moment"));
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
            // Somebody looks on: what was between two looks is what they want to see.
            request.shortest_cpu_interval = interval / 2;
        }
        let snapshot = collect::collect(&request);
        let is_read = write(&rendered(&snapshot, &sources, global, args)?)?;
        let Some(interval) = args.watch.filter(|_| is_read) else { return Ok(DONE) };
        previous = Some(snapshot);
        thread::sleep(interval.saturating_sub(started.elapsed()));
    }
}

/// What the next cycle will be compared with, and what the last one cost; nothing where there is no database that can be
/// read. Only a run is to complain of that.
fn last_stored(config: &Config) -> (Option<Snapshot>, LastCycle) {
    let Ok(mut store) = Store::open_existing(&config.database.value) else { return Default::default() };
    let previous = store.previous_snapshot(&collect::host().boot_id);
    (previous.unwrap_or_default(), store.last_cycle(true).unwrap_or_default())
}

fn rendered(
    snapshot: &Snapshot,
    sources: &[Source],
    global: &Global,
    args: &CollectArgs,
) -> Result<String, CommandError> {
    let mut shown = snapshot.clone();
    // Some readings are there for the sake of others.
    shown.samples.retain(|sample| catalog::metric(&sample.name).is_some_and(|m| sources.contains(&m.source)));
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
