//! Typed settings: the [`settings!`](crate::settings!) macro, and the traits and types that its expansion uses.

mod spec;
#[cfg(test)]
mod tests;
mod types;

pub use spec::Spec;
pub use types::{IntoDefault, NotSet, SettingType};

use crate::{Setting, Value};

/// Declares the settings of a check: generates a struct, its defaults, its description and its parser.
///
/// ```
/// checkpost_sdk::settings! {
///     /// Warns of full filesystems.
///     pub struct Disk {
///         /// Usage above which the status is warning.
///         threshold: f64 = 90.0, unit "%", range 0.0..=100.0;
///         /// Usage at or below which a raised status clears. Defaults to the threshold.
///         clear: Option<f64>, unit "%", range 0.0..=100.0;
///         /// Filesystem types to ignore.
///         exclude_types: Vec<String> = ["tmpfs", "devtmpfs"];
///         /// Resource to judge.
///         resource: String = "bytes", choices &["bytes", "inodes"];
///     }
/// }
/// let disk = Disk { threshold: 97.0, ..Disk::default() };
/// assert_eq!(disk.clear, None);
/// assert_eq!(disk.exclude_types, ["tmpfs", "devtmpfs"]);
/// ```
///
/// A setting consists of `/// summary`, `name: type`, `= default`, options after commas, and a semicolon.
///
/// * Types: `bool`, `f64` (finite), `String`, `Vec<f64>`, `Vec<String>`, or an `Option` of one for a setting without default.
/// * Options: `unit "%"`; `range 0.0..=100.0` or `minimum 0.0` for numbers; `choices &["a", "b"]` for strings.
///
/// `checkpost check inspect` shows the summary to the operator. A value that is not allowed is refused with a message:
/// `threshold is 150: must be a number from 0 to 100, in %`.
#[macro_export]
macro_rules! settings {
    (
        $(#[$meta:meta])*
        $visibility:vis struct $name:ident {
            $(
                $(#[doc = $doc:literal])+
                $field:ident : $type:ty $(= $default:expr)? $(, $option:ident $argument:expr)* ;
            )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        $visibility struct $name {
            $( $(#[doc = $doc])+ pub $field: $type, )*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $( $field: $crate::settings!(@default $type $(, $default)?), )* }
            }
        }

        impl $crate::Settings for $name {
            #[allow(unused_variables)]
            fn describe() -> Vec<$crate::Setting> {
                let default = Self::default();
                vec![$(
                    const { $crate::Spec::new(stringify!($field), &[$($doc),+]) $(.$option($argument))* }
                        .describe(default.$field)
                ),*]
            }

            #[allow(unused_mut, unused_variables, unreachable_code, clippy::never_loop)]
            fn parse(settings: Vec<(String, $crate::Value)>) -> Result<Self, String> {
                let mut parsed = Self::default();
                for (name, value) in settings {
                    match name.as_str() {
                        $(
                            stringify!($field) => {
                                const SPEC: $crate::Spec =
                                    $crate::Spec::new(stringify!($field), &[$($doc),+]) $(.$option($argument))*;
                                parsed.$field = SPEC.read(value)?;
                            }
                        )*
                        _ => return Err($crate::unknown(&name, &[$(stringify!($field)),*])),
                    }
                }
                Ok(parsed)
            }
        }
    };
    (@default $type:ty) => { <$type as $crate::NotSet>::NOT_SET };
    (@default $type:ty, $default:expr) => { $crate::IntoDefault::<$type>::into_default($default) };
}

/// A struct of settings. Implemented by [`settings!`](crate::settings!).
pub trait Settings: Sized {
    /// Describes every setting for the operator.
    fn describe() -> Vec<Setting>;

    /// Parses the settings that the operator wrote; the others have their defaults. The error is a message for the operator.
    fn parse(settings: Vec<(String, Value)>) -> Result<Self, String>;
}

/// The message that refuses a setting that the check does not have.
pub fn unknown(name: &str, known: &[&str]) -> String {
    match known {
        [] => format!("{name} is not a setting of this check, which has none"),
        _ => format!("{name} is not a setting of this check, which has {}", known.join(", ")),
    }
}
