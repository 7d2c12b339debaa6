//! The input of an evaluation.

use checkpost_model::check::{Settings, Status};
use checkpost_model::metric::{Labels, Sample, Series};

/// All that the verdicts of an evaluation may depend on.
#[derive(Clone, Debug)]
pub struct Input<'a> {
    /// Start of the cycle, milliseconds since the epoch.
    pub time_ms: u64,
    /// Facts about the host.
    pub host: &'a Labels,
    /// The settings of the instance.
    pub settings: &'a Settings,
    /// The readings that match the instance's needs, sorted.
    pub samples: Vec<&'a Sample>,
    /// The past readings that match the instance's needs, sorted.
    pub history: &'a [Series],
    /// The previous status of each subject.
    pub previous: &'a [(String, Status)],
}
