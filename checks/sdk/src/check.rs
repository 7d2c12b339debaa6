//! The `Check` trait, and how an implementation becomes the three exports of the contract.

use crate::bindings::{Guest, types};
use crate::{Input, Need, Settings, Value, Verdict};

/// A check. Its fields are its settings; [`settings!`](crate::settings!) declares the struct.
pub trait Check: Settings {
    /// Short name in kebab-case: `disk`.
    const NAME: &'static str;
    /// Version of the module, usually `env!("CARGO_PKG_VERSION")`.
    const VERSION: &'static str;
    /// One line that says what the check watches.
    const SUMMARY: &'static str;
    /// Open data about the check, sorted by key: `author`, `license`, `runbook`, `url`.
    const ATTRIBUTES: &'static [(&'static str, &'static str)] = &[];

    /// Declares the readings that an evaluation needs. The host passes no other readings to the check.
    ///
    /// Validate combinations of settings here; types and ranges have already been checked. The error is a message for the
    /// operator that names the setting, its value and the allowed values.
    fn needs(&self) -> Result<Vec<Need>, String>;

    /// Returns one verdict for each subject, including subjects that are ok. The error is a message that says why the
    /// check could not judge at all.
    fn evaluate(&self, input: &Input) -> Result<Vec<Verdict>, String>;
}

impl<C: Check> Guest for C {
    fn describe() -> types::Description {
        types::Description {
            name: C::NAME.to_owned(),
            version: C::VERSION.to_owned(),
            summary: C::SUMMARY.to_owned(),
            settings: C::describe(),
            attributes: C::ATTRIBUTES.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        }
    }

    fn needs(settings: Vec<(String, Value)>) -> Result<Vec<Need>, String> {
        Check::needs(&C::parse(settings)?)
    }

    fn evaluate(input: types::Input) -> Result<Vec<Verdict>, String> {
        let (settings, input) = Input::new(input);
        Check::evaluate(&C::parse(settings)?, &input)
    }
}

impl Need {
    /// Needs the current reading of every series of a metric: `system.cpu.utilization`, or `system.network.*`.
    pub fn current(metric: &str) -> Self {
        Self { metric: metric.to_owned(), labels: Vec::new(), window_seconds: 0 }
    }

    /// Narrows the need to series with this label.
    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.labels.push((key.to_owned(), value.to_owned()));
        self.labels.sort();
        self
    }

    /// Adds the past readings of this many seconds.
    pub fn window(mut self, seconds: u32) -> Self {
        self.window_seconds = seconds;
        self
    }
}
