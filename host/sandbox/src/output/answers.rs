//! Bounds on what a module declares: its description, and the needs of an instance. Both are cached, listed and compared
//! with every reading, so that what a person would not write is refused.

use checkpost_model::check::{Failure, Reason, SettingValue};
use checkpost_model::metric::Labels;

use super::{MAX_LABELS, beyond};
use crate::bindings::types;
use crate::description::{Description, SettingDescription};
use crate::need::Need;

/// All texts of one description, or of the needs of one instance.
const MAX_TEXT_BYTES: usize = 64 << 10;

/// Needs of one instance.
const MAX_NEEDS: usize = 1_000;

/// Settings of one description.
const MAX_SETTINGS: usize = 256;

/// A number of a list in a description counts as a text of this length: no number is longer as JSON.
const NUMBER: &str = "-1.7976931348623157e-308,";

/// Refuses a description without a name, or with more than a person would write.
pub(crate) fn bounded_description(description: Description, max_bytes: usize) -> Result<Description, Failure> {
    if description_texts(&description).any(|text| text.len() > max_bytes) {
        return Err(Failure::new(
            Reason::OutputLimit,
            format!("has a description with a text of more than {max_bytes} bytes (limits.text_bytes)"),
        ));
    }
    beyond("has a description with", description.settings.len(), "settings", MAX_SETTINGS)?;
    let attributes = description.settings.iter().map(|setting| &setting.attributes).chain([&description.attributes]);
    let attributes = attributes.map(|attributes| attributes.iter().count()).max().unwrap_or_default();
    beyond("has a description with", attributes, "attributes in one place", MAX_LABELS)?;
    let bytes = description_texts(&description).map(str::len).sum();
    beyond("has a description with", bytes, "bytes of text", MAX_TEXT_BYTES)?;
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
    let (texts, numbers) = match &setting.default {
        Some(SettingValue::Text(text)) => (std::slice::from_ref(text), 0),
        Some(SettingValue::Texts(texts)) => (texts.as_slice(), 0),
        Some(SettingValue::Numbers(numbers)) => ([].as_slice(), numbers.len()),
        _ => ([].as_slice(), 0),
    };
    let own = [setting.name.as_str(), setting.summary.as_str()];
    let default = texts.iter().map(String::as_str).chain(std::iter::repeat_n(NUMBER, numbers));
    own.into_iter().chain(default).chain(pairs(&setting.attributes))
}

fn pairs(labels: &Labels) -> impl Iterator<Item = &str> {
    labels.iter().flat_map(|(key, value)| [key, value])
}

/// Refuses more needs than a person would write: each is compared with every reading.
pub(crate) fn bounded_needs(needs: Vec<types::Need>) -> Result<Vec<Need>, Failure> {
    beyond("returned", needs.len(), "needs", MAX_NEEDS)?;
    let labels = needs.iter().map(|need| need.labels.len()).max().unwrap_or_default();
    beyond("returned", labels, "labels of a need", MAX_LABELS)?;
    let raw = |need: &types::Need| {
        need.metric.len() + need.labels.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>()
    };
    // Before cleaning, which may lengthen a text, and after it.
    beyond("returned", needs.iter().map(raw).sum(), "bytes of text in its needs", MAX_TEXT_BYTES)?;
    let needs: Vec<Need> = needs.into_iter().map(Need::from).collect();
    let clean = |need: &Need| need.metric.len() + pairs(&need.labels).map(str::len).sum::<usize>();
    beyond("returned", needs.iter().map(clean).sum(), "bytes of text in its needs", MAX_TEXT_BYTES)?;
    Ok(needs)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn need(metric: &str, labels: usize) -> types::Need {
        let labels = (0..labels).map(|n| (n.to_string(), String::new())).collect();
        types::Need { metric: metric.to_owned(), labels, window_seconds: 0 }
    }

    fn description() -> Description {
        Description {
            name: "probe".to_owned(),
            version: String::new(),
            summary: String::new(),
            settings: Vec::new(),
            attributes: Labels::none(),
        }
    }

    fn setting(default: SettingValue, attributes: usize) -> SettingDescription {
        SettingDescription {
            name: "s".to_owned(),
            summary: String::new(),
            default: Some(default),
            attributes: (0..attributes).map(|n| (n.to_string(), String::new())).collect(),
        }
    }

    /// The detail of a refusal for being too much.
    fn refused<T: std::fmt::Debug>(outcome: Result<T, Failure>) -> String {
        let failure = outcome.unwrap_err();
        assert_eq!(failure.reason, Reason::OutputLimit);
        failure.detail
    }

    #[test]
    fn needs_within_their_limits_are_returned() {
        assert_eq!(bounded_needs(vec![need("a", 32); 1_000]).unwrap().len(), 1_000);
        assert_eq!(bounded_needs(vec![need(&"x".repeat(1 << 15), 0); 2]).unwrap().len(), 2);
    }

    #[test]
    fn needs_beyond_their_limits_are_refused() {
        assert_eq!(refused(bounded_needs(vec![need("a", 0); 1_001])), "returned 1001 needs, the limit is 1000");
        assert_eq!(refused(bounded_needs(vec![need("a", 33)])), "returned 33 labels of a need, the limit is 32");
        let long = vec![need(&"x".repeat(1 << 15), 0), need(&"x".repeat((1 << 15) + 1), 0)];
        assert_eq!(refused(bounded_needs(long)), "returned 65537 bytes of text in its needs, the limit is 65536");
        // Six bytes each when it is clean.
        let control = vec![need(&"\n".repeat(20_000), 0)];
        assert!(refused(bounded_needs(control)).ends_with("bytes of text in its needs, the limit is 65536"));
    }

    #[test]
    fn description_within_its_limits_is_returned() {
        let settings = vec![setting(SettingValue::Flag(true), 32); 256];
        bounded_description(Description { settings, ..description() }, 4_096).unwrap();
        let settings = vec![setting(SettingValue::Numbers(vec![-5e-324; 2_600]), 0)];
        bounded_description(Description { settings, ..description() }, 4_096).unwrap();
    }

    #[test]
    fn description_beyond_its_limits_is_refused() {
        let refused = |setting: SettingDescription, count: usize| {
            refused(bounded_description(Description { settings: vec![setting; count], ..description() }, 4_096))
        };
        let flag = SettingValue::Flag(true);
        let detail = refused(setting(flag.clone(), 0), 257);
        assert_eq!(detail, "has a description with 257 settings, the limit is 256");
        let detail = refused(setting(flag, 33), 1);
        assert_eq!(detail, "has a description with 33 attributes in one place, the limit is 32");
        let detail = refused(setting(SettingValue::Text("x".repeat(4_096)), 0), 17);
        assert_eq!(detail, "has a description with 69654 bytes of text, the limit is 65536");
        let detail = refused(setting(SettingValue::Numbers(vec![0.0; 2_700]), 0), 1);
        assert_eq!(detail, "has a description with 67506 bytes of text, the limit is 65536");
        let detail = refused(setting(SettingValue::Text("x".repeat(4_097)), 0), 1);
        assert_eq!(detail, "has a description with a text of more than 4096 bytes (limits.text_bytes)");
    }
}
