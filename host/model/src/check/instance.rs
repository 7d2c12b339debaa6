//! Check instances and the modules that they run.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize, Serializer};

use super::limits::Allowance;
use super::settings::Settings;

/// The instance that represents the checks directory when it cannot be read. No configured instance has this name,
/// because it contains a space.
pub const CHECKS_DIRECTORY: &str = "checks directory";

/// The channel of an instance that names none.
pub const DEFAULT_CHANNEL: &str = "system_monitoring";

/// Where the bytes of a module come from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModuleSource {
    /// Embedded in the binary, by name.
    Builtin(Cow<'static, str>),
    /// A file, by absolute path.
    #[serde(serialize_with = "lossy")]
    File(PathBuf),
}

impl ModuleSource {
    /// A module that is embedded in the binary.
    pub fn builtin(name: impl Into<Cow<'static, str>>) -> Self {
        Self::Builtin(name.into())
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

/// Replaces the bytes of a path that are not UTF-8: such a path must not make a whole document fail.
fn lossy<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

/// A module with a name, settings, a channel and an owner. One module may have many instances.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    #![allow(clippy::unwrap_used)]

    use super::super::settings::SettingValue;
    use super::*;
    use crate::json::assert_round_trip;

    fn instance(module: ModuleSource) -> CheckInstance {
        CheckInstance {
            name: "disk".to_owned(),
            module,
            settings: Settings::from([("threshold".to_owned(), SettingValue::Number(80.5))]),
            channel: DEFAULT_CHANNEL.to_owned(),
            owner: String::new(),
            allowance: Allowance::default(),
        }
    }

    #[test]
    fn instance_survives_json() {
        assert_round_trip(&instance(ModuleSource::builtin("disk")));
        assert_round_trip(&instance(ModuleSource::File(PathBuf::from("/checks/disk.wasm"))));
    }

    #[test]
    fn module_source_has_the_name_of_its_kind_in_json() {
        let json = |source: &ModuleSource| serde_json::to_string(source).unwrap();
        assert_eq!(json(&ModuleSource::builtin("disk")), r#"{"builtin":"disk"}"#);
        assert_eq!(json(&ModuleSource::File(PathBuf::from("/a.wasm"))), r#"{"file":"/a.wasm"}"#);
    }

    #[cfg(unix)]
    #[test]
    fn module_path_that_is_not_utf8_is_written_with_replacement_characters() {
        use std::os::unix::ffi::OsStrExt;
        let path = Path::new(std::ffi::OsStr::from_bytes(b"/a\xff.wasm"));
        let json = serde_json::to_string(&ModuleSource::File(path.to_owned())).unwrap();
        assert_eq!(json, "{\"file\":\"/a\u{fffd}.wasm\"}");
    }

    #[test]
    fn module_info_survives_json() {
        let (digest, name, version) = ("ab".repeat(32), "disk".to_owned(), "1.2.3".to_owned());
        assert_round_trip(&ModuleInfo { digest, name, version, size_bytes: u64::MAX });
    }
}
