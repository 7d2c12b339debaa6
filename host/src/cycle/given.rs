//! What of the readings each check is given: what it declared and was granted, of now and of the past.

use std::collections::HashMap;

use crate::check::{Failure, Grants, Reason};
use crate::metric::{Sample, Series, Snapshot};
use crate::sandbox::{Need, Prepared};
use crate::store::{HistoryQuery, Store, StoreError};

/// The current readings that a check declared and was granted, and no others.
pub(super) fn samples<'a>(samples: &'a [Sample], needs: &[Need], grants: &Grants) -> Vec<&'a Sample> {
    let declared = |sample: &Sample| needs.iter().any(|need| need.matches(sample));
    samples.iter().filter(|sample| declared(sample) && grants.allow(&sample.name)).collect()
}

/// For each check, the past readings that it declared and was granted, or why there are too many.
pub(super) fn histories(
    store: &Store,
    prepared: &[Prepared],
    snapshot: &Snapshot,
) -> Result<Vec<Result<Vec<Series>, Failure>>, StoreError> {
    // Instances of one module mostly ask for the same.
    let mut read = HashMap::new();
    prepared.iter().map(|check| history(store, &mut read, check, snapshot)).collect()
}

type Read<'a> = HashMap<HistoryQuery<'a>, Vec<Series>>;

fn history<'a>(
    store: &Store,
    read: &mut Read<'a>,
    check: &'a Prepared,
    snapshot: &Snapshot,
) -> Result<Result<Vec<Series>, Failure>, StoreError> {
    let Ok((_, needs)) = &check.ready else { return Ok(Ok(Vec::new())) };
    let allowance = &check.instance.allowance;
    let max_points = allowance.limits.history_points;
    let until_ms = snapshot.time.as_millisecond();
    let mut history: Vec<Series> = Vec::new();
    for need in needs.iter().filter(|need| need.window_seconds > 0) {
        let from_ms = until_ms - 1_000 * i64::from(need.window_seconds);
        let query = HistoryQuery {
            metric: &need.metric,
            labels: &need.labels,
            grants: &allowance.grants,
            from_ms,
            until_ms,
            max_points,
        };
        if !read.contains_key(&query) {
            read.insert(query.clone(), store.history(&query)?);
        }
        read[&query].iter().for_each(|series| add(&mut history, series));
    }
    history.sort_by(|a, b| (&a.name, &a.labels).cmp(&(&b.name, &b.labels)));
    let points: usize = history.iter().map(|series| series.points.len()).sum();
    if points > max_points {
        let detail = format!("asked for more than {max_points} past readings");
        return Ok(Err(Failure::new(Reason::HistoryLimit, detail)));
    }
    Ok(Ok(history))
}

/// Adds a series, of which another need may have brought a part: the longer window holds the shorter one.
fn add(history: &mut Vec<Series>, series: &Series) {
    match history.iter_mut().find(|known| known.name == series.name && known.labels == series.labels) {
        Some(known) if known.points.len() >= series.points.len() => {}
        Some(known) => known.points.clone_from(&series.points),
        None => history.push(series.clone()),
    }
}
