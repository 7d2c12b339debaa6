//! What comes out of a guest, held to the contract and the limits.

use std::collections::HashSet;

use crate::check::{Failure, Limits, Reason, SettingValue, Verdict};
use crate::clean;
use crate::metric::Labels;

use super::bindings::types;
use super::{Description, Need, SettingDescription};

/// All texts of one evaluation, together: they are stored, logged and mailed in every cycle.
const MAX_TEXT_BYTES: usize = 256 << 10;

/// What the detail of a failure shows of a name that the check gave.
const NAME_CHARS: usize = 100;

/// A check's own sentence, clean and bounded: it goes into logs, reports and messages.
pub(super) fn said(why: &str, max_bytes: usize) -> String {
    let mut text = clean::owned(why);
    text.truncate(text.floor_char_boundary(max_bytes));
    if text.trim().is_empty() { "it does not say why".to_owned() } else { text }
}

/// A description without a name, or with endless texts, is none.
pub(super) fn bounded_description(description: Description, max_bytes: usize) -> Result<Description, Failure> {
    if description_texts(&description).any(|text| text.len() > max_bytes) {
        return Err(Failure::new(Reason::OutputLimit, format!("describes itself in a text of over {max_bytes} bytes")));
    }
    if description.name.is_empty() {
        return Err(Failure::new(Reason::InvalidOutput, "describes itself without a name"));
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

/// Groups of readings that one instance may ask for.
const MAX_NEEDS: usize = 1_000;

/// As many needs as somebody may have thought of: each is held against every reading.
pub(super) fn bounded_needs(needs: Vec<types::Need>) -> Result<Vec<Need>, Failure> {
    if needs.len() > MAX_NEEDS {
        let detail = format!("asked for {} groups of readings, the limit is {MAX_NEEDS}", needs.len());
        return Err(Failure::new(Reason::OutputLimit, detail));
    }
    Ok(needs.into_iter().map(Need::from).collect())
}

/// Verdicts within the limits, clean, and with what must be unique and finite being so.
pub(super) fn checked(verdicts: Vec<types::Verdict>, limits: &Limits) -> Result<Vec<Verdict>, Failure> {
    if verdicts.len() > limits.verdicts {
        let detail = format!("returned {} verdicts, the limit is {}", verdicts.len(), limits.verdicts);
        return Err(Failure::new(Reason::OutputLimit, detail));
    }
    // Before they are cleaned, which may make them longer.
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
            return Err(invalid("two verdicts", verdict));
        }
        sound_measures(verdict)?;
    }
    Ok(verdicts)
}

fn sound_measures(verdict: &Verdict) -> Result<(), Failure> {
    let mut names = HashSet::new();
    for measure in &verdict.measures {
        if !names.insert(measure.name.as_str()) {
            return Err(invalid(&format!("the measure '{}' twice", named(&measure.name)), verdict));
        }
        let numbers = [Some(measure.value), measure.warning, measure.critical];
        if let Some(number) = numbers.into_iter().flatten().find(|number| !number.is_finite()) {
            return Err(invalid(&format!("{number} as a measure"), verdict));
        }
    }
    Ok(())
}

fn invalid(what: &str, verdict: &Verdict) -> Failure {
    let about = if verdict.subject.is_empty() { "the host".to_owned() } else { named(&verdict.subject) };
    Failure::new(Reason::InvalidOutput, format!("returned {what} on {about}"))
}

/// A name in a sentence of ours: of a text that was long, and longer when it was clean, the beginning will do.
fn named(name: &str) -> String {
    clean::bounded(name, NAME_CHARS)
}

fn text_lengths(verdict: &types::Verdict) -> impl Iterator<Item = usize> {
    let measures = verdict.measures.iter().flat_map(|measure| [measure.name.len(), measure.unit.len()]);
    let attributes = verdict.attributes.iter().flat_map(|(key, value)| [key.len(), value.len()]);
    [verdict.subject.len(), verdict.title.len(), verdict.message.len()].into_iter().chain(measures).chain(attributes)
}
