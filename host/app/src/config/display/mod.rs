//! The effective configuration as a `checkpost.toml` in which every value has its origin.
//!
//! A section with defaults, or with values that can be overridden, has a function of its own. All other keys of the file are
//! shown as they are written, so that none can be forgotten.

mod alerting;
mod checks;
mod delivery;
mod file_table;
mod page;
mod sections;
mod value;

use super::error::ConfigError;
use super::types::Config;
use page::Page;

/// The sections, in the order of the page.
const SECTIONS: [fn(&Config, &mut Page<'_>); 12] = [
    sections::root,
    sections::log,
    sections::limits,
    sections::ceiling,
    sections::compile,
    sections::collect,
    alerting::alert,
    sections::export,
    alerting::maintenance,
    delivery::heartbeat,
    delivery::smtp,
    delivery::routes,
];

/// The effective configuration as a file that means the same when it is loaded, except that relative paths of routes stay as
/// they are written. Each value has its origin as a comment; values that may be secrets are `(redacted)`.
///
/// # Errors
/// None for a configuration that was loaded.
pub fn show(config: &Config) -> Result<String, ConfigError> {
    Page::write(config, |page| {
        SECTIONS.iter().for_each(|section| section(config, page));
        page.other_tables("check");
        checks::checks(config, page);
    })
}
