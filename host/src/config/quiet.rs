//! `[[maintenance]]` and `[[inhibit]]`: what is kept quiet by the file.

use super::section::Section;
use super::window::{WINDOW_KEYS, window};
use super::{ConfigError, Sourced};
use crate::quiet::{Acknowledgement, Field, Inhibition, Maintenance, Matchers, Quiet, Silence};

/// What the file keeps quiet; silences and acknowledgements are in the database.
#[derive(Clone, Debug, Default)]
pub struct QuietConfig {
    /// Windows in which something is expected to be bad.
    pub maintenance: Vec<Maintenance>,
    /// What hides what.
    pub inhibit: Vec<Inhibition>,
}

impl QuietConfig {
    /// All that may keep something quiet on this host: what the file has, and what operators made.
    pub fn with<'a>(
        &'a self,
        silences: &'a [Silence],
        acknowledgements: &'a [Acknowledgement],
        host: &'a str,
    ) -> Quiet<'a> {
        Quiet { silences, acknowledgements, maintenance: &self.maintenance, inhibit: &self.inhibit, host }
    }
}

pub(super) fn quiet(root: &Section<'_>) -> Result<QuietConfig, ConfigError> {
    let keys: Vec<_> = ["name", "match"].into_iter().chain(WINDOW_KEYS).collect();
    let maintenance = root.sections("maintenance", &keys)?.into_iter().map(maintenance).collect::<Result<_, _>>()?;
    let inhibit = root.sections("inhibit", &["when", "hide", "equal"])?;
    Ok(QuietConfig { maintenance, inhibit: inhibit.into_iter().map(inhibition).collect::<Result<_, _>>()? })
}

fn maintenance(entry: Sourced<Section<'_>>) -> Result<Maintenance, ConfigError> {
    let Sourced { value: section, origin } = entry;
    let missing = |key| ConfigError::line(origin.clone(), format!("this [[maintenance]] has no {key}"));
    Ok(Maintenance {
        name: section.text("name")?.ok_or_else(|| missing("name"))?.value,
        matchers: matchers(&section, "match")?.ok_or_else(|| missing("match"))?,
        window: window(&section)?,
    })
}

fn inhibition(entry: Sourced<Section<'_>>) -> Result<Inhibition, ConfigError> {
    let Sourced { value: section, origin } = entry;
    let missing = |key| ConfigError::line(origin.clone(), format!("this [[inhibit]] has no {key}"));
    let fields = [Field::Check, Field::Subject, Field::Channel, Field::Owner];
    let names = fields.map(Field::as_str).join(", ");
    let equal = section.each_text("equal", &format!("a list of {names}"), |text| {
        let field = fields.into_iter().find(|field| field.as_str() == text);
        field.ok_or_else(|| format!("must be one of {names}"))
    })?;
    Ok(Inhibition {
        when: matchers(&section, "when")?.ok_or_else(|| missing("when"))?,
        hide: matchers(&section, "hide")?.ok_or_else(|| missing("hide"))?,
        equal: equal.unwrap_or_default(),
    })
}

/// A list of matchers that must all match; there is at least one in it.
pub(super) fn matchers(section: &Section<'_>, key: &str) -> Result<Option<Matchers>, ConfigError> {
    let lists =
        section.each_text(key, "a list of matchers, such as \"check=disk\"", |text| {
            match Matchers::parse(text).map_err(|error| error.to_string())? {
                none if none.is_empty() => {
                    Err("must be a matcher; what matches everything is check=~\".*\"".to_owned())
                }
                some => Ok(some),
            }
        })?;
    Ok(lists.map(Matchers::all))
}
