//! The sandbox's promises about everything that it returns, whatever the input: see `docs/explanation/sandbox.md`.

use std::collections::HashSet;

use checkpost_model::check::{Failure, Limits, Reason, Verdict};
use checkpost_model::metric::Labels;
use checkpost_sandbox::{Description, Judged, Need};

/// How much the host's own words may add to a check's text in the detail of a failure, which is stored, logged and
/// mailed.
const WORDS_BYTES: usize = 512;

/// Asserts that a failure says what is wrong, in one clean line of bounded length.
pub fn assert_failure(failure: &Failure, limits: &Limits) {
    plain(&failure.detail);
    assert!(!failure.detail.is_empty(), "{failure:?} has no detail");
    let bytes = failure.detail.len();
    assert!(bytes <= limits.text_bytes + WORDS_BYTES, "a detail of {bytes} bytes: {failure}");
    failure.stderr.lines().for_each(plain);
    // Fuel ends whatever does not end by itself, and nothing here depends on the clock.
    assert!(!matches!(failure.reason, Reason::Deadline | Reason::CompileLimit), "{failure}");
}

/// Asserts that a description has a name, and clean texts of bounded length.
pub fn assert_description(description: &Description, limits: &Limits) {
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

/// Asserts that the names of the metrics and labels that a check needs are clean.
pub fn assert_needs(needs: &[Need]) {
    needs.iter().flat_map(|need| pairs(&need.labels).chain([need.metric.as_str()])).for_each(plain);
}

/// Asserts that an evaluation stays within its fuel and that its verdicts keep to the contract.
pub fn assert_judged(judged: &Judged, limits: &Limits) {
    assert!(judged.fuel <= limits.fuel);
    match &judged.outcome {
        Err(failure) => assert_failure(failure, limits),
        Ok(verdicts) => {
            assert!(verdicts.len() <= limits.verdicts);
            unique(verdicts.iter().map(|verdict| verdict.subject.as_str()));
            verdicts.iter().for_each(assert_verdict);
        }
    }
}

fn assert_verdict(verdict: &Verdict) {
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
        assert!(seen.insert(name), "{name} is repeated");
    }
}

fn pairs(labels: &Labels) -> impl Iterator<Item = &str> {
    labels.iter().flat_map(|(key, value)| [key, value])
}

/// Asserts that a text contains no character that steers a terminal or page. Not with the host's own function, which is
/// under test.
fn plain(text: &str) {
    let steers = |character: char| {
        character.is_control()
            || matches!(character, '\u{200b}'..='\u{200c}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
            || matches!(character, '\u{2066}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
    };
    assert!(!text.contains(steers), "{text:?}");
}
