//! The description of a module: its name, version and settings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use checkpost_model::check::{SettingValue, Settings};
use checkpost_model::metric::Labels;

/// The description that a module returns of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// Short name.
    pub name: String,
    /// Version of the module.
    pub version: String,
    /// Purpose of the check, in one line.
    pub summary: String,
    /// Every setting of the check.
    pub settings: Vec<SettingDescription>,
    /// Author, url, runbook.
    pub attributes: Labels,
}

/// One setting of a check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SettingDescription {
    /// The key.
    pub name: String,
    /// One line for the operator.
    pub summary: String,
    /// The value that applies when the operator sets none.
    pub default: Option<SettingValue>,
    /// `type`, `unit`, `minimum`, `maximum`, `choices`.
    pub attributes: Labels,
}

impl SettingDescription {
    /// The name of the setting's type, from its `type` attribute or else from its default.
    pub fn type_name(&self) -> Option<&str> {
        self.attributes.get("type").or(self.default.as_ref().map(|value| value.type_name()))
    }
}

impl Description {
    /// The settings in force: the operator's values over the defaults.
    pub(crate) fn with_defaults(&self, set: &Settings) -> Settings {
        let defaults = self.settings.iter().filter_map(|s| Some((s.name.clone(), s.default.clone()?)));
        let mut settings: BTreeMap<_, _> = defaults.collect();
        settings.extend(set.iter().map(|(name, value)| (name.clone(), value.clone())));
        settings
    }
}
