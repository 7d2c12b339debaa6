//! Silences: operators suppress notifications for a while.

use jiff::Timestamp;

use super::matcher::Matchers;

/// Suppresses the notifications of matching alerts for a while.
#[derive(Clone, Debug)]
pub struct Silence {
    /// The number of the silence.
    pub id: i64,
    /// The alerts that are silenced.
    pub matchers: Matchers,
    /// When the silence begins.
    pub starts: Timestamp,
    /// When the silence ends, exclusive.
    pub ends: Timestamp,
    /// The user who made the silence.
    pub author: String,
    /// The reason for the silence.
    pub comment: String,
    /// When the silence was made.
    pub created: Timestamp,
}

impl Silence {
    /// Whether the silence is in force.
    pub fn is_active(&self, now: Timestamp) -> bool {
        (self.starts..self.ends).contains(&now)
    }

    /// Whether the silence is in force or will be.
    pub fn is_active_or_pending(&self, now: Timestamp) -> bool {
        now < self.ends && self.starts < self.ends
    }
}
