//! What was announced of an alert: what receivers last heard. The difference to the alert is what there is to notify.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use checkpost_model::check::Status;

/// Why there is no judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Missing {
    /// The check could not judge.
    Unknown,
    /// The check judged and did not mention the subject.
    Stale,
}

/// What receivers last heard of an alert. The serialized names are stored and never change.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Announced {
    /// When the alert was last notified.
    #[serde(rename = "last_sent_at")]
    pub sent_at: Option<Timestamp>,
    /// The announced warning or critical, until its end is announced; ok: none.
    #[serde(rename = "level_sent")]
    pub level: Status,
    /// Why there is no judgement, if that was announced last.
    #[serde(rename = "missing_sent")]
    pub missing: Option<Missing>,
    /// Whether the alert flaps, which was announced when it started.
    pub flapping: bool,
}

impl Announced {
    /// Nothing was announced.
    pub const NOTHING: Self = Self { sent_at: None, level: Status::Ok, missing: None, flapping: false };

    /// The status that receivers last heard: unknown while data is missing, else the level.
    pub fn status(&self) -> Status {
        if self.missing.is_some() { Status::Unknown } else { self.level }
    }
}
