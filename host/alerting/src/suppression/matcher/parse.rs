//! The parser of matchers. Errors name the column of the mistake.

use regex::{Regex, RegexBuilder};

use checkpost_model::check::Status;

use super::{Matcher, Matchers, OPERATORS, Operator, is_separator};
use crate::suppression::labels::Field;

/// The most memory that a compiled pattern may take, in bytes: `(a{1000}){1000}` is short to write.
const PATTERN_BYTES: usize = 1 << 20;

/// Why a text is not a list of matchers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {problem}")]
pub struct MatcherError {
    /// The position of the mistake in characters, from 1.
    pub column: usize,
    /// The mistake, and what is allowed instead.
    pub problem: String,
}

impl Matchers {
    /// Parses matchers, separated by spaces or commas. A value is a word, or any text between two `"` or two `'`,
    /// without escapes. A regular expression must match the whole text.
    ///
    /// # Errors
    /// The first mistake, with its column.
    pub fn parse(text: &str) -> Result<Self, MatcherError> {
        let mut parser = Parser { text, position: 0 };
        let mut matchers = Vec::new();
        while parser.skip_separators() {
            matchers.push(parser.matcher()?);
        }
        Ok(Self(matchers))
    }
}

struct Parser<'a> {
    text: &'a str,
    /// The next byte to parse.
    position: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.position..]
    }

    /// Skips separators. `false` at the end of the text.
    fn skip_separators(&mut self) -> bool {
        let rest = self.rest();
        self.position += rest.len() - rest.trim_start_matches(is_separator).len();
        self.position < self.text.len()
    }

    fn error(&self, position: usize, problem: impl Into<String>) -> MatcherError {
        MatcherError { column: 1 + self.text[..position].chars().count(), problem: problem.into() }
    }

    fn matcher(&mut self) -> Result<Matcher, MatcherError> {
        let field = self.field()?;
        let operator = self.operator()?;
        let position = self.position;
        let value = self.value()?;
        let value = if field == Field::Level { value.to_lowercase() } else { value.to_owned() };
        let pattern = match operator {
            Operator::Matches | Operator::MatchesNot => Some(self.pattern(position, &value)?),
            Operator::Is | Operator::IsNot if field == Field::Level && Status::parse(&value).is_none() => {
                return Err(self.error(position, "expected a level: ok, warning, critical or unknown"));
            }
            Operator::Is | Operator::IsNot => None,
        };
        Ok(Matcher { field, operator, value, pattern })
    }

    fn field(&mut self) -> Result<Field, MatcherError> {
        let rest = self.rest();
        let name = &rest[..rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len())];
        let Some(field) = Field::ALL.into_iter().find(|field| field.as_str() == name) else {
            let names = Field::ALL.map(Field::as_str).join(", ");
            return Err(self.error(self.position, format!("expected one of {names}")));
        };
        self.position += name.len();
        Ok(field)
    }

    fn operator(&mut self) -> Result<Operator, MatcherError> {
        let found = OPERATORS.iter().find(|(sign, _)| self.rest().starts_with(sign));
        let Some((sign, operator)) = found else {
            return Err(self.error(self.position, "expected =, !=, =~ or !~"));
        };
        self.position += sign.len();
        Ok(*operator)
    }

    fn value(&mut self) -> Result<&'a str, MatcherError> {
        let rest = self.rest();
        if let Some(quote) = rest.chars().next().filter(|first| ['"', '\''].contains(first)) {
            let quoted = &rest[1..];
            let Some(end) = quoted.find(quote) else {
                return Err(self.error(self.position, "unclosed quote"));
            };
            self.position += end + 2;
            if !self.rest().is_empty() && !self.rest().starts_with(is_separator) {
                return Err(self.error(self.position, "expected a space or a comma after a quoted value"));
            }
            return Ok(&quoted[..end]);
        }
        let word = &rest[..rest.find(is_separator).unwrap_or(rest.len())];
        if word.is_empty() {
            return Err(self.error(self.position, "expected a value; an empty value is \"\""));
        }
        // `check==disk` is a typing error, and would match nothing.
        if word.starts_with(['=', '~']) {
            return Err(self.error(self.position, "a value that begins with = or ~ must be quoted"));
        }
        self.position += word.len();
        Ok(word)
    }

    fn pattern(&self, position: usize, value: &str) -> Result<Regex, MatcherError> {
        let compile = |pattern: &str| RegexBuilder::new(pattern).size_limit(PATTERN_BYTES).build();
        // The value is compiled alone first, so that an error does not show the text around it.
        let compiled = compile(value).and_then(|_| compile(&format!("^(?:{value})$")));
        compiled.map_err(|error| {
            // The error draws the pattern over several lines; the reason is the last one.
            let text = error.to_string();
            let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
            self.error(position, format!("invalid regular expression: {reason}"))
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn mistake(text: &str) -> (usize, String) {
        let error = Matchers::parse(text).unwrap_err();
        (error.column, error.problem)
    }

    #[test]
    fn mistake_is_reported_with_its_column() {
        let fields = "expected one of check, subject, channel, owner, host, level";
        assert_eq!(mistake("chekc=disk"), (1, fields.to_owned()));
        assert_eq!(mistake("check=disk =x"), (12, fields.to_owned()));
        assert_eq!(mistake("check>disk"), (6, "expected =, !=, =~ or !~".to_owned()));
        assert_eq!(mistake("check"), (6, "expected =, !=, =~ or !~".to_owned()));
        let quotes = "a value that begins with = or ~ must be quoted".to_owned();
        assert_eq!((mistake("check==disk"), mistake("check!=~x")), ((7, quotes.clone()), (8, quotes)));
        assert_eq!(mistake("check="), (7, "expected a value; an empty value is \"\"".to_owned()));
        assert_eq!(mistake("é"), (1, fields.to_owned()));
        assert_eq!(mistake("check='é' subject=\"/mnt"), (19, "unclosed quote".to_owned()));
        assert_eq!(mistake("check='a'b"), (10, "expected a space or a comma after a quoted value".to_owned()));
        assert_eq!(mistake("level=bad"), (7, "expected a level: ok, warning, critical or unknown".to_owned()));
        assert_eq!(mistake("check=~(a"), (8, "invalid regular expression: unclosed group".to_owned()));
        assert_eq!(mistake("check=~a)(b").0, 8);
        assert!(mistake("check=~((a{999}){999}){999}").1.starts_with("invalid regular expression: "));
    }

    proptest! {
        #[test]
        fn arbitrary_text_parses_or_names_a_column_within_it(text in any::<String>()) {
            if let Err(error) = Matchers::parse(&text) {
                prop_assert!(error.column <= text.chars().count() + 1);
            }
        }
    }
}
