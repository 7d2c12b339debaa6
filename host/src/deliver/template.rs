//! Words of a message that an operator chose, as Jinja templates. They are for people: what programs get is JSON.

use std::fmt;

use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};

use super::Message;
use crate::clean;

/// The words of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// One clean line.
    pub title: String,
    /// The text, clean and over any number of lines; `None`: each transport has a form of its own.
    pub body: Option<String>,
}

/// What an operator wrote instead of the built-in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    /// The title.
    pub title: Option<TemplateText>,
    /// The text.
    pub body: Option<TemplateText>,
}

/// The text of one template, whose syntax is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateText {
    key: &'static str,
    source: String,
}

/// What is wrong with a template, or with what it made of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// Its key: `title`.
    pub key: &'static str,
    /// The line of the template, from 1.
    pub line: Option<usize>,
    /// What is wrong, on one clean line.
    pub problem: String,
}

/// What rendering may take; a template that goes over fifty notifications needs a tenth.
const FUEL: u64 = 200_000;
/// How long the text that it makes may be.
const MAX_BYTES: usize = 64 << 10;
/// How many characters of a problem are told.
const PROBLEM_CHARS: usize = 300;
/// How many characters a title has.
pub(super) const TITLE_CHARS: usize = 200;

impl Template {
    /// The words of a message.
    ///
    /// # Errors
    /// What failed, with the built-in words in its place.
    pub fn words(&self, message: &Message) -> Result<Words, (Words, TemplateError)> {
        let built_in = || Words { title: clean::bounded(&message.title, TITLE_CHARS), body: None };
        self.rendered(message, built_in()).map_err(|error| (built_in(), error))
    }

    fn rendered(&self, message: &Message, mut words: Words) -> Result<Words, TemplateError> {
        if let Some(title) = &self.title {
            let rendered = title.render(message)?;
            let line: Vec<&str> = rendered.split_whitespace().collect();
            if line.is_empty() {
                // Slack takes no empty header, and a mail without a subject is read by nobody.
                let problem = "the title is empty".to_owned();
                return Err(TemplateError { key: title.key, line: None, problem });
            }
            words.title = clean::bounded(&line.join(" "), TITLE_CHARS);
        }
        if let Some(body) = &self.body {
            let lines: Vec<_> = body.render(message)?.lines().map(clean::owned).collect();
            words.body = Some(lines.join("\n"));
        }
        Ok(words)
    }
}

impl TemplateText {
    /// A template, by its key and its text.
    ///
    /// # Errors
    /// When its syntax is wrong.
    pub fn parse(key: &'static str, source: impl Into<String>) -> Result<Self, TemplateError> {
        let template = Self { key, source: source.into() };
        environment().template_from_named_str(key, &template.source).map_err(|error| template.error(&error))?;
        Ok(template)
    }

    /// What it makes of a message.
    ///
    /// # Errors
    /// When it names what is not there, or takes too much.
    pub fn render(&self, message: &Message) -> Result<String, TemplateError> {
        let environment = environment();
        let rendered = environment.render_named_str(self.key, &self.source, Serde(message));
        match rendered {
            Ok(text) if text.len() <= MAX_BYTES => Ok(text),
            Ok(_) => {
                Err(TemplateError { key: self.key, line: None, problem: "the text is longer than 64 KiB".to_owned() })
            }
            Err(error) => Err(self.error(&error)),
        }
    }

    fn error(&self, error: &minijinja::Error) -> TemplateError {
        let problem = match error.detail() {
            Some(detail) => format!("{}: {detail}", error.kind()),
            None => error.kind().to_string(),
        };
        TemplateError { key: self.key, line: error.line(), problem: clean::bounded(&problem, PROBLEM_CHARS) }
    }
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // So that a mistake says which variable it is, also in a release.
    environment.set_debug(true);
    // Each transport escapes as it needs.
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    environment
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "template {}", self.key)?;
        if let Some(line) = self.line {
            write!(f, ", its line {line}")?;
        }
        write!(f, ": {}", self.problem)
    }
}

impl std::error::Error for TemplateError {}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::deliver::plain::tests::message;

    fn text(source: &str) -> TemplateText {
        TemplateText::parse("body", source).unwrap()
    }

    fn problem(source: &str) -> String {
        match TemplateText::parse("body", source) {
            Ok(text) => text.render(&message()).unwrap_err().to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn every_documented_variable_is_there() {
        let document = include_str!("../../../docs/delivery.md");
        let (_, table) = document.split_once("these variables:").unwrap();
        let names: Vec<_> = table.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`')).collect();
        assert_eq!(names.len(), 18);
        for (name, _) in &names {
            let source = format!("{{% for item in items %}}{{{{ {name} }}}}{{% endfor %}}");
            assert!(text(&source).render(&message()).is_ok(), "{name}");
        }
        let json: serde_json::Value = serde_json::from_str(&message().to_json()).unwrap();
        let of = |value: &serde_json::Value| value.as_object().unwrap().len();
        assert_eq!(
            names.len(),
            of(&json) - 1 + of(&json["items"][0]),
            "schema is no variable, and nothing else is missing"
        );
    }

    #[test]
    fn the_documented_example_reads_well() {
        let document = include_str!("../../../docs/delivery.md");
        let (_, example) = document.split_once("[route.template]\ntitle = \"").unwrap();
        let (title, rest) = example.split_once("\"\nbody = \"\"\"\n").unwrap();
        let (body, _) = rest.split_once("\"\"\"").unwrap();
        let template = Template { title: Some(text(title)), body: Some(text(body)) };
        let words = template.words(&message()).unwrap();
        assert_eq!(words.title, "[web-1] CRITICAL: Escalated: High disk usage");
        assert_eq!(
            words.body.unwrap(),
            "CRITICAL /mnt/<b>&\"x\"</b>: /mnt/<!channel> is 97% full *now*\n\
             WARNING cpu: \n\n\
             Runbook: https://wiki.example.org/alerts"
        );
    }

    #[test]
    fn a_mistake_is_told_with_its_line() {
        for (source, expected) in [
            ("a\n{{ hostname }}", "template body, its line 2: undefined value: `hostname` is undefined"),
            ("a\n\n{{ title | shout }}", "template body, its line 3: unknown filter: filter shout is unknown"),
            ("{{ items[7].title }}", "template body, its line 1: undefined value"),
            ("{% for x in items %}", "template body, its line 1: syntax error: unexpected end of input"),
            ("{% include 'other' %}", "template body, its line 1: syntax error: unknown statement include"),
        ] {
            assert!(problem(source).starts_with(expected), "{source}: {}", problem(source));
        }
    }

    #[test]
    fn what_takes_too_much_is_ended() {
        for (source, expected) in [
            ("{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}", "ran out of fuel"),
            ("{{ 'x' * 70000 }}", "the text is longer than 64 KiB"),
            ("{% macro f(n) %}{{ f(n) }}{% endmacro %}{{ f(1) }}", "recursion limit"),
        ] {
            assert!(problem(source).contains(expected), "{source}: {}", problem(source));
        }
        let many = Message { items: vec![message().items[0].clone(); 500], ..message() };
        assert!(
            text("{% for item in items %}{{ item.level | upper }} {{ item.title }}\n{% endfor %}")
                .render(&many)
                .is_ok()
        );
    }

    #[test]
    fn words_are_clean_and_a_title_is_one_line() {
        let template = Template {
            title: Some(text(" a\n\n {{ 'b\\u001b[31m' }} ")),
            body: Some(text("a\r\n\tb {{ '\\u202e' }}\n")),
        };
        let words = template.words(&message()).unwrap();
        assert_eq!(words.title, "a b\\u{1b}[31m");
        assert_eq!(words.body.unwrap(), "a\n\\u{9}b \\u{202e}");
        let long = Template { title: Some(text("{{ 'x' * 1000 }}")), body: None };
        assert_eq!(long.words(&message()).unwrap().title.chars().count(), TITLE_CHARS);
    }

    #[test]
    fn what_fails_leaves_the_built_in_words() {
        let template = Template { title: Some(text("fine")), body: Some(text("{{ nothing }}")) };
        let (words, error) = template.words(&message()).unwrap_err();
        assert_eq!(words, Words { title: message().title, body: None });
        assert_eq!((error.key, error.line), ("body", Some(1)));
    }

    #[test]
    fn a_title_of_nothing_is_none() {
        for source in ["{% if is_test %}test{% endif %}", " \n{{ '\t' }} "] {
            let template = Template { title: Some(text(source)), body: None };
            let (words, error) = template.words(&message()).unwrap_err();
            assert_eq!(words.title, message().title);
            assert!(error.to_string().ends_with(": the title is empty"), "{error}");
        }
    }
}
