//! One word for one thing: identifiers avoid the words that the glossary retired.

use std::collections::BTreeSet;
use std::fs;

use syn::visit::Visit;

use super::sources::{CRATES, sources};
use crate::support::root;

/// Words that no identifier of the host may have as a part.
const RETIRED: [&str; 20] = [
    "told", "tell", "tells", "telling", "hushed", "doomed", "said", "asked", "given", "beside", "circle", "circles",
    "news", "way", "ways", "outlet", "outlets", "held", "quiet", "standing",
];

/// Identifiers that may have a retired word: the flag `--quiet` and quiet hours.
const ALLOWED: [&str; 3] = ["quiet", "quiet_hours", "QuietHours"];

#[derive(Default)]
struct Identifiers(BTreeSet<String>);

impl<'ast> Visit<'ast> for Identifiers {
    fn visit_ident(&mut self, ident: &'ast syn::Ident) {
        self.0.insert(ident.to_string());
    }
}

/// The words of an identifier, in lower case: `quiet_until` and `QuietRun` both have `quiet`.
fn words(identifier: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = '_';
    for character in identifier.chars() {
        if character == '_' || (character.is_uppercase() && !before.is_uppercase()) {
            words.push(String::new());
        }
        if character != '_' {
            words.last_mut().unwrap().extend(character.to_lowercase());
        }
        before = character;
    }
    words
}

#[test]
fn identifiers_avoid_retired_words() {
    let mut found = Vec::new();
    for name in CRATES {
        for source in sources(name) {
            let mut identifiers = Identifiers::default();
            source.items.iter().for_each(|item| identifiers.visit_item(item));
            identifiers.0.extend(source.module.iter().cloned());
            let is_retired = |identifier: &String| {
                !ALLOWED.contains(&identifier.as_str())
                    && words(identifier).iter().any(|word| RETIRED.contains(&word.as_str()))
            };
            let retired = identifiers.0.into_iter().filter(is_retired);
            found.extend(retired.map(|identifier| format!("{}: {identifier}", source.path.display())));
        }
    }
    assert!(found.is_empty(), "docs/reference/glossary.md has better words for:\n{}", found.join("\n"));
}

#[test]
fn glossary_lists_every_retired_word() {
    let glossary = fs::read_to_string(root().join("docs/reference/glossary.md")).unwrap();
    let retired = glossary.split("## Retired words").nth(1).unwrap();
    let listed: Vec<_> = retired.split(|character: char| !character.is_alphanumeric()).collect();
    let missing: Vec<_> = RETIRED.iter().filter(|word| !listed.contains(word)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn words_of_an_identifier_are_found_in_every_case() {
    assert_eq!(words("quiet_until").last().unwrap(), "until");
    assert!(words("QuietRun").contains(&"quiet".to_owned()));
    assert!(words("QUIET_KEYS").contains(&"quiet".to_owned()));
    assert!(!words("disquieted").contains(&"quiet".to_owned()));
}
