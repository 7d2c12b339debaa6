//! The types that a setting may have, and the ways to write its default.

use crate::Value;

/// A type that a setting may have.
pub trait SettingType: Sized {
    /// The `type` attribute of the setting.
    const TYPE: &'static str;

    /// Converts a value, or returns the value unchanged when it has another type.
    fn from_value(value: Value) -> Result<Self, Value>;

    /// The value as the contract represents it; `None` for "not set".
    fn into_value(self) -> Option<Value>;
}

/// A type that needs no default: [`Option`].
pub trait NotSet {
    /// The value of a setting that is not set.
    const NOT_SET: Self;
}

/// A literal that may be written as the default of a setting of type `T`.
pub trait IntoDefault<T> {
    /// Converts the literal to the type of the setting.
    fn into_default(self) -> T;
}

macro_rules! setting_type {
    ($type:ty, $name:literal, $case:ident) => {
        impl SettingType for $type {
            const TYPE: &'static str = $name;

            fn from_value(value: Value) -> Result<Self, Value> {
                match value {
                    Value::$case(value) => Ok(value),
                    other => Err(other),
                }
            }

            fn into_value(self) -> Option<Value> {
                Some(Value::$case(self))
            }
        }
    };
}

setting_type!(bool, "flag", Flag);
setting_type!(f64, "number", Number);
setting_type!(String, "text", Text);
setting_type!(Vec<String>, "texts", Texts);

impl SettingType for Vec<f64> {
    const TYPE: &'static str = "numbers";

    fn from_value(value: Value) -> Result<Self, Value> {
        match value {
            Value::Numbers(values) => Ok(values),
            // The host cannot know the type of an empty list and passes it as `texts`.
            Value::Texts(values) if values.is_empty() => Ok(Vec::new()),
            other => Err(other),
        }
    }

    fn into_value(self) -> Option<Value> {
        Some(Value::Numbers(self))
    }
}

impl<T: SettingType> SettingType for Option<T> {
    const TYPE: &'static str = T::TYPE;

    fn from_value(value: Value) -> Result<Self, Value> {
        T::from_value(value).map(Some)
    }

    fn into_value(self) -> Option<Value> {
        self.and_then(T::into_value)
    }
}

impl<T> NotSet for Option<T> {
    const NOT_SET: Self = None;
}

impl IntoDefault<bool> for bool {
    fn into_default(self) -> bool {
        self
    }
}

impl IntoDefault<f64> for f64 {
    fn into_default(self) -> f64 {
        self
    }
}

impl IntoDefault<String> for &str {
    fn into_default(self) -> String {
        self.to_owned()
    }
}

impl<const N: usize> IntoDefault<Vec<f64>> for [f64; N] {
    fn into_default(self) -> Vec<f64> {
        self.into()
    }
}

impl<const N: usize> IntoDefault<Vec<String>> for [&str; N] {
    fn into_default(self) -> Vec<String> {
        self.map(str::to_owned).into()
    }
}
