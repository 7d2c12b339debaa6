//! The cost of checkpost itself.

use std::time::Duration;

/// The cost of a stored cycle. It becomes readings of the next cycle, because the cost of a cycle is not known before its
/// checks have judged.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CycleCost {
    /// From the start of the cycle until it was stored.
    pub duration: Option<Duration>,
    /// Instance, fuel and wall-clock time of each evaluation.
    pub evaluations: Vec<(String, u64, Duration)>,
    /// Size of the database file.
    pub database_bytes: Option<u64>,
}
