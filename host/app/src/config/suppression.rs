//! `[[maintenance]]` and `[[inhibit]]`: suppression by the configuration.

use checkpost_alerting::suppression::{Acknowledgement, Field, Inhibition, Maintenance, Silence, Suppressors};

use super::error::ConfigError;
use super::matchers::matchers;
use super::origin::Sourced;
use super::section::Section;
use super::window::{WINDOW_KEYS, window};

/// Suppression by the configuration. Silences and acknowledgements are in the database.
#[derive(Clone, Debug, Default)]
pub struct SuppressionConfig {
    /// Maintenance windows.
    pub maintenance: Vec<Maintenance>,
    /// Inhibition rules.
    pub inhibit: Vec<Inhibition>,
}

impl SuppressionConfig {
    /// Everything that may suppress a notification on this host: the configuration, silences and acknowledgements.
    pub fn with<'a>(
        &'a self,
        silences: &'a [Silence],
        acknowledgements: &'a [Acknowledgement],
        host: &'a str,
    ) -> Suppressors<'a> {
        Suppressors { silences, acknowledgements, maintenance: &self.maintenance, inhibit: &self.inhibit, host }
    }
}

pub(super) fn suppression(root: &Section<'_>) -> Result<SuppressionConfig, ConfigError> {
    let keys: Vec<_> = ["name", "match"].into_iter().chain(WINDOW_KEYS).collect();
    let maintenance = root.sections("maintenance", &keys)?.into_iter().map(maintenance).collect::<Result<_, _>>()?;
    let inhibit = root.sections("inhibit", &["when", "hide", "equal"])?;
    Ok(SuppressionConfig { maintenance, inhibit: inhibit.into_iter().map(inhibition).collect::<Result<_, _>>()? })
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
    let equal = section.parsed_list("equal", &format!("a list of {names}"), |text| {
        let field = fields.into_iter().find(|field| field.as_str() == text);
        field.ok_or_else(|| format!("must be one of {names}"))
    })?;
    Ok(Inhibition {
        when: matchers(&section, "when")?.ok_or_else(|| missing("when"))?,
        hide: matchers(&section, "hide")?.ok_or_else(|| missing("hide"))?,
        equal: equal.unwrap_or_default(),
    })
}
