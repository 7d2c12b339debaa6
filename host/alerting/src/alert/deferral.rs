//! Which alerts of found modules wait for a later run because they do not fit into the allowance of this one. Nothing is
//! lost: what was announced has not changed, so that the difference is found again.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::allowance::{Fate, FoundAllowance};
use super::transition::Transition;
use super::update::AlertUpdate;

/// Takes what the alerts of found modules add, and says what becomes of those that do not fit: the worst of each instance
/// come first. `reasons` are those of suppressed alerts.
pub(super) fn decide(allowance: &mut FoundAllowance, updates: &[AlertUpdate], reasons: &[Option<String>]) -> Vec<Fate> {
    let mut fates = vec![Fate::Fits; updates.len()];
    let mut costly: Vec<_> = (0..updates.len())
        .filter(|index| updates[*index].alert.is_found)
        .map(|index| (index, cost(allowance, &updates[index], reasons[index].is_some())))
        .filter(|(_, cost)| *cost > 0)
        .collect();
    if allowance.takes(costly.iter().map(|(_, cost)| cost).sum()) {
        return fates;
    }
    let severity = |index: usize| Reverse(updates[index].level.severity());
    costly.sort_by_key(|(index, _)| severity(*index));
    let mut ranks: HashMap<&str, usize> = HashMap::new();
    let mut by_rank: Vec<_> = costly
        .into_iter()
        .map(|(index, cost)| {
            let rank = ranks.entry(&updates[index].key.instance).or_default();
            *rank += 1;
            (*rank, severity(index), index, cost)
        })
        .collect();
    by_rank.sort_unstable();
    for (_, _, index, cost) in by_rank {
        if !allowance.takes(cost) {
            fates[index] = if updates[index].is_new_row() { Fate::Refused } else { Fate::Deferred };
        }
    }
    fates
}

/// What an alert adds: its row if it is new, and its notification.
fn cost(allowance: &FoundAllowance, update: &AlertUpdate, is_suppressed: bool) -> usize {
    let names = update.key.instance.len() + update.key.subject.len();
    let notification = |transition: &Transition| {
        allowance.notification_bytes(2 * names + transition.title.len() + transition.message.len())
    };
    let notified = update.transition(is_suppressed).map(notification).unwrap_or_default();
    let row = if update.is_new_row() { FoundAllowance::alert_bytes(names + update.text_bytes()) } else { 0 };
    row + notified
}
