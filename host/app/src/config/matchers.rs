//! Lists of matchers, as routes, maintenance windows and inhibitions have them.

use checkpost_alerting::suppression::Matchers;

use super::error::ConfigError;
use super::section::Section;

/// A list of matchers that must all match. It has at least one.
pub(super) fn matchers(section: &Section<'_>, key: &str) -> Result<Option<Matchers>, ConfigError> {
    let lists =
        section.parsed_list(key, "a list of matchers, such as \"check=disk\"", |text| {
            match Matchers::parse(text).map_err(|error| error.to_string())? {
                none if none.is_empty() => Err("must not be empty; check=~\".*\" matches everything".to_owned()),
                some => Ok(some),
            }
        })?;
    Ok(lists.map(Matchers::all))
}
