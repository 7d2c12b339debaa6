//! Observations: what one run found out about one subject.

use checkpost_model::check::{Status, Verdict};

/// What one run found out about one subject.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Observation<'a> {
    /// The check judged the subject. [`Status::Unknown`] if it could not decide on a level.
    Judged(Judgement<'a>),
    /// The check failed, for this reason. The failure is an alert of its own, with an empty subject.
    Failed(&'a str),
    /// The check judged and did not mention the subject.
    Absent,
}

/// The part of a verdict that an alert needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Judgement<'a> {
    pub(super) status: Status,
    /// Headline.
    pub(super) title: &'a str,
    /// One sentence.
    pub(super) message: &'a str,
    /// The first measure.
    pub(super) value: Option<f64>,
}

impl<'a> From<&'a Verdict> for Judgement<'a> {
    fn from(verdict: &'a Verdict) -> Self {
        let value = verdict.measures.first().map(|measure| measure.value);
        Self { status: verdict.status, title: &verdict.title, message: &verdict.message, value }
    }
}

/// The headline of a check that failed.
pub(super) fn failure_title(instance: &str) -> String {
    format!("Check '{instance}' could not judge")
}
