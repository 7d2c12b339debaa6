//! What modules that are not built in may add to the database in a cycle: all instances of one module together, and all
//! modules together that were found in the checks directory. The smallest keep their verdicts: a flood silences itself, and
//! not the small check beside it.

use std::collections::HashMap;

use jiff::Timestamp;

use checkpost_model::check::{Evaluation, Failure, ModuleSource, Reason, Status, Verdict};
use checkpost_sandbox::Prepared;

use crate::config::ConfiguredRoute;

/// What all found modules may add in a cycle, however long ago the last one was.
const MAX_FOUND_BYTES: usize = 256 << 10;

/// What all found modules may add in a cycle, however short ago the last one was: somebody calls `run` by hand.
const MIN_FOUND_BYTES: usize = 16 << 10;

/// Cycles whose mean interval counts.
pub(super) const CYCLES: usize = 12;

/// A row of `evaluations` without its texts, with its entries in indexes.
const EVALUATION_BYTES: usize = 90;

/// A row of `verdicts` without its texts.
const VERDICT_BYTES: usize = 30;

/// The longest detail of a failure of a found module when there is not enough room for all.
const MIN_DETAIL_BYTES: usize = 100;

/// A row of `deliveries` with its entries in indexes, and one of `delivery_notifications` with its entry.
const MESSAGE_BYTES: usize = 350;
const PART_BYTES: usize = 40;

/// What all found modules may add to the database in a cycle at `now`: their share of a day. There is no record of what
/// they added today. Instead the interval counts, and one run by hand between two others does not shorten it much: of the
/// time since the last cycle and the mean interval of the last ones, the longer counts.
pub(super) fn found_bytes(per_day: u64, last_starts: &[Timestamp], now: Timestamp) -> usize {
    const DAY_MS: i128 = 24 * 3_600_000;
    let since = |start: &Timestamp| i128::from(now.duration_since(*start).as_millis() as i64).max(0);
    let interval_ms = match last_starts {
        [last, .., first] if last_starts.len() >= CYCLES => since(last).max(since(first) / last_starts.len() as i128),
        // A young database is small.
        _ => DAY_MS,
    };
    let share = i128::from(per_day) * interval_ms / DAY_MS;
    usize::try_from(share).unwrap_or(usize::MAX).clamp(MIN_FOUND_BYTES, MAX_FOUND_BYTES)
}

/// Makes evaluations unknown whose verdicts are beyond what their module, or all found modules, may add. Returns what of
/// `found_bytes` is left for alerts and notifications: at least an eighth.
pub(super) fn enforce(evaluations: &mut [Evaluation], prepared: &[Prepared], found_bytes: usize) -> usize {
    for_each_module(evaluations, prepared);
    let found: Vec<_> = (0..evaluations.len()).filter(|index| evaluations[*index].is_found).collect();
    // Whatever the verdicts, each instance has a row.
    let rows = found.len() * (EVALUATION_BYTES + MIN_DETAIL_BYTES);
    // In the row and in two indexes.
    let names: usize = found.iter().map(|index| 3 * evaluations[*index].instance.len()).sum();
    let room = (found_bytes / 4 * 3).saturating_sub(rows + names);
    let costs = found.iter().map(|index| (*index, added_bytes(&evaluations[*index]).saturating_sub(MIN_DETAIL_BYTES)));
    let detail =
        format!("the modules found in the checks directory together exceed {room} bytes (found_bytes_per_day)");
    for index in beyond(costs.collect(), room) {
        refuse(&mut evaluations[index], &detail);
    }
    let used: usize = found.iter().map(|index| EVALUATION_BYTES + added_bytes(&evaluations[*index])).sum();
    found_bytes.saturating_sub(used + names).max(found_bytes / 8)
}

/// The instances of a module file share the limit of the most generous of them. Built-in modules are part of the program.
fn for_each_module(evaluations: &mut [Evaluation], prepared: &[Prepared]) {
    let mut modules: HashMap<String, (usize, Vec<(usize, usize)>)> = HashMap::new();
    for (index, (evaluation, check)) in evaluations.iter().zip(prepared).enumerate() {
        if let (Some(module), ModuleSource::File(_)) = (&evaluation.module, &check.instance.module) {
            let (limit, costs) = modules.entry(module.digest.clone()).or_default();
            *limit = (*limit).max(check.instance.allowance.limits.stored_bytes);
            costs.push((index, stored_bytes(evaluation)));
        }
    }
    for (limit, costs) in modules.into_values() {
        let detail =
            format!("the instances of this module together return more than {limit} bytes (limits.stored_bytes)");
        for index in beyond(costs, limit) {
            refuse(&mut evaluations[index], &detail);
        }
    }
}

/// Of these costs by position, those that do not fit into the room if the smallest are taken first.
fn beyond(mut costs: Vec<(usize, usize)>, room: usize) -> Vec<usize> {
    costs.sort_by_key(|(_, cost)| *cost);
    let mut used = 0;
    let fitting = costs.iter().take_while(|(_, cost)| {
        used += cost;
        used <= room
    });
    let count = fitting.count();
    costs.split_off(count).into_iter().map(|(index, _)| index).collect()
}

/// The verdicts are lost. A failure keeps its reason and the beginning of its detail.
fn refuse(evaluation: &mut Evaluation, detail: &str) {
    match &mut evaluation.outcome {
        Ok(_) => evaluation.outcome = Err(Failure::new(Reason::OutputLimit, detail)),
        Err(failure) => {
            let end = failure.detail.floor_char_boundary(MIN_DETAIL_BYTES - '…'.len_utf8());
            if end < failure.detail.len() {
                failure.detail.truncate(end);
                failure.detail.push('…');
            }
        }
    }
}

/// What the verdicts take in the database.
fn stored_bytes(evaluation: &Evaluation) -> usize {
    evaluation.outcome.iter().flatten().map(Verdict::stored_bytes).sum()
}

/// What an evaluation adds to the database besides its row. The texts of what is bad are stored again, with its alert.
fn added_bytes(evaluation: &Evaluation) -> usize {
    let of_verdict = |verdict: &Verdict| {
        let alert = if verdict.status == Status::Ok { 0 } else { verdict.title.len() + verdict.message.len() };
        VERDICT_BYTES + verdict.stored_bytes() + alert
    };
    match &evaluation.outcome {
        Ok(verdicts) => verdicts.iter().map(of_verdict).sum(),
        Err(failure) => failure.detail.len(),
    }
}

/// What the messages of one notification take on these routes: a message each, or a part of one.
pub(super) fn message_bytes(routes: &[ConfiguredRoute]) -> usize {
    routes.iter().map(|route| if route.route.group { PART_BYTES } else { MESSAGE_BYTES }).sum()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use checkpost_model::check::Settings;
    use checkpost_model::metric::Labels;
    use jiff::SignedDuration;

    use super::*;

    const DAY_BYTES: u64 = 64 << 20;

    /// Starts with these seconds between them, the latest first, before `now`.
    fn bytes(seconds_ago: impl IntoIterator<Item = i64>) -> usize {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap_or_default();
        let ago = |seconds| now.checked_sub(SignedDuration::from_secs(seconds)).unwrap_or_default();
        found_bytes(DAY_BYTES, &seconds_ago.into_iter().map(ago).collect::<Vec<_>>(), now)
    }

    fn every(seconds: i64) -> Vec<i64> {
        (1..=12).map(|number| number * seconds).collect()
    }

    #[test]
    fn found_modules_have_their_share_of_a_day_in_each_cycle() {
        assert_eq!(bytes(every(300)), (DAY_BYTES / 288) as usize);
        assert_eq!(bytes(every(60)), (DAY_BYTES / 1_440) as usize);
        assert_eq!(bytes(every(3_600)), MAX_FOUND_BYTES);
        assert_eq!(bytes(every(1)), MIN_FOUND_BYTES);
    }

    #[test]
    fn young_database_has_room_for_the_most() {
        assert_eq!(bytes([]), MAX_FOUND_BYTES);
        assert_eq!(bytes(every(1).into_iter().take(11)), MAX_FOUND_BYTES);
    }

    #[test]
    fn run_by_hand_and_clock_that_went_back_leave_room() {
        let by_hand = std::iter::once(1).chain(every(300)).take(12);
        assert!(bytes(by_hand) > (DAY_BYTES / 288) as usize * 9 / 10);
        assert_eq!(bytes(every(-300)), MIN_FOUND_BYTES);
    }

    fn evaluation(instance: &str, is_found: bool, message_bytes: usize) -> Evaluation {
        let verdict = Verdict {
            status: Status::Ok,
            subject: String::new(),
            title: String::new(),
            message: "x".repeat(message_bytes),
            measures: Vec::new(),
            attributes: Labels::none(),
        };
        Evaluation {
            instance: instance.to_owned(),
            channel: String::new(),
            owner: String::new(),
            is_found,
            module: None,
            settings: Settings::new(),
            outcome: Ok(vec![verdict]),
            fuel: 0,
            duration: Duration::ZERO,
        }
    }

    /// The instances that are refused, and what is left.
    fn refused(evaluations: &mut [Evaluation], found_bytes: usize) -> (Vec<&str>, usize) {
        let left = enforce(evaluations, &[], found_bytes);
        let refused = evaluations.iter().filter(|evaluation| {
            let reason = evaluation.outcome.as_ref().err().map(|failure| failure.reason);
            assert!(reason.is_none() || reason == Some(Reason::OutputLimit));
            reason.is_some()
        });
        (refused.map(|evaluation| evaluation.instance.as_str()).collect(), left)
    }

    #[test]
    fn small_found_module_is_judged_beside_a_flood() {
        let mut evaluations = [
            evaluation("aaa", true, 200_000),
            evaluation("declared", false, 200_000),
            evaluation("raid", true, 100),
            evaluation("zzz", true, 200_001),
        ];
        let (names, left) = refused(&mut evaluations, MAX_FOUND_BYTES);
        assert_eq!(names, ["aaa", "zzz"]);
        assert!(left > MAX_FOUND_BYTES - 2_000, "{left}");
        let detail = evaluations[0].outcome.as_ref().map_err(|failure| failure.detail.as_str());
        let expected = "the modules found in the checks directory together exceed 196008 bytes (found_bytes_per_day)";
        assert_eq!(detail.map(Vec::len), Err(expected));
    }

    #[test]
    fn found_modules_that_fit_together_are_all_judged() {
        let mut evaluations = [evaluation("aaa", true, 90_000), evaluation("zzz", true, 90_000)];
        let (names, left) = refused(&mut evaluations, MAX_FOUND_BYTES);
        assert_eq!(names, Vec::<&str>::new());
        assert!((MAX_FOUND_BYTES / 8..MAX_FOUND_BYTES - 180_000).contains(&left), "{left}");
    }

    #[test]
    fn failure_keeps_its_reason_and_the_beginning_of_its_detail() {
        let mut evaluations: Vec<_> = (0..1_000).map(|n| evaluation(&n.to_string(), true, 0)).collect();
        for evaluation in &mut evaluations {
            evaluation.outcome = Err(Failure::new(Reason::GuestError, "é".repeat(2_000)));
        }
        enforce(&mut evaluations, &[], MAX_FOUND_BYTES);
        for evaluation in &evaluations {
            let failure = evaluation.outcome.as_ref().err();
            assert!(failure.is_some_and(|f| f.reason == Reason::GuestError && f.detail.len() <= MIN_DETAIL_BYTES));
            assert!(failure.is_some_and(|f| f.detail.ends_with('…')));
        }
    }
}
