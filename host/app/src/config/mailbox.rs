//! Email addresses.

use lettre::message::Mailbox;

use super::error::ConfigError;
use super::origin::Sourced;
use super::section::Section;

/// One email address, with or without a display name.
pub(super) fn mailbox(table: &Section<'_>, key: &str) -> Result<Option<Sourced<Mailbox>>, ConfigError> {
    let allowed = "an address, such as \"checkpost@example.org\" or \"checkpost <checkpost@example.org>\"";
    table.read(key, allowed, |value| value.as_str()?.parse().ok())
}
