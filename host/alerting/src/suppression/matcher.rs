//! Matchers select alerts by their labels: `check=disk subject=~"/mnt/.*"`, with the four operators of Alertmanager.

mod parse;

use std::fmt;

use regex::Regex;

use super::labels::{AlertLabels, Field};

pub use parse::MatcherError;

/// Matchers that must all match. An empty list matches every alert.
#[derive(Clone, Debug, Default)]
pub struct Matchers(Vec<Matcher>);

/// One condition on one label.
#[derive(Clone, Debug)]
struct Matcher {
    field: Field,
    operator: Operator,
    value: String,
    /// The compiled value, for the operators that take a regular expression.
    pattern: Option<Regex>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Is,
    IsNot,
    Matches,
    MatchesNot,
}

/// The operators as written. `=` is last because `=~` begins with it.
const OPERATORS: [(&str, Operator); 4] =
    [("=~", Operator::Matches), ("!~", Operator::MatchesNot), ("!=", Operator::IsNot), ("=", Operator::Is)];

impl Matchers {
    /// The matchers of several lists as one list.
    pub fn all(lists: impl IntoIterator<Item = Self>) -> Self {
        Self(lists.into_iter().flat_map(|list| list.0).collect())
    }

    /// Whether all of them match.
    pub fn match_all(&self, labels: &AlertLabels<'_>) -> bool {
        self.0.iter().all(|matcher| matcher.matches(labels))
    }

    /// Whether the list is empty, so that it matches every alert.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Matcher {
    fn matches(&self, labels: &AlertLabels<'_>) -> bool {
        let text = self.field.of(labels);
        let matches = self.pattern.as_ref().map_or(text == self.value, |pattern| pattern.is_match(text));
        matches == matches!(self.operator, Operator::Is | Operator::Matches)
    }
}

/// Writes the form that [`Matchers::parse`] reads.
impl fmt::Display for Matchers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Matcher { field, operator, value, .. }) in self.0.iter().enumerate() {
            let space = if index > 0 { " " } else { "" };
            let name = field.as_str();
            let sign = OPERATORS.iter().find(|(_, of)| of == operator).map_or("", |(sign, _)| sign);
            match value {
                value if is_word(value) => write!(f, "{space}{name}{sign}{value}")?,
                value if value.contains('"') => write!(f, "{space}{name}{sign}'{value}'")?,
                value => write!(f, "{space}{name}{sign}\"{value}\"")?,
            }
        }
        Ok(())
    }
}

/// Whether a value needs no quotes.
fn is_word(value: &str) -> bool {
    !value.is_empty() && !value.contains(is_separator) && !value.starts_with(['"', '\'', '~', '='])
}

/// Whether a character separates matchers, and so ends an unquoted value.
fn is_separator(character: char) -> bool {
    character.is_whitespace() || character == ','
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use checkpost_model::check::Status;

    use super::*;

    const VAR: AlertLabels<'_> = AlertLabels {
        check: "disk",
        subject: "/mnt/var 1",
        channel: "system_monitoring",
        owner: "alice",
        host: "web-1",
        level: Status::Warning,
    };

    fn matches(text: &str) -> bool {
        Matchers::parse(text).unwrap().match_all(&VAR)
    }

    #[test]
    fn matcher_compares_each_field_by_each_operator() {
        for text in [
            "check=disk",
            "check!=cpu",
            "check=~d.*",
            "check!~c.*",
            "subject=\"/mnt/var 1\"",
            "subject='/mnt/var 1'",
            "subject=~\"/mnt/.*\"",
            "channel=system_monitoring",
            "owner=alice",
            "host=~web-[0-9]+",
            "level=warning",
            "level=WARNING",
            "level!=critical",
            "level=~\"warning|critical\"",
        ] {
            assert!(matches(text), "{text}");
        }
        for text in ["check!=disk", "check=cpu", "check!~d.*", "check=~c.*", "owner=\"\"", "level=ok"] {
            assert!(!matches(text), "{text}");
        }
    }

    #[test]
    fn matchers_must_all_match_and_an_empty_list_matches_every_alert() {
        assert!(matches("check=disk, owner=alice level=warning,"));
        assert!(!matches("check=disk owner=bob"));
        assert!(matches("") && matches(" , "));
        assert!(Matchers::parse("").unwrap().is_empty());
    }

    #[test]
    fn pattern_matches_the_whole_text() {
        assert!(!matches("check=~dis"));
        assert!(!matches("check=~di|sk"));
        assert!(matches("check=~di|disk"));
    }

    proptest! {
        #[test]
        fn written_matchers_parse_to_the_same(value in "[^\"]{0,20}", quoted in any::<bool>()) {
            let quoted = quoted || !is_word(&value);
            let text = if quoted { format!("subject=\"{value}\"") } else { format!("subject={value}") };
            let matchers = Matchers::parse(&text).unwrap();
            let again = Matchers::parse(&matchers.to_string()).unwrap();
            let labels = AlertLabels { subject: &value, ..VAR };
            prop_assert!(matchers.match_all(&labels) && again.match_all(&labels));
            prop_assert_eq!(again.to_string(), matchers.to_string());
        }
    }
}
