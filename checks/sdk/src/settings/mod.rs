//! Settings with types: what [`settings!`](crate::settings!) makes of a struct, and the parts it uses.

mod spec;
#[cfg(test)]
mod tests;
mod types;

pub use spec::Spec;
pub use types::{IntoDefault, NotSet, SettingType};

use crate::{Setting, Value};

/// Declares the settings of a check: a struct, its defaults, how it is described and how it is read.
///
/// ```
/// checkpost_sdk::settings! {
///     /// Watches filesystems.
///     pub struct Disk {
///         /// Usage above which it is a warning.
///         threshold: f64 = 90.0, unit "%", range 0.0..=100.0;
///         /// Usage at which a raised status clears. Not set: the threshold.
///         clear: Option<f64>, unit "%", range 0.0..=100.0;
///         /// Filesystem types that are left out.
///         exclude_types: Vec<String> = ["tmpfs", "devtmpfs"];
///         /// What is looked at.
///         look_at: String = "bytes", choices &["bytes", "inodes"];
///     }
/// }
/// let disk = Disk { threshold: 97.0, ..Disk::default() };
/// assert_eq!(disk.clear, None);
/// assert_eq!(disk.exclude_types, ["tmpfs", "devtmpfs"]);
/// ```
///
/// One setting is `/// summary`, `name: type`, `= default`, options after commas, and a semicolon.
///
/// * Types: `bool`, `f64` (finite), `String`, `Vec<f64>`, `Vec<String>`; in an `Option` when there is no default.
/// * Options: `unit "%"`; `range 0.0..=100.0` or `minimum 0.0` for numbers; `choices &["a", "b"]` for strings.
///
/// The summary is what the operator reads in `checkpost check inspect`; a value that is not allowed is refused with a
/// sentence: `threshold is 150, allowed is a number from 0 to 100, in %`.
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

/// A struct of settings. Made by [`settings!`](crate::settings!).
pub trait Settings: Sized {
    /// Every setting, for the operator.
    fn describe() -> Vec<Setting>;

    /// Reads what the operator set; the rest has its defaults. The error is a sentence for the operator.
    fn parse(settings: Vec<(String, Value)>) -> Result<Self, String>;
}

/// The refusal of a setting that the check does not have.
pub fn unknown(name: &str, known: &[&str]) -> String {
    match known {
        [] => format!("{name} is not a setting of this check, it has none"),
        _ => format!("{name} is not a setting of this check, it has {}", known.join(", ")),
    }
}
