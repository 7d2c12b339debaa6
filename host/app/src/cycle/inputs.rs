//! The inputs of each check: the past readings that it declared and was granted, and its previous statuses. `samples` has
//! the present readings.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use checkpost_alerting::alert::{AlertKey, Alerts};
use checkpost_model::check::{Failure, Reason, Status};
use checkpost_model::metric::{Series, Snapshot};
use checkpost_sandbox::{Need, Prepared};
use checkpost_store::{History, HistoryQuery, Store, StoreError, Window};

/// The status of each subject, by instance, when the instance last could judge.
pub(super) type Previous = BTreeMap<String, Vec<(String, Status)>>;

/// The statuses of the last verdicts, and of each subject that was bad and has vanished since, its last status: an
/// interface that comes back without a rate is not ok because of that.
pub(super) fn previous(mut statuses: Previous, alerts: &Alerts) -> Previous {
    for (instance, known) in &mut statuses {
        let subjects: HashSet<String> = known.iter().map(|(subject, _)| subject.clone()).collect();
        // Alerts are sorted by instance, and the empty subject is the first of each.
        let of_instance = alerts.range(AlertKey { instance: instance.clone(), subject: String::new() }..);
        let of_instance = of_instance.take_while(|(key, _)| key.instance == *instance);
        let vanished = of_instance.filter(|(key, alert)| {
            alert.absent_since.is_some() && alert.bad_level != Status::Ok && !subjects.contains(&key.subject)
        });
        known.extend(vanished.map(|(key, alert)| (key.subject.clone(), alert.bad_level)));
    }
    statuses
}

/// The past readings of one check, or why it has none.
pub(super) type Past = Result<Arc<Vec<Series>>, Failure>;

/// How many past points one cycle reads for all its checks: some 64 MiB. A check beyond that gets none.
const MAX_POINTS: usize = 4_000_000;

/// For each check, the past readings that it declared and was granted, or why it has none. Instances with the same needs
/// share them.
pub(super) fn histories(
    store: &Store,
    prepared: &[Prepared],
    snapshot: &Snapshot,
    deadline: Instant,
) -> Result<Vec<Past>, StoreError> {
    let mut reader = Reader { store, deadline, left: MAX_POINTS, read: HashMap::new() };
    prepared.iter().map(|check| reader.history(check, snapshot)).collect()
}

struct Reader<'a> {
    store: &'a Store,
    deadline: Instant,
    left: usize,
    read: HashMap<HistoryQuery<'a>, Arc<Vec<Series>>>,
}

impl<'a> Reader<'a> {
    fn history(&mut self, check: &'a Prepared, snapshot: &Snapshot) -> Result<Past, StoreError> {
        let Some(query) = query(check, snapshot) else { return Ok(Ok(Arc::default())) };
        let max_points = check.instance.allowance.limits.history_points;
        let too_many = |limit: usize| {
            Ok(Err(Failure::new(Reason::HistoryLimit, format!("asked for more than {limit} past readings"))))
        };
        if let Some(history) = self.read.get(&query) {
            return if points(history) > max_points { too_many(max_points) } else { Ok(Ok(Arc::clone(history))) };
        }
        match self.store.history(&query, max_points.min(self.left), self.deadline)? {
            History::Read(history) => {
                self.left -= points(&history);
                let history = Arc::new(history);
                self.read.insert(query, Arc::clone(&history));
                Ok(Ok(history))
            }
            History::TooMany if self.left < max_points => {
                let detail = format!("this cycle has read {MAX_POINTS} past readings for others, or nearly so");
                Ok(Err(Failure::new(Reason::HistoryLimit, detail)))
            }
            History::TooMany => too_many(max_points),
            History::TooLate => {
                Ok(Err(Failure::new(Reason::Deadline, "the run had no time left to read its past readings")))
            }
        }
    }
}

/// The past readings that a check needs, if any.
fn query<'a>(check: &'a Prepared, snapshot: &Snapshot) -> Option<HistoryQuery<'a>> {
    let (_, needs) = check.ready.as_ref().ok()?;
    let until_ms = snapshot.time.as_millisecond();
    let window = |need: &'a Need| Window {
        metric: &need.metric,
        labels: &need.labels,
        from_ms: until_ms - 1_000 * i64::from(need.window_seconds),
    };
    let windows: Vec<_> = needs.iter().filter(|need| need.window_seconds > 0).map(window).collect();
    let grants = &check.instance.allowance.grants;
    (!windows.is_empty()).then_some(HistoryQuery { windows, grants, until_ms })
}

fn points(history: &[Series]) -> usize {
    history.iter().map(|series| series.points.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use checkpost_alerting::alert::Alert;

    #[test]
    fn vanished_bad_subject_keeps_its_status() {
        let now = jiff::Timestamp::UNIX_EPOCH;
        let alert = |bad_level, absent| Alert { bad_level, absent_since: absent, ..Alert::new(now) };
        let key = |instance: &str, subject: &str| AlertKey { instance: instance.into(), subject: subject.into() };
        let alerts = Alerts::from([
            (key("network", "eth0"), alert(Status::Warning, None)),
            (key("network", "eth1"), alert(Status::Critical, Some(now))),
            (key("network", "eth2"), alert(Status::Ok, Some(now))),
            (key("disk", "/mnt"), alert(Status::Warning, Some(now))),
        ]);
        let statuses = Previous::from([("network".to_owned(), vec![("eth0".to_owned(), Status::Warning)])]);
        let expected = [("eth0".to_owned(), Status::Warning), ("eth1".to_owned(), Status::Critical)];
        assert_eq!(previous(statuses, &alerts), Previous::from([("network".to_owned(), expected.into())]));
    }
}
