//! What operators keep quiet for a while: silences, and alerts that somebody looks after.

use jiff::Timestamp;

use super::matcher::Matchers;
use crate::alert::{AlertKey, Standing};
use crate::check::Status;

/// Messages that are of no interest for a while.
#[derive(Clone, Debug)]
pub struct Silence {
    /// Its number.
    pub id: i64,
    /// What it keeps quiet.
    pub matchers: Matchers,
    /// When it begins.
    pub starts: Timestamp,
    /// When it is over.
    pub ends: Timestamp,
    /// Who made it.
    pub author: String,
    /// Why.
    pub comment: String,
    /// When it was made.
    pub created: Timestamp,
}

impl Silence {
    /// Whether it holds.
    pub fn holds(&self, now: Timestamp) -> bool {
        (self.starts..self.ends).contains(&now)
    }

    /// Whether it holds or is to come.
    pub fn is_to_end(&self, now: Timestamp) -> bool {
        now < self.ends && self.starts < self.ends
    }
}

/// An alert that somebody looks after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledgement {
    /// Its number.
    pub id: i64,
    /// Which alert.
    pub key: AlertKey,
    /// How bad it was.
    pub level: Status,
    /// Whether it holds when the alert gets worse.
    pub sticky: bool,
    /// When it is over at the latest.
    pub until: Option<Timestamp>,
    /// Who looks after it.
    pub author: String,
    /// What is done about it.
    pub comment: String,
    /// When it was made.
    pub created: Timestamp,
}

impl Acknowledgement {
    /// Whether it holds in a run in which its alert stands so. It ends when the alert is over or gone, which people are
    /// told, when it is worse than it was, and when its time has come.
    pub fn holds(&self, standing: &Standing, now: Timestamp) -> bool {
        let is_worse = standing.alert.level.severity() > self.level.severity();
        let is_past = self.until.is_some_and(|until| until <= now);
        !(standing.is_over() || is_past || (is_worse && !self.sticky))
    }
}
