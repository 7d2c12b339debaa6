//! A need: the readings that a check declares before it judges.

use serde::{Deserialize, Serialize};

use checkpost_model::metric::{Labels, Sample, name_matches};

/// A group of readings that a check declares.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Need {
    /// A metric name, or a prefix that ends in `*`.
    pub metric: String,
    /// Labels that a series must carry.
    pub labels: Labels,
    /// Seconds of history; 0 for the current reading only.
    pub window_seconds: u32,
}

impl Need {
    /// Whether a reading belongs to this group.
    pub fn matches(&self, sample: &Sample) -> bool {
        name_matches(&self.metric, &sample.name) && sample.labels.contains(&self.labels)
    }
}
