//! What the sandbox promises of everything that comes out of it, whatever went in: see `docs/sandbox.md`.

use std::collections::HashSet;

use checkpost::check::{Failure, Limits, Reason, Verdict};
use checkpost::metric::Labels;
use checkpost::sandbox::{Description, Judged, Need};

/// What the host's own words add to a check's in the detail of a failure. It is stored, logged and mailed.
const WORDS_BYTES: usize = 512;

/// A failure says what is wrong in one line that is clean and bounded.
pub fn hold_for_failure(failure: &Failure, limits: &Limits) {
    plain(&failure.detail);
    assert!(!failure.detail.is_empty(), "{failure:?} says nothing");
    let bytes = failure.detail.len();
    assert!(bytes <= limits.text_bytes + WORDS_BYTES, "a detail of {bytes} bytes: {failure}");
    failure.stderr.lines().for_each(plain);
    // Fuel is to end what does not end by itself, and nothing here is a matter of the clock.
    assert!(!matches!(failure.reason, Reason::Deadline | Reason::CompileLimit), "{failure}");
}

/// A description has a name and texts that are clean and bounded.
pub fn hold_for_description(description: &Description, limits: &Limits) {
    assert!(!description.name.is_empty());
    let settings = description.settings.iter();
    let attributes = settings.clone().map(|setting| &setting.attributes).chain([&description.attributes]);
    let own = [&description.name, &description.version, &description.summary].into_iter();
    let texts = own.chain(settings.flat_map(|setting| [&setting.name, &setting.summary])).map(String::as_str);
    for text in texts.chain(attributes.flat_map(pairs)) {
        plain(text);
        assert!(text.len() <= limits.text_bytes);
    }
}

/// What a check wants to read is clean.
pub fn hold_for_needs(needs: &[Need]) {
    needs.iter().flat_map(|need| pairs(&need.labels).chain([need.metric.as_str()])).for_each(plain);
}

/// An evaluation stays within its fuel, and its verdicts keep to the contract.
pub fn hold_for_judged(judged: &Judged, limits: &Limits) {
    assert!(judged.fuel <= limits.fuel);
    match &judged.outcome {
        Err(failure) => hold_for_failure(failure, limits),
        Ok(verdicts) => {
            assert!(verdicts.len() <= limits.verdicts);
            unique(verdicts.iter().map(|verdict| verdict.subject.as_str()));
            verdicts.iter().for_each(hold_for_verdict);
        }
    }
}

fn hold_for_verdict(verdict: &Verdict) {
    let own = [&verdict.subject, &verdict.title, &verdict.message].into_iter();
    let measures = verdict.measures.iter().flat_map(|measure| [&measure.name, &measure.unit]);
    own.chain(measures).map(String::as_str).chain(pairs(&verdict.attributes)).for_each(plain);
    unique(verdict.measures.iter().map(|measure| measure.name.as_str()));
    for measure in &verdict.measures {
        let numbers = [Some(measure.value), measure.warning, measure.critical];
        assert!(numbers.into_iter().flatten().all(f64::is_finite), "{measure:?}");
    }
}

fn unique<'a>(names: impl Iterator<Item = &'a str>) {
    let mut seen = HashSet::new();
    for name in names {
        assert!(seen.insert(name), "{name} twice");
    }
}

fn pairs(labels: &Labels) -> impl Iterator<Item = &str> {
    labels.iter().flat_map(|(key, value)| [key, value])
}

/// Nothing that steers what shows it. In words of its own: the host's must not be asked about itself.
fn plain(text: &str) {
    let steers = |character: char| {
        character.is_control() || matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert!(!text.contains(steers), "{text:?}");
}
