//! Which alerts something is about: `check=disk subject=~"/mnt/.*"`, with the four operators of Alertmanager.

use std::fmt;

use regex::Regex;

use crate::check::Status;

/// What of an alert can be matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts<'a> {
    /// The instance.
    pub check: &'a str,
    /// What it is about; empty for the host.
    pub subject: &'a str,
    /// Which team it is for.
    pub channel: &'a str,
    /// Whose the instance is; empty: nobody's in particular.
    pub owner: &'a str,
    /// The name of the machine.
    pub host: &'a str,
    /// The worse of what it is and what people were told of it, so that an end is matched as what ends.
    pub level: Status,
}

/// Matchers that must all match. Without any, everything does.
#[derive(Clone, Debug, Default)]
pub struct Matchers(Vec<Matcher>);

/// What is wrong with the text of matchers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {problem}")]
pub struct MatcherError {
    /// The character at which it is wrong, from 1.
    pub column: usize,
    /// What is wrong, and what is allowed.
    pub problem: String,
}

#[derive(Clone, Debug)]
struct Matcher {
    field: Field,
    operator: Operator,
    value: String,
    /// The value compiled, for the operators that have one.
    pattern: Option<Regex>,
}

/// What a matcher looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The instance.
    Check,
    /// What it is about.
    Subject,
    /// Which team it is for.
    Channel,
    /// Whose the instance is.
    Owner,
    /// The name of the machine.
    Host,
    /// How bad it is.
    Level,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Is,
    IsNot,
    Matches,
    MatchesNot,
}

const FIELDS: [Field; 6] = [Field::Check, Field::Subject, Field::Channel, Field::Owner, Field::Host, Field::Level];

/// The longer ones first: `=~` begins with `=`.
const OPERATORS: [(&str, Operator); 4] =
    [("=~", Operator::Matches), ("!~", Operator::MatchesNot), ("!=", Operator::IsNot), ("=", Operator::Is)];

/// What a compiled pattern may take, in bytes: `(a{1000}){1000}` is short to write.
const PATTERN_BYTES: usize = 1 << 20;

impl Field {
    /// Its name in a matcher.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Subject => "subject",
            Self::Channel => "channel",
            Self::Owner => "owner",
            Self::Host => "host",
            Self::Level => "level",
        }
    }

    /// What of an alert it is.
    pub fn of<'a>(self, facts: &Facts<'a>) -> &'a str {
        match self {
            Self::Check => facts.check,
            Self::Subject => facts.subject,
            Self::Channel => facts.channel,
            Self::Owner => facts.owner,
            Self::Host => facts.host,
            Self::Level => facts.level.as_str(),
        }
    }
}

impl Matchers {
    /// Reads matchers that are apart by spaces or commas. A value is a word, or anything between two quotes of one kind,
    /// `"` or `'`, in which nothing is escaped. A pattern must match the whole text.
    ///
    /// # Errors
    /// What is wrong, with its column.
    pub fn parse(text: &str) -> Result<Self, MatcherError> {
        let mut reader = Reader { text, at: 0 };
        let mut matchers = Vec::new();
        while reader.skip_separators() {
            matchers.push(reader.matcher()?);
        }
        Ok(Self(matchers))
    }

    /// All of several lists together.
    pub fn all(lists: impl IntoIterator<Item = Self>) -> Self {
        Self(lists.into_iter().flat_map(|list| list.0).collect())
    }

    /// Whether all of them match.
    pub fn match_all(&self, facts: &Facts<'_>) -> bool {
        self.0.iter().all(|matcher| matcher.matches(facts))
    }

    /// Whether there is none, so that everything matches.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Matcher {
    fn matches(&self, facts: &Facts<'_>) -> bool {
        let text = self.field.of(facts);
        let matches = self.pattern.as_ref().map_or(text == self.value, |pattern| pattern.is_match(text));
        matches == matches!(self.operator, Operator::Is | Operator::Matches)
    }
}

/// The form that [`Matchers::parse`] reads.
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
    !value.is_empty() && !value.contains(ends_word) && !value.starts_with(['"', '\'', '~', '='])
}

fn ends_word(character: char) -> bool {
    character.is_whitespace() || character == ','
}

struct Reader<'a> {
    text: &'a str,
    /// The byte that is read next.
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Whether something follows them.
    fn skip_separators(&mut self) -> bool {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches(ends_word).len();
        self.at < self.text.len()
    }

    fn error(&self, at: usize, problem: impl Into<String>) -> MatcherError {
        MatcherError { column: 1 + self.text[..at].chars().count(), problem: problem.into() }
    }

    fn matcher(&mut self) -> Result<Matcher, MatcherError> {
        let field = self.field()?;
        let operator = self.operator()?;
        let at = self.at;
        let value = self.value()?;
        let value = if field == Field::Level { value.to_lowercase() } else { value.to_owned() };
        let pattern = match operator {
            Operator::Matches | Operator::MatchesNot => Some(self.pattern(at, &value)?),
            Operator::Is | Operator::IsNot if field == Field::Level && Status::parse(&value).is_none() => {
                return Err(self.error(at, "a level is ok, warning, critical or unknown"));
            }
            Operator::Is | Operator::IsNot => None,
        };
        Ok(Matcher { field, operator, value, pattern })
    }

    fn field(&mut self) -> Result<Field, MatcherError> {
        let rest = self.rest();
        let name = &rest[..rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len())];
        let Some(field) = FIELDS.into_iter().find(|field| field.as_str() == name) else {
            let names = FIELDS.map(Field::as_str).join(", ");
            return Err(self.error(self.at, format!("a matcher begins with one of {names}")));
        };
        self.at += name.len();
        Ok(field)
    }

    fn operator(&mut self) -> Result<Operator, MatcherError> {
        let found = OPERATORS.iter().find(|(sign, _)| self.rest().starts_with(sign));
        let Some((sign, operator)) = found else {
            return Err(self.error(self.at, "here must be =, !=, =~ or !~"));
        };
        self.at += sign.len();
        Ok(*operator)
    }

    fn value(&mut self) -> Result<&'a str, MatcherError> {
        let rest = self.rest();
        if let Some(quote) = rest.chars().next().filter(|first| ['"', '\''].contains(first)) {
            let quoted = &rest[1..];
            let Some(end) = quoted.find(quote) else {
                return Err(self.error(self.at, format!("this {quote} has no other one")));
            };
            self.at += end + 2;
            if !self.rest().is_empty() && !self.rest().starts_with(ends_word) {
                return Err(self.error(self.at, "after a quoted value there must be a space or a comma"));
            }
            return Ok(&quoted[..end]);
        }
        let word = &rest[..rest.find(ends_word).unwrap_or(rest.len())];
        if word.is_empty() {
            return Err(self.error(self.at, "here must be a value; the empty one is \"\""));
        }
        // `check==disk` is a slip, and would match nothing.
        if word.starts_with(['=', '~']) {
            return Err(self.error(self.at, "a value that begins with = or ~ must be in quotes"));
        }
        self.at += word.len();
        Ok(word)
    }

    fn pattern(&self, at: usize, value: &str) -> Result<Regex, MatcherError> {
        let whole = format!("^(?:{value})$");
        // Alone first: what is wrong with it is to be told without what is put around it.
        let compiled = regex::RegexBuilder::new(value)
            .size_limit(PATTERN_BYTES)
            .build()
            .and_then(|_| regex::RegexBuilder::new(&whole).size_limit(PATTERN_BYTES).build());
        compiled.map_err(|error| {
            // The parser draws its finding over several lines; the last one says it.
            let text = error.to_string();
            let why = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
            self.error(at, format!("not a regular expression: {why}"))
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    const VAR: Facts<'_> = Facts {
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

    fn mistake(text: &str) -> (usize, String) {
        let error = Matchers::parse(text).unwrap_err();
        (error.column, error.problem)
    }

    #[test]
    fn each_field_is_matched_by_each_operator() {
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
    fn all_must_match_and_none_match_all() {
        assert!(matches("check=disk, owner=alice level=warning,"));
        assert!(!matches("check=disk owner=bob"));
        assert!(matches("") && matches(" , "));
        assert!(Matchers::parse("").unwrap().is_empty());
    }

    #[test]
    fn a_pattern_matches_the_whole_text() {
        assert!(!matches("check=~dis"));
        assert!(!matches("check=~di|sk"));
        assert!(matches("check=~di|disk"));
    }

    #[test]
    fn a_mistake_is_told_with_its_column() {
        let fields = "a matcher begins with one of check, subject, channel, owner, host, level";
        assert_eq!(mistake("chekc=disk"), (1, fields.to_owned()));
        assert_eq!(mistake("check=disk =x"), (12, fields.to_owned()));
        assert_eq!(mistake("check>disk"), (6, "here must be =, !=, =~ or !~".to_owned()));
        assert_eq!(mistake("check"), (6, "here must be =, !=, =~ or !~".to_owned()));
        let quotes = "a value that begins with = or ~ must be in quotes".to_owned();
        assert_eq!((mistake("check==disk"), mistake("check!=~x")), ((7, quotes.clone()), (8, quotes)));
        assert_eq!(mistake("check="), (7, "here must be a value; the empty one is \"\"".to_owned()));
        assert_eq!(mistake("é"), (1, fields.to_owned()));
        assert_eq!(mistake("check='é' subject=\"/mnt"), (19, "this \" has no other one".to_owned()));
        assert_eq!(mistake("check='a'b"), (10, "after a quoted value there must be a space or a comma".to_owned()));
        assert_eq!(mistake("level=bad"), (7, "a level is ok, warning, critical or unknown".to_owned()));
        assert_eq!(mistake("check=~(a"), (8, "not a regular expression: unclosed group".to_owned()));
        assert_eq!(mistake("check=~a)(b").0, 8);
        assert!(mistake("check=~((a{999}){999}){999}").1.starts_with("not a regular expression: "));
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_again(value in "[^\"]{0,20}", quoted in any::<bool>()) {
            let quoted = quoted || !is_word(&value);
            let text = if quoted { format!("subject=\"{value}\"") } else { format!("subject={value}") };
            let matchers = Matchers::parse(&text).unwrap();
            let again = Matchers::parse(&matchers.to_string()).unwrap();
            let facts = Facts { subject: &value, ..VAR };
            prop_assert!(matchers.match_all(&facts) && again.match_all(&facts));
            prop_assert_eq!(again.to_string(), matchers.to_string());
        }

        #[test]
        fn no_text_is_too_odd(text in any::<String>()) {
            if let Err(error) = Matchers::parse(&text) {
                prop_assert!(error.column <= text.chars().count() + 1);
            }
        }
    }
}
