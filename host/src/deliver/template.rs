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
