//! The status of a verdict, an evaluation or an alert.

use serde::{Deserialize, Serialize};

/// A status, in the order of the Nagios exit codes.
///
/// The order of the variants is not one of badness: compare [`Status::severity`] to find the worst status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Within the thresholds.
    Ok,
    /// Beyond the warning threshold.
    Warning,
    /// Beyond the critical threshold.
    Critical,
    /// The check could not judge.
    Unknown,
}

impl Status {
    /// The name in the database and in JSON: `ok`, `warning`, `critical`, `unknown`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Critical => "critical",
            Self::Unknown => "unknown",
        }
    }

    /// The name in reports, logs and the `level` column: `OK`, `WARNING`, `CRITICAL`, `UNKNOWN`.
    pub fn level(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// Rank by badness: ok < warning < unknown < critical. A check that cannot judge outranks a warning, but never hides
    /// a critical status.
    pub fn severity(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Warning => 1,
            Self::Unknown => 2,
            Self::Critical => 3,
        }
    }

    /// Nagios plugin exit code: 0, 1, 2, 3.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Warning => 1,
            Self::Critical => 2,
            Self::Unknown => 3,
        }
    }

    /// The inverse of [`Status::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Ok, Self::Warning, Self::Critical, Self::Unknown].into_iter().find(|status| status.as_str() == text)
    }
}

/// The worst status by [`Status::severity`]; `Ok` if there are none.
pub fn worst(statuses: impl IntoIterator<Item = Status>) -> Status {
    statuses.into_iter().max_by_key(|status| status.severity()).unwrap_or(Status::Ok)
}
