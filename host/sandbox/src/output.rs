//! Validation of a guest's output against the contract and the limits.

use std::collections::HashSet;

use checkpost_model::check::{Failure, Limits, Reason, SettingValue, Verdict};
use checkpost_model::clean;
use checkpost_model::metric::Labels;

use crate::bindings::types;
use crate::description::{Description, SettingDescription};
use crate::need::Need;

/// All texts of one evaluation together, in bytes: they are stored, logged and mailed in every cycle.
const MAX_TEXT_BYTES: usize = 256 << 10;

/// Longest name from a check in the detail of a failure.
const NAME_CHARS: usize = 100;

/// A check's own error sentence, clean and bounded for logs, reports and messages.
pub(crate) fn sentence(error: &str, max_bytes: usize) -> String {
    let mut text = clean::owned(error);
    text.truncate(text.floor_char_boundary(max_bytes));
    if text.trim().is_empty() { "no reason given".to_owned() } else { text }
}

/// Refuses a description without a name, or with a text that is too long.
pub(crate) fn bounded_description(description: Description, max_bytes: usize) -> Result<Description, Failure> {
    if description_texts(&description).any(|text| text.len() > max_bytes) {
        return Err(Failure::new(
            Reason::OutputLimit,
            format!("has a description with a text of more than {max_bytes} bytes"),
        ));
    }
    if description.name.is_empty() {
        return Err(Failure::new(Reason::InvalidOutput, "has a description without a name"));
    }
    Ok(description)
}

fn description_texts(description: &Description) -> impl Iterator<Item = &str> {
    let own = [&description.name, &description.version, &description.summary].map(String::as_str);
    own.into_iter().chain(pairs(&description.attributes)).chain(description.settings.iter().flat_map(setting_texts))
}

fn setting_texts(setting: &SettingDescription) -> impl Iterator<Item = &str> {
    let default = match &setting.default {
        Some(SettingValue::Text(text)) => std::slice::from_ref(text),
        Some(SettingValue::Texts(texts)) => texts,
        _ => &[],
    };
    let own = [setting.name.as_str(), setting.summary.as_str()];
    own.into_iter().chain(default.iter().map(String::as_str)).chain(pairs(&setting.attributes))
}

fn pairs(labels: &Labels) -> impl Iterator<Item = &str> {
    labels.iter().flat_map(|(key, value)| [key, value])
}

/// Needs of one instance.
const MAX_NEEDS: usize = 1_000;

/// Refuses more needs than a person would write: each is compared with every reading.
pub(crate) fn bounded_needs(needs: Vec<types::Need>) -> Result<Vec<Need>, Failure> {
    if needs.len() > MAX_NEEDS {
        let detail = format!("returned {} needs, the limit is {MAX_NEEDS}", needs.len());
        return Err(Failure::new(Reason::OutputLimit, detail));
    }
    Ok(needs.into_iter().map(Need::from).collect())
}

/// Verdicts that are clean and within the limits, with unique subjects and measures and with finite numbers.
pub(crate) fn validated(verdicts: Vec<types::Verdict>, limits: &Limits) -> Result<Vec<Verdict>, Failure> {
    if verdicts.len() > limits.verdicts {
        let detail = format!("returned {} verdicts, the limit is {}", verdicts.len(), limits.verdicts);
        return Err(Failure::new(Reason::OutputLimit, detail));
    }
    // Before cleaning, which may lengthen a text.
    if let Some(bytes) = verdicts.iter().flat_map(text_lengths).find(|bytes| *bytes > limits.text_bytes) {
        let detail = format!("returned a text of {bytes} bytes, the limit is {}", limits.text_bytes);
        return Err(Failure::new(Reason::OutputLimit, detail));
    }
    let bytes = verdicts.iter().flat_map(text_lengths).sum::<usize>();
    if bytes > MAX_TEXT_BYTES {
        let detail = format!("returned {bytes} bytes of text, the limit is {MAX_TEXT_BYTES}");
        return Err(Failure::new(Reason::OutputLimit, detail));
    }
    let verdicts: Vec<Verdict> = verdicts.into_iter().map(Verdict::from).collect();
    let mut subjects = HashSet::new();
    for verdict in &verdicts {
        if !subjects.insert(verdict.subject.as_str()) {
            return Err(invalid_output("two verdicts", verdict));
        }
        validate_measures(verdict)?;
    }
    Ok(verdicts)
}

fn validate_measures(verdict: &Verdict) -> Result<(), Failure> {
    let mut names = HashSet::new();
    for measure in &verdict.measures {
        if !names.insert(measure.name.as_str()) {
            return Err(invalid_output(&format!("the measure '{}' twice", shortened(&measure.name)), verdict));
        }
        let numbers = [Some(measure.value), measure.warning, measure.critical];
        if let Some(number) = numbers.into_iter().flatten().find(|number| !number.is_finite()) {
            return Err(invalid_output(&format!("{number} as a measure"), verdict));
        }
    }
    Ok(())
}

fn invalid_output(returned: &str, verdict: &Verdict) -> Failure {
    let subject = if verdict.subject.is_empty() { "the host".to_owned() } else { shortened(&verdict.subject) };
    Failure::new(Reason::InvalidOutput, format!("returned {returned} on {subject}"))
}

/// The beginning of a name from a check, for a sentence of the host.
fn shortened(name: &str) -> String {
    clean::bounded(name, NAME_CHARS)
}

fn text_lengths(verdict: &types::Verdict) -> impl Iterator<Item = usize> {
    let measures = verdict.measures.iter().flat_map(|measure| [measure.name.len(), measure.unit.len()]);
    let attributes = verdict.attributes.iter().flat_map(|(key, value)| [key.len(), value.len()]);
    [verdict.subject.len(), verdict.title.len(), verdict.message.len()].into_iter().chain(measures).chain(attributes)
}
