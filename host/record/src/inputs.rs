//! What an evaluation was given besides readings and settings.

use serde::{Deserialize, Serialize};

use checkpost_alerting::alert::Rule;
use checkpost_model::check::{Allowance, Status};

/// What an evaluation of an instance was given besides the readings and its settings, and how its alerts are made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EvaluationInputs {
    /// The instance.
    pub instance: String,
    /// The limits and grants in force.
    pub allowance: Allowance,
    /// The status of each subject when the instance last could judge, as the check was given it.
    pub previous: Vec<(String, Status)>,
    /// The rule by which verdicts become alerts.
    pub rule: Rule,
}
