//! What the alerts of found modules may add to the database in one run. Nobody declared these modules, and a thousand of them
//! may change in the same run. What does not fit is not lost: the alert is notified in a later run, since what was announced
//! has not changed.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::notification::Notification;
use super::transition::Transition;
use super::update::AlertUpdate;

/// A row of `alerts` without its texts, in bytes, with what its page wastes.
const ALERT_BYTES: usize = 900;
/// A row of `notifications` without its texts, with its entries in indexes and the longest reason of a suppression.
const NOTIFICATION_BYTES: usize = 400;

/// What the alerts of all found modules may add to the database in one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FoundAllowance {
    /// For alerts and notifications together.
    pub bytes: usize,
    /// What the messages of one notification take, on all routes.
    pub message_bytes: usize,
}

impl FoundAllowance {
    /// No limit.
    pub const UNLIMITED: Self = Self { bytes: usize::MAX, message_bytes: 0 };

    /// Takes what a notification adds, if it fits.
    pub fn takes(&mut self, notification: &Notification) -> bool {
        let Notification { check, subject, title, message, .. } = notification;
        let texts = [check, subject, title, message].map(String::len).iter().sum();
        let left = self.bytes.checked_sub(self.notification_bytes(texts));
        self.bytes = left.unwrap_or(self.bytes);
        left.is_some()
    }

    fn notification_bytes(&self, texts: usize) -> usize {
        NOTIFICATION_BYTES + self.message_bytes + texts
    }

    /// What an alert adds: its row if it is new, and its notification.
    fn cost(&self, update: &AlertUpdate, is_suppressed: bool) -> usize {
        let names = update.key.instance.len() + update.key.subject.len();
        let notification = |transition: &Transition| {
            self.notification_bytes(2 * names + transition.title.len() + transition.message.len())
        };
        let notified = update.transition(is_suppressed).map(notification).unwrap_or_default();
        let row = if update.is_new_row() { ALERT_BYTES + names + update.text_bytes() } else { 0 };
        row + notified
    }

    /// Takes what the alerts of found modules add, and says what becomes of those that do not fit: the worst of each
    /// instance come first. `reasons` are those of suppressed alerts.
    pub(super) fn decide(&mut self, updates: &[AlertUpdate], reasons: &[Option<String>]) -> Vec<Fate> {
        let mut fates = vec![Fate::Fits; updates.len()];
        let mut costly: Vec<_> = (0..updates.len())
            .filter(|index| updates[*index].alert.is_found)
            .map(|index| (index, self.cost(&updates[index], reasons[index].is_some())))
            .filter(|(_, cost)| *cost > 0)
            .collect();
        if let Some(left) = self.bytes.checked_sub(costly.iter().map(|(_, cost)| cost).sum()) {
            self.bytes = left;
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
            match self.bytes.checked_sub(cost) {
                Some(left) => self.bytes = left,
                None if updates[index].is_new_row() => fates[index] = Fate::Refused,
                None => fates[index] = Fate::Deferred,
            }
        }
        fates
    }
}

/// What becomes of the alert of a found module in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// There is room for it.
    Fits,
    /// Nothing is announced in this run. The alert goes on, and what there is to notify is found again in the next run.
    Deferred,
    /// The subject gets no alert in this run.
    Refused,
}
