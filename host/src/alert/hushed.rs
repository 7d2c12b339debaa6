//! What people would know had nothing been kept quiet. What is suppressed does not count as told: else a raise would be
//! lost when the silence ends and it still is bad. But it is to be noted once, not in every run.

use std::mem::swap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::state::{Alert, Missing, told};
use crate::check::Status;

/// What people would have been told of an alert last; each field is that of [`Alert`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hushed {
    /// A warning or critical that would not be resolved for them.
    pub level_sent: Status,
    /// What they would have been told of missing data.
    pub missing_sent: Option<Missing>,
    /// When they would have been told something last.
    pub last_sent_at: Option<Timestamp>,
    /// Whether they would know that it flaps.
    pub flapping: bool,
}

impl Hushed {
    /// What people would believe.
    pub fn told(&self) -> Status {
        told(self.level_sent, self.missing_sent)
    }
}

impl Alert {
    /// What people know and what they would know change places. Without anything suppressed both are the same.
    pub(super) fn swap_hushed(&mut self) {
        let mut hushed = self.hushed.unwrap_or(self.heard());
        swap(&mut hushed.level_sent, &mut self.level_sent);
        swap(&mut hushed.missing_sent, &mut self.missing_sent);
        swap(&mut hushed.last_sent_at, &mut self.last_sent_at);
        swap(&mut hushed.flapping, &mut self.flapping);
        self.hushed = Some(hushed);
    }

    /// Forgets what was suppressed where it makes no difference.
    pub(super) fn trim_hushed(&mut self) {
        // That it flaps, or no longer does, is told of what is ok as well.
        let is_news = |hushed: Hushed| self.is_known_anyhow() || hushed.flapping != self.flapping;
        let makes_none = |hushed: Hushed| hushed == self.heard() || !is_news(hushed);
        if self.hushed.is_some_and(makes_none) {
            self.hushed = None;
        }
    }

    /// Whether people were told something that is not over for them, or would have been.
    pub(super) fn is_known_anyhow(&self) -> bool {
        self.is_known() || self.hushed.is_some_and(|hushed| hushed.told() != Status::Ok)
    }

    /// Whether people were told, or would have been, that it cannot be judged.
    pub(super) fn is_known_unjudged(&self) -> bool {
        let missing = [self.missing_sent, self.hushed.and_then(|hushed| hushed.missing_sent)];
        missing.contains(&Some(Missing::Unknown))
    }

    fn heard(&self) -> Hushed {
        let Self { level_sent, missing_sent, last_sent_at, flapping, .. } = *self;
        Hushed { level_sent, missing_sent, last_sent_at, flapping }
    }
}
