//! The demand of a cycle: the metrics to store, and those that its checks need and are granted.

use std::collections::HashSet;

use crate::config::CollectConfig;
use checkpost_collect::Demand;
use checkpost_model::metric::name_matches;
use checkpost_sandbox::{Need, Prepared};

/// The metrics of the processes whose names match a pattern.
const WATCHED: &str = "process.watched.*";
/// Patterns that all checks together may watch. Those of declared instances come first.
const MAX_WATCHED: usize = 1_000;
/// The label that holds the pattern. A need with this label says what to watch.
const PATTERN: &str = "process.watched.pattern";

/// The metrics that the configuration stores, and those that the checks which can judge need.
pub(super) fn demand(config: &CollectConfig, prepared: &[Prepared]) -> Demand {
    let mut demand = stored(config);
    let mut watched_patterns = HashSet::new();
    // With a thousand instances most needs are the same.
    let mut seen = HashSet::new();
    for check in prepared {
        let Ok((_, needs)) = &check.ready else { continue };
        let grants = &check.instance.allowance.grants;
        for need in needs.iter() {
            if seen.insert((&need.metric, grants)) {
                demand.want(|name| name_matches(&need.metric, name) && grants.allow(name));
            }
            if let Some(pattern) = watched(need).filter(|_| grants.allow("process.watched.count")) {
                // Every pattern is compared with every process.
                if watched_patterns.len() < MAX_WATCHED && watched_patterns.insert(pattern) {
                    demand.watch(pattern);
                }
            }
        }
    }
    if watched_patterns.len() == MAX_WATCHED {
        tracing::warn!(
            "checks watch {MAX_WATCHED} patterns of processes; the patterns of further checks are not watched"
        );
    }
    demand
}

/// The demand of the configuration alone.
fn stored(config: &CollectConfig) -> Demand {
    let mut demand = Demand::minimum();
    demand.want_all(&config.store);
    if !config.processes.is_empty() {
        demand.want_all(&[WATCHED]);
    }
    config.processes.iter().for_each(|pattern| demand.watch(pattern));
    demand
}

fn watched(need: &Need) -> Option<&str> {
    let is_of_watched = name_matches(WATCHED, &need.metric) || name_matches(&need.metric, "process.watched.count");
    need.labels.get(PATTERN).filter(|_| is_of_watched)
}
