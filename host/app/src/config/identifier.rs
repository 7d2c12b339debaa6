//! Names of instances, channels, owners and routes.

use super::error::ConfigError;
use super::origin::Sourced;

/// A name that is safe in reports, in matchers and on a command line.
pub(super) fn identifier(text: Sourced<String>, key: &str) -> Result<String, ConfigError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if (1..=64).contains(&text.value.len()) && text.value.bytes().all(allowed) {
        return Ok(text.value);
    }
    let why = "must be 1 to 64 of the characters a-z, A-Z, 0-9, '-', '_' and '.'";
    Err(ConfigError::value(text.origin, key, format!("{:?}", text.value), why))
}
