//! Settings of an instance, validated against the description of its module.

use checkpost_model::check::{SettingValue, Settings};

use crate::description::{Description, SettingDescription};

/// Settings that a check refuses: a mistake in the configuration, if an operator wrote them.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SettingsRefusal {
    /// The check has no setting of this name, or the setting has another type.
    #[error("setting '{name}' is {value}: {allowed}")]
    Setting {
        /// The name of the setting.
        name: String,
        /// The value that the operator wrote.
        value: SettingValue,
        /// The values or names that are allowed: `must be a number`.
        allowed: String,
    },
    /// The check's own sentence about its settings.
    #[error("{0}")]
    Check(String),
}

/// Validates names and types before the check sees the settings, so that the error names the setting at fault.
pub(super) fn validate(settings: &Settings, description: &Description) -> Result<(), SettingsRefusal> {
    for (name, value) in settings {
        let allowed = match description.settings.iter().find(|setting| setting.name == *name) {
            Some(setting) if has_type(value, setting) => continue,
            Some(setting) => format!("must be {}", in_words(setting.type_name().unwrap_or_default())),
            None => allowed_names(description),
        };
        return Err(SettingsRefusal::Setting { name: name.clone(), value: value.clone(), allowed });
    }
    Ok(())
}

fn allowed_names(description: &Description) -> String {
    let names: Vec<&str> = description.settings.iter().map(|setting| setting.name.as_str()).collect();
    match names.as_slice() {
        [] => "unknown setting; the check takes none".to_owned(),
        names => format!("unknown setting; the check takes {}", names.join(", ")),
    }
}

fn has_type(value: &SettingValue, setting: &SettingDescription) -> bool {
    match (setting.type_name(), value) {
        (None, _) => true,
        // An empty list has no element that shows its type.
        (Some("numbers"), SettingValue::Texts(texts)) => texts.is_empty(),
        (Some(expected), value) => expected == value.type_name(),
    }
}

/// The type of a setting in the words of operators.
fn in_words(type_name: &str) -> &str {
    match type_name {
        "flag" => "true or false",
        "number" => "a number",
        "text" => "a string",
        "numbers" => "a list of numbers",
        "texts" => "a list of strings",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use checkpost_model::metric::Labels;

    use super::*;

    fn setting(name: &str, type_name: &str) -> SettingDescription {
        let attributes = if type_name.is_empty() { Labels::none() } else { Labels::from([("type", type_name)]) };
        SettingDescription { name: name.to_owned(), summary: String::new(), default: None, attributes }
    }

    fn description(settings: Vec<SettingDescription>) -> Description {
        let [name, version, summary] = ["check", "1", ""].map(str::to_owned);
        Description { name, version, summary, settings, attributes: Labels::none() }
    }

    fn values() -> [SettingValue; 5] {
        [
            SettingValue::Flag(true),
            SettingValue::Number(1.0),
            SettingValue::Text("a".to_owned()),
            SettingValue::Numbers(vec![1.0]),
            SettingValue::Texts(vec!["a".to_owned()]),
        ]
    }

    fn refusal(value: SettingValue, description: &Description) -> Option<String> {
        let settings = Settings::from([("s".to_owned(), value)]);
        validate(&settings, description).err().map(|refusal| refusal.to_string())
    }

    #[test]
    fn setting_takes_its_own_type_only() {
        let in_words = ["true or false", "a number", "a string", "a list of numbers", "a list of strings"];
        for (expected, words) in values().iter().zip(in_words) {
            let description = description(vec![setting("s", expected.type_name())]);
            for value in values() {
                let refused = format!("setting 's' is {value}: must be {words}");
                let refused = (value.type_name() != expected.type_name()).then_some(refused);
                assert_eq!(refusal(value, &description), refused);
            }
        }
    }

    #[test]
    fn setting_without_a_type_takes_every_value() {
        let description = description(vec![setting("s", "")]);
        for value in values() {
            assert_eq!(refusal(value, &description), None);
        }
    }

    #[test]
    fn empty_list_is_a_list_of_any_type() {
        for type_name in ["numbers", "texts"] {
            assert_eq!(refusal(SettingValue::Texts(Vec::new()), &description(vec![setting("s", type_name)])), None);
        }
        assert!(refusal(SettingValue::Texts(Vec::new()), &description(vec![setting("s", "number")])).is_some());
    }

    #[test]
    fn unknown_setting_is_refused_with_the_known_ones() {
        let number = SettingValue::Number(5.0);
        assert_eq!(
            refusal(number.clone(), &description(vec![setting("threshold", "number"), setting("clear", "number")])),
            Some("setting 's' is 5: unknown setting; the check takes threshold, clear".to_owned())
        );
        assert_eq!(
            refusal(number, &description(Vec::new())),
            Some("setting 's' is 5: unknown setting; the check takes none".to_owned())
        );
    }
}
