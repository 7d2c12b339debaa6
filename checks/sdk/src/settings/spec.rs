//! The specification of one setting: describes the setting and validates its values.

use crate::{Setting, SettingType, Value};

/// The specification of a setting, apart from its type and default.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    name: &'static str,
    summary_lines: &'static [&'static str],
    unit: &'static str,
    minimum: f64,
    maximum: f64,
    choices: &'static [&'static str],
}

impl Spec {
    /// A setting with this name and these lines of summary.
    pub const fn new(name: &'static str, summary_lines: &'static [&'static str]) -> Self {
        let (minimum, maximum) = (f64::NEG_INFINITY, f64::INFINITY);
        Self { name, summary_lines, unit: "", minimum, maximum, choices: &[] }
    }

    /// Sets the UCUM unit, in OpenTelemetry notation: `%`, `By`, `By/s`, `s`.
    pub const fn unit(self, unit: &'static str) -> Self {
        Self { unit, ..self }
    }

    /// Sets the least and the greatest number that is allowed.
    pub const fn range(self, range: std::ops::RangeInclusive<f64>) -> Self {
        Self { minimum: *range.start(), maximum: *range.end(), ..self }
    }

    /// Sets the least number that is allowed.
    pub const fn minimum(self, minimum: f64) -> Self {
        Self { minimum, ..self }
    }

    /// Sets the strings that are allowed.
    pub const fn choices(self, choices: &'static [&'static str]) -> Self {
        Self { choices, ..self }
    }

    /// The setting as the contract represents it.
    pub fn describe<T: SettingType>(&self, default: T) -> Setting {
        let mut attributes = Vec::new();
        let mut note = |key: &str, value: String| attributes.push((key.to_owned(), value));
        if !self.choices.is_empty() {
            note("choices", self.choices.join(","));
        }
        if self.maximum.is_finite() {
            note("maximum", self.maximum.to_string());
        }
        if self.minimum.is_finite() {
            note("minimum", self.minimum.to_string());
        }
        note("type", T::TYPE.to_owned());
        if !self.unit.is_empty() {
            note("unit", self.unit.to_owned());
        }
        let summary = self.summary_lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
        Setting { name: self.name.to_owned(), summary, default: default.into_value(), attributes }
    }

    /// Converts a value, or returns the message that refuses a value of the wrong type or one that is not allowed.
    pub fn read<T: SettingType>(&self, value: Value) -> Result<T, String> {
        let refuse = |value: &Value| format!("{} is {}: must be {}", self.name, shown(value), self.allowed(T::TYPE));
        if !self.allows(&value) {
            return Err(refuse(&value));
        }
        T::from_value(value).map_err(|value| refuse(&value))
    }

    fn allows(&self, value: &Value) -> bool {
        let number = |number: &f64| number.is_finite() && (self.minimum..=self.maximum).contains(number);
        let text = |text: &String| self.choices.is_empty() || self.choices.contains(&text.as_str());
        match value {
            Value::Flag(_) => true,
            Value::Number(value) => number(value),
            Value::Numbers(values) => values.iter().all(number),
            Value::Text(value) => text(value),
            Value::Texts(values) => values.iter().all(text),
        }
    }

    fn allowed(&self, type_name: &str) -> String {
        let mut allowed = match (type_name, self.choices) {
            ("flag", _) => "true or false".to_owned(),
            ("number", _) => "a number".to_owned(),
            ("numbers", _) => "a list of numbers".to_owned(),
            ("text", []) => "a string".to_owned(),
            ("text", choices) => format!("one of {}", choices.join(", ")),
            (_, []) => "a list of strings".to_owned(),
            (_, choices) => format!("a list of any of {}", choices.join(", ")),
        };
        if self.maximum.is_finite() {
            allowed += &format!(" from {} to {}", self.minimum, self.maximum);
        } else if self.minimum.is_finite() {
            allowed += &format!(" of at least {}", self.minimum);
        }
        if !self.unit.is_empty() {
            allowed += &format!(", in {}", self.unit);
        }
        allowed
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Flag(value) => value.to_string(),
        Value::Number(value) => value.to_string(),
        Value::Text(value) => format!("{value:?}"),
        Value::Numbers(values) => format!("{values:?}"),
        Value::Texts(values) => format!("{values:?}"),
    }
}
