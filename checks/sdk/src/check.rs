//! What a check has to say, and how that becomes the three exports of the contract.

use crate::bindings::{Guest, types};
use crate::{Input, Need, Settings, Value, Verdict};

/// A check: its settings are its fields, made by [`settings!`](crate::settings!).
pub trait Check: Settings {
    /// Short name in kebab-case: `disk`.
    const NAME: &'static str;
    /// The version of the module; `env!("CARGO_PKG_VERSION")` is a good one.
    const VERSION: &'static str;
    /// One line: what it watches.
    const SUMMARY: &'static str;
    /// Open data about the check, sorted by key: `author`, `license`, `runbook`, `url`.
    const ATTRIBUTES: &'static [(&'static str, &'static str)] = &[];

    /// The readings that an evaluation wants; what is not asked for does not arrive.
    ///
    /// The place to hold settings against each other: types and ranges have been seen to. The error is a sentence for
    /// the operator: the setting, its value and what is allowed.
    fn needs(&self) -> Result<Vec<Need>, String>;

    /// Judges: one verdict for each subject, the ones that are ok included. The error is a sentence that says why it
    /// could not judge at all.
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
    /// The current reading of every series of a metric: `system.cpu.utilization`, or `system.network.*`.
    pub fn current(metric: &str) -> Self {
        Self { metric: metric.to_owned(), labels: Vec::new(), window_seconds: 0 }
    }

    /// Only the series that carry this label.
    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.labels.push((key.to_owned(), value.to_owned()));
        self.labels.sort();
        self
    }

    /// The past readings, too: those of so many seconds.
    pub fn window(mut self, seconds: u32) -> Self {
        self.window_seconds = seconds;
        self
    }
}
