//! The settings of an instance: typed values by name.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// One value, of one of the types of the contract.
///
/// JSON holds the plain value. The order of the variants matters for reading it: an empty list is a list of strings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SettingValue {
    /// `true` or `false`.
    Flag(bool),
    /// A finite number; TOML integers too.
    Number(f64),
    /// A string.
    Text(String),
    /// A list of strings, or an empty list.
    Texts(Vec<String>),
    /// A list of numbers, not empty.
    Numbers(Vec<f64>),
}

impl SettingValue {
    /// The type's name, as in the `type` attribute of a setting.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Flag(_) => "flag",
            Self::Number(_) => "number",
            Self::Text(_) => "text",
            Self::Numbers(_) => "numbers",
            Self::Texts(_) => "texts",
        }
    }
}

impl fmt::Display for SettingValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(value) => write!(f, "{value}"),
            Self::Number(value) => write!(f, "{value}"),
            Self::Text(value) => write!(f, "{value:?}"),
            Self::Numbers(values) => write!(f, "{values:?}"),
            Self::Texts(values) => write!(f, "{values:?}"),
        }
    }
}

/// Settings by name, sorted.
pub type Settings = BTreeMap<String, SettingValue>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::assert_round_trip;

    #[test]
    fn setting_values_survive_json() {
        for value in [
            SettingValue::Flag(true),
            SettingValue::Number(80.0),
            SettingValue::Number(0.1),
            SettingValue::Text("80".to_owned()),
            SettingValue::Texts(vec![]),
            SettingValue::Texts(vec!["/var".to_owned()]),
            SettingValue::Numbers(vec![1.0, 2.5]),
        ] {
            assert_round_trip(&value);
        }
    }
}
