//! The identity of an alert.

use serde::{Deserialize, Serialize};

/// The identity of an alert.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AlertKey {
    /// The instance.
    pub instance: String,
    /// The subject; empty for the host, and for a failure of the check itself.
    pub subject: String,
}

impl AlertKey {
    /// The name of the alert in a sentence: `disk /var`, `cpu`.
    pub fn name(&self) -> String {
        alert_name(&self.instance, &self.subject)
    }
}

/// The name of an alert in a sentence: `disk /var`, `cpu`.
pub fn alert_name(instance: &str, subject: &str) -> String {
    if subject.is_empty() { instance.to_owned() } else { format!("{instance} {subject}") }
}
