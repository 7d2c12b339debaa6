//! The configuration as it holds, written as a `checkpost.toml` that says where each value comes from.
//!
//! A section whose values others may overrule, or that have defaults, has a function of its own in `sections` or
//! `checks`. What the file says beside those is shown as it is written there, so that no key can be missing.

mod checks;
mod page;
mod sections;
mod told;
mod value;
mod written;

use std::fmt;

use super::{Config, ConfigError};
use page::Page;

/// The text of a file. It may hold addresses that are as good as passwords, so it does not show itself.
#[derive(Clone)]
pub(super) struct Text(pub(super) String);

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text(…)")
    }
}

/// The sections, in the order in which they are shown.
const SECTIONS: [fn(&Config, &mut Page<'_>); 12] = [
    sections::root,
    sections::log,
    sections::limits,
    sections::ceiling,
    sections::compile,
    sections::collect,
    sections::alert,
    sections::export,
    told::maintenance,
    told::heartbeat,
    told::smtp,
    told::routes,
];

/// The whole configuration as a file that can be loaded again and means the same; paths that belong to routes are as
/// the file has them. Each value has its origin as a comment. What may be a secret is `(redacted)`.
///
/// # Errors
/// None that loading the configuration would not have had.
pub fn show(config: &Config) -> Result<String, ConfigError> {
    Page::write(config, |page| {
        SECTIONS.iter().for_each(|section| section(config, page));
        page.rest("check");
        checks::checks(config, page);
    })
}
