//! A configured instance, and errors that lead the operator to the line of a setting.

use std::collections::BTreeMap;

use checkpost_model::check::{CheckInstance, SettingValue};
use checkpost_sandbox::SettingsRefusal;

use super::alerting::Alerting;
use super::error::ConfigError;
use super::origin::Origin;

/// An instance with the origins of its settings.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfiguredCheck {
    /// The instance.
    pub instance: CheckInstance,
    /// How its alerts are raised and notified.
    pub alerting: Alerting,
    /// Where it was declared.
    pub origin: Origin,
    /// The origin of each setting.
    pub setting_origins: BTreeMap<String, Origin>,
}

impl ConfiguredCheck {
    /// The origin of a setting; that of the instance for a setting that was not set.
    pub(super) fn setting_origin(&self, name: &str) -> &Origin {
        self.setting_origins.get(name).unwrap_or(&self.origin)
    }

    /// The error for settings that the check refuses, at the line where they were written.
    pub fn refuse(&self, refusal: SettingsRefusal) -> ConfigError {
        match refusal {
            SettingsRefusal::Setting { name, value, allowed } => self.refuse_setting(&name, &value, allowed),
            SettingsRefusal::Check(sentence) => self.refuse_settings(&sentence),
        }
    }

    /// An error about the settings as a whole, in the check's own words, at the first setting that these words name.
    fn refuse_settings(&self, sentence: &str) -> ConfigError {
        let mut words = sentence.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        let origin = words.find_map(|word| self.setting_origins.get(word)).unwrap_or(&self.origin);
        ConfigError::line(origin.clone(), format!("check '{}' refuses its settings: {sentence}", self.instance.name))
    }

    /// An error about one setting.
    fn refuse_setting(&self, name: &str, value: &SettingValue, why: impl Into<String>) -> ConfigError {
        let key = format!("setting '{name}' of check '{}'", self.instance.name);
        ConfigError::value(self.setting_origin(name).clone(), key, value.to_string(), why)
    }
}
