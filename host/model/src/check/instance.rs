//! Check instances and the modules that they run.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::limits::Allowance;
use super::settings::Settings;

/// The instance that represents the checks directory when it cannot be read. No configured instance has this name,
/// because it contains a space.
pub const CHECKS_DIRECTORY: &str = "checks directory";

/// The channel of an instance that names none.
pub const DEFAULT_CHANNEL: &str = "system_monitoring";

/// Where the bytes of a module come from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ModuleSource {
    /// Embedded in the binary, by name.
    Builtin(&'static str),
    /// A file, by absolute path.
    File(PathBuf),
}

impl ModuleSource {
    /// Whether the module is a file, which anybody may have written.
    pub fn is_file(&self) -> bool {
        matches!(self, Self::File(_))
    }
}

impl fmt::Display for ModuleSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Builtin(name) => write!(f, "built-in {name}"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// A module with a name, settings, a channel and an owner. One module may have many instances.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckInstance {
    /// Unique among the instances; the `check_name` of its notifications.
    pub name: String,
    /// The module that judges.
    pub module: ModuleSource,
    /// The settings that the operator made, without the module's defaults.
    pub settings: Settings,
    /// The team that its notifications are for: `system_monitoring`, `security_check`.
    pub channel: String,
    /// The owner, by whom routes may select; empty for none.
    pub owner: String,
    /// Resources and metrics that the instance may use.
    pub allowance: Allowance,
}

/// Facts about a loaded module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModuleInfo {
    /// SHA-256 of the file, in hexadecimal.
    pub digest: String,
    /// Name that the module declares.
    pub name: String,
    /// Version that the module declares.
    pub version: String,
    /// Size of the file.
    pub size_bytes: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::assert_round_trip;

    #[test]
    fn module_info_survives_json() {
        let (digest, name, version) = ("ab".repeat(32), "disk".to_owned(), "1.2.3".to_owned());
        assert_round_trip(&ModuleInfo { digest, name, version, size_bytes: u64::MAX });
    }
}
