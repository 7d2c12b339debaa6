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
