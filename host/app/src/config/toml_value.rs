//! TOML values as the numbers, lists and settings that they stand for, and as error messages show them.

use std::fmt;

use toml::Spanned;
use toml::de::DeValue;

use checkpost_model::check::SettingValue;

/// The largest number up to which a float holds every integer exactly.
const EXACT: u64 = 1 << 53;

const SETTING_TYPES: &str = "must be true or false, a finite number, a string, a list of numbers or a list of strings";

/// The value of a setting of a check; the error is the allowed types.
pub(super) fn setting_value(value: &DeValue<'_>) -> Result<SettingValue, &'static str> {
    let items = match value {
        DeValue::Boolean(flag) => return Ok(SettingValue::Flag(*flag)),
        DeValue::String(text) => return Ok(SettingValue::Text(text.clone().into_owned())),
        DeValue::Integer(_) | DeValue::Float(_) => return number(value).map(SettingValue::Number),
        DeValue::Datetime(_) | DeValue::Table(_) => return Err(SETTING_TYPES),
        DeValue::Array(items) => items.iter().map(Spanned::get_ref),
    };
    let texts: Option<Vec<_>> = items.clone().map(|item| item.as_str().map(str::to_owned)).collect();
    match texts {
        Some(texts) => Ok(SettingValue::Texts(texts)),
        None => items.map(number).collect::<Result<_, _>>().map(SettingValue::Numbers),
    }
}

/// A finite number. An integer must be one that a float holds exactly.
pub(super) fn number(value: &DeValue<'_>) -> Result<f64, &'static str> {
    match value {
        DeValue::Integer(_) => match integer(value) {
            Some(integer) if integer.unsigned_abs() <= EXACT => Ok(integer as f64),
            _ => Err("an integer must be from -9007199254740992 to 9007199254740992"),
        },
        DeValue::Float(float) => {
            float.as_str().parse().ok().filter(|number: &f64| number.is_finite()).ok_or(SETTING_TYPES)
        }
        _ => Err(SETTING_TYPES),
    }
}

/// An integer of 64 bits.
pub(super) fn integer(value: &DeValue<'_>) -> Option<i64> {
    let integer = value.as_integer()?;
    i64::from_str_radix(integer.as_str(), integer.radix()).ok()
}

/// A list of strings that all pass.
pub(super) fn text_list(value: &DeValue<'_>, passes: impl Fn(&str) -> bool) -> Option<Vec<String>> {
    let text = |value: &Spanned<DeValue<'_>>| value.get_ref().as_str().filter(|t| passes(t)).map(str::to_owned);
    value.as_array()?.iter().map(text).collect()
}

/// The type of a value, for an error message that must not show the value itself.
pub(super) fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Table(_) => "a table",
        DeValue::Array(_) => "a list",
    }
}

/// A value in an error message: as it was written, except for dates and tables.
pub(super) struct Shown<'a>(pub(super) &'a DeValue<'a>);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            DeValue::String(text) => write!(f, "{text:?}"),
            DeValue::Integer(integer) => write!(f, "{integer}"),
            DeValue::Float(float) => write!(f, "{float}"),
            DeValue::Boolean(flag) => write!(f, "{flag}"),
            DeValue::Datetime(datetime) => write!(f, "the date {datetime}"),
            DeValue::Table(_) => write!(f, "a table"),
            DeValue::Array(items) => {
                write!(f, "[")?;
                for (index, item) in items.iter().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    write!(f, "{comma}{}", Shown(item.get_ref()))?;
                }
                write!(f, "]")
            }
        }
    }
}
