//! Validation of a guest's output against the contract and the limits.

mod answers;

use std::collections::HashSet;

use checkpost_model::check::{Failure, Limits, Reason, TOO_MANY_SUBJECTS, Verdict};
use checkpost_model::clean;

use crate::bindings::types;

pub(crate) use answers::{bounded_description, bounded_needs};

/// Measures of one verdict. Nobody reads more numbers about one subject.
const MAX_MEASURES: usize = 64;

/// Measures of one evaluation: each is a column of performance data in every cycle.
const MAX_MEASURES_TOGETHER: usize = 4_000;

/// Attributes of one verdict, of one description or of one setting, and labels of one need. No reading has more than ten.
const MAX_LABELS: usize = 32;

/// Bytes of a name: of a measure, a unit or an attribute.
const MAX_NAME_BYTES: usize = 256;

/// Longest name from a check in the detail of a failure.
const NAME_CHARS: usize = 100;

/// A check's own error sentence, clean and bounded for logs, reports and messages.
pub(crate) fn sentence(error: &str, max_bytes: usize) -> String {
    let mut text = clean::owned(error);
    text.truncate(text.floor_char_boundary(max_bytes));
    if text.trim().is_empty() { "no reason given".to_owned() } else { text }
}

/// Verdicts that are clean and within the limits, with unique subjects and measures and with finite numbers.
pub(crate) fn validated(verdicts: Vec<types::Verdict>, limits: &Limits) -> Result<Vec<Verdict>, Failure> {
    beyond_key("verdicts", verdicts.len(), "verdicts", limits.verdicts)?;
    // Before cleaning, which may lengthen a text.
    for verdict in &verdicts {
        refuse_excess(verdict, limits)?;
    }
    let measures = verdicts.iter().map(|verdict| verdict.measures.len()).sum();
    beyond("returned", measures, "measures", MAX_MEASURES_TOGETHER)?;
    let text = |bytes| beyond_key("stored_bytes", bytes, "bytes of text", limits.stored_bytes);
    text(verdicts.iter().flat_map(text_lengths).sum())?;
    let verdicts: Vec<Verdict> = verdicts.into_iter().map(Verdict::from).collect();
    text(verdicts.iter().map(Verdict::stored_bytes).sum())?;
    let mut subjects = HashSet::new();
    for verdict in &verdicts {
        if verdict.subject == TOO_MANY_SUBJECTS {
            let detail =
                format!("returned the subject '{TOO_MANY_SUBJECTS}', which stands for subjects without an alert");
            return Err(Failure::new(Reason::InvalidOutput, detail));
        }
        if !subjects.insert(verdict.subject.as_str()) {
            return Err(invalid_output("two verdicts", verdict));
        }
        validate_measures(verdict)?;
    }
    Ok(verdicts)
}

/// Refuses a verdict with too many parts, or with a part that is too long.
fn refuse_excess(verdict: &types::Verdict, limits: &Limits) -> Result<(), Failure> {
    beyond("returned", verdict.measures.len(), "measures of a verdict", MAX_MEASURES)?;
    beyond("returned", verdict.attributes.len(), "attributes of a verdict", MAX_LABELS)?;
    let longest = text_lengths(verdict).max().unwrap_or_default();
    if longest > limits.text_bytes {
        let detail =
            format!("returned a text of {longest} bytes, the limit is {} (limits.text_bytes)", limits.text_bytes);
        return Err(Failure::new(Reason::OutputLimit, detail));
    }
    let measures = verdict.measures.iter().flat_map(|measure| [&measure.name, &measure.unit]);
    let longest = measures.chain(verdict.attributes.iter().map(|(key, _)| key)).map(String::len).max();
    beyond("returned", longest.unwrap_or_default(), "bytes of a name", MAX_NAME_BYTES)
}

/// Refuses more of something than a fixed limit.
fn beyond(what: &str, count: usize, of: &str, limit: usize) -> Result<(), Failure> {
    match count > limit {
        true => Err(Failure::new(Reason::OutputLimit, format!("{what} {count} {of}, the limit is {limit}"))),
        false => Ok(()),
    }
}

/// Refuses more of something than the limit with this key.
fn beyond_key(key: &str, count: usize, of: &str, limit: usize) -> Result<(), Failure> {
    beyond("returned", count, of, limit)
        .map_err(|failure| Failure { detail: format!("{} (limits.{key})", failure.detail), ..failure })
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn measure(name: &str) -> types::Measure {
        types::Measure { name: name.to_owned(), value: -5e-324, unit: String::new(), warning: None, critical: None }
    }

    fn verdict(subject: usize, measures: usize) -> types::Verdict {
        types::Verdict {
            status: types::Status::Ok,
            subject: subject.to_string(),
            title: String::new(),
            message: String::new(),
            measures: (0..measures).map(|n| measure(&n.to_string())).collect(),
            attributes: Vec::new(),
        }
    }

    fn refused(verdicts: Vec<types::Verdict>, limits: &Limits) -> String {
        let failure = validated(verdicts, limits).unwrap_err();
        assert_eq!(failure.reason, Reason::OutputLimit, "{failure}");
        failure.detail
    }

    #[test]
    fn measures_are_limited_per_verdict_and_together() {
        let verdicts = |count: usize, each: usize| (0..count).map(|n| verdict(n, each)).collect::<Vec<_>>();
        let ample = Limits { stored_bytes: 1 << 20, ..Limits::DEFAULT };
        assert_eq!(validated(verdicts(62, 64), &ample).unwrap().len(), 62);
        assert_eq!(refused(verdicts(1, 65), &ample), "returned 65 measures of a verdict, the limit is 64");
        assert_eq!(refused(verdicts(63, 64), &ample), "returned 4032 measures, the limit is 4000");
    }

    #[test]
    fn attributes_and_names_are_limited() {
        let with = |attributes: usize, name: usize| {
            let attributes = (0..attributes).map(|n| (format!("{n:0name$}"), "value".to_owned())).collect();
            vec![types::Verdict { attributes, ..verdict(0, 0) }]
        };
        assert_eq!(validated(with(32, 256), &Limits::DEFAULT).unwrap().len(), 1);
        assert_eq!(refused(with(33, 1), &Limits::DEFAULT), "returned 33 attributes of a verdict, the limit is 32");
        assert_eq!(refused(with(1, 257), &Limits::DEFAULT), "returned 257 bytes of a name, the limit is 256");
        let long = vec![types::Verdict { measures: vec![measure(&"x".repeat(257))], ..verdict(0, 0) }];
        assert_eq!(refused(long, &Limits::DEFAULT), "returned 257 bytes of a name, the limit is 256");
    }

    #[test]
    fn digits_and_escapes_are_counted_as_they_are_stored() {
        let bytes = validated(vec![verdict(0, 10)], &Limits::DEFAULT).unwrap()[0].stored_bytes();
        let limits = |stored_bytes| Limits { stored_bytes, ..Limits::DEFAULT };
        assert_eq!(validated(vec![verdict(0, 10)], &limits(bytes)).unwrap().len(), 1);
        let detail = refused(vec![verdict(0, 10)], &limits(bytes - 1));
        let expected = format!("returned {bytes} bytes of text, the limit is {} (limits.stored_bytes)", bytes - 1);
        assert_eq!(detail, expected);
        let controls = vec![types::Verdict { message: "\n".repeat(100), ..verdict(0, 0) }];
        assert!(refused(controls, &limits(300)).ends_with("bytes of text, the limit is 300 (limits.stored_bytes)"));
    }
}
