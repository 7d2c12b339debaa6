//! Acknowledgements: alerts that somebody takes care of.

use jiff::Timestamp;

use checkpost_model::check::Status;

use crate::alert::{AlertKey, AlertUpdate};

/// An alert that somebody takes care of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledgement {
    /// The number of the acknowledgement.
    pub id: i64,
    /// The acknowledged alert.
    pub key: AlertKey,
    /// The level of the alert when it was acknowledged.
    pub level: Status,
    /// Whether the acknowledgement stays in force if the alert gets worse.
    pub sticky: bool,
    /// When the acknowledgement ends at the latest.
    pub until: Option<Timestamp>,
    /// The user who takes care of the alert.
    pub author: String,
    /// What is done about the alert.
    pub comment: String,
    /// When the acknowledgement was made.
    pub created: Timestamp,
}

impl Acknowledgement {
    /// Whether the acknowledgement is in force in the run of `update`. It ends in the run that ends the alert, so that
    /// the end is notified; when the alert is worse than when it was acknowledged, unless it is sticky; and at `until`.
    pub(super) fn is_active(&self, update: &AlertUpdate, now: Timestamp) -> bool {
        let is_worse = update.alert.level.severity() > self.level.severity();
        let is_past = self.until.is_some_and(|until| until <= now);
        !(update.has_ended() || is_past || (is_worse && !self.sticky))
    }
}
