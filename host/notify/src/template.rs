//! Titles and bodies of messages from an operator's Jinja templates. They are texts for people; programs get JSON.

use std::fmt;

use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;

use checkpost_alerting::alert::{Notification, Stored};
use checkpost_alerting::route::Message;
use checkpost_model::check::Status;
use checkpost_model::clean;

use crate::plain;

/// The text of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    /// One clean line.
    pub(crate) title: String,
    /// Any number of clean lines; `None`: the built-in form of each transport.
    pub(crate) body: Option<String>,
}

/// An operator's replacement for the built-in title and body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    /// The title; `None`: the title of the message.
    pub title: Option<TemplateText>,
    /// The body; `None`: the built-in body.
    pub body: Option<TemplateText>,
}

/// One template whose syntax is valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateText {
    key: &'static str,
    source: String,
}

/// A mistake in a template, or in the text that it made of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// The key of the template: `title`.
    key: &'static str,
    /// The line of the template, from 1.
    pub line: Option<usize>,
    /// The mistake, on one clean line.
    pub problem: String,
}

/// The variables of a template: the message, with the notifications that there is room for.
#[derive(Serialize)]
struct Context<'a> {
    key: &'a str,
    route: &'a str,
    host: &'a str,
    level: Status,
    title: &'a str,
    items: Vec<&'a Stored<Notification>>,
    is_test: bool,
    /// How many notifications are left out, by instance: `998 more of aaa`; empty if none are.
    omitted: &'a str,
}

/// Notifications of a message whose template exceeds a limit with more of them.
const FEW_ITEMS: usize = 10;
/// Instructions of one rendering. A template that loops over fifty notifications needs a tenth.
const FUEL: u64 = 200_000;
/// Bytes of a rendered text.
const MAX_BYTES: usize = 64 << 10;
/// Characters of a problem.
const PROBLEM_CHARS: usize = 300;
/// Characters of a title.
const TITLE_CHARS: usize = 200;

impl Template {
    /// The text of a message.
    ///
    /// # Errors
    /// The mistake, together with the built-in text.
    pub(crate) fn render(&self, message: &Message) -> Result<Content, (Content, TemplateError)> {
        let built_in = || Content { title: clean::bounded(&message.title, TITLE_CHARS), body: None };
        self.fill(built_in(), message).map_err(|error| (built_in(), error))
    }

    fn fill(&self, mut content: Content, message: &Message) -> Result<Content, TemplateError> {
        if let Some(title) = &self.title {
            let rendered = title.render(message)?;
            let line: Vec<&str> = rendered.split_whitespace().collect();
            if line.is_empty() {
                // Slack refuses an empty header, and nobody reads an email without a subject.
                let problem = "the title is empty".to_owned();
                return Err(TemplateError { key: title.key, line: None, problem });
            }
            content.title = clean::bounded(&line.join(" "), TITLE_CHARS);
        }
        if let Some(body) = &self.body {
            let lines: Vec<_> = body.render(message)?.lines().map(clean::owned).collect();
            content.body = Some(lines.join("\n"));
        }
        Ok(content)
    }
}

impl TemplateText {
    /// Parses the template of a key.
    ///
    /// # Errors
    /// When its syntax is invalid.
    pub fn parse(key: &'static str, source: impl Into<String>) -> Result<Self, TemplateError> {
        let template = Self { key, source: source.into() };
        environment().template_from_named_str(key, &template.source).map_err(|error| template.error(&error))?;
        Ok(template)
    }

    /// Renders the template for a message, with as many of its notifications as it has the means for.
    ///
    /// # Errors
    /// When it uses an undefined variable or exceeds a limit.
    pub(crate) fn render(&self, message: &Message) -> Result<String, TemplateError> {
        self.render_with(message, plain::MAX_ITEMS).or_else(|error| match message.items.len() > FEW_ITEMS {
            true => self.render_with(message, FEW_ITEMS),
            false => Err(error),
        })
    }

    fn render_with(&self, message: &Message, room: usize) -> Result<String, TemplateError> {
        let crowd = message.crowd(room);
        let Message { key, route, host, level, title, items: _, is_test } = message;
        let context = Context {
            key,
            route,
            host,
            level: *level,
            title,
            items: crowd.shown.iter().map(|position| &message.items[*position]).collect(),
            is_test: *is_test,
            omitted: &crowd.omission().unwrap_or_default(),
        };
        let rendered = environment().render_named_str(self.key, &self.source, Serde(context));
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
    // Errors name the undefined variable in release builds, too.
    environment.set_debug(true);
    // Each transport has its own escaping.
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    environment
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "template {}", self.key)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        write!(f, ": {}", self.problem)
    }
}

impl std::error::Error for TemplateError {}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::fixture::message;

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
    fn template_has_the_notifications_that_there_is_room_for() {
        let mut message = message();
        let cpu = message.items.pop().unwrap();
        message.items = vec![message.items[0].clone(); 1_000];
        message.items.push(cpu);
        let rendered = |source: &str| TemplateText::parse("body", source).unwrap().render(&message).unwrap();
        let short = "{{ items | length }} {{ items[99].check }}, {{ omitted }}";
        assert_eq!(rendered(short), "100 cpu, 901 more of disk");
        // With a hundred notifications the text would be too long.
        let long =
            "{% for item in items %}{{ item.check }} {% for _ in range(1000) %}.{% endfor %}{% endfor %}{{ omitted }}";
        let text = rendered(long);
        assert!(text.contains("cpu ....") && text.ends_with("991 more of disk"), "{}", text.len());
    }

    #[test]
    fn documented_variables_are_those_of_the_json() {
        let document = include_str!("../../../docs/reference/delivery.md");
        let (_, table) = document.split_once("these variables:").unwrap();
        let names: Vec<_> = table.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`')).collect();
        assert_eq!(names.len(), 19);
        for (name, _) in &names {
            let source = format!("{{% for item in items %}}{{{{ {name} }}}}{{% endfor %}}");
            assert!(text(&source).render(&message()).is_ok(), "{name}");
        }
        let json: serde_json::Value = serde_json::from_str(&message().to_json()).unwrap();
        let fields = |value: &serde_json::Value| value.as_object().unwrap().len();
        // `schema` is not a variable, and `omitted` is not in the JSON, which is complete.
        assert_eq!(names.len(), fields(&json) + fields(&json["items"][0]));
    }

    #[test]
    fn whole_item_has_its_fields_in_the_order_of_the_json() {
        let rendered = text("{{ items[0] | tojson }} {% for key in items[0] %}{{ key }} {% endfor %}");
        let rendered = rendered.render(&message()).unwrap();
        let order = "id time level previous_level kind channel owner check subject title message ";
        assert!(rendered.ends_with(order), "{rendered}");
        assert!(rendered.starts_with("{\"id\": 12, \"time\": "), "{rendered}");
    }

    #[test]
    fn documented_example_renders() {
        let document = include_str!("../../../docs/reference/delivery.md");
        let (_, example) = document.split_once("[route.template]\ntitle = \"").unwrap();
        let (title, rest) = example.split_once("\"\nbody = \"\"\"\n").unwrap();
        let (body, _) = rest.split_once("\"\"\"").unwrap();
        let template = Template { title: Some(text(title)), body: Some(text(body)) };
        let content = template.render(&message()).unwrap();
        assert_eq!(content.title, "[web-1] CRITICAL: Escalated: High disk usage");
        assert_eq!(
            content.body.unwrap(),
            "CRITICAL /mnt/<b>&\"x\"</b>: /mnt/<!channel> is 97% full *now*\n\
             WARNING cpu: \n\n\
             Runbook: https://wiki.example.org/alerts"
        );
    }

    #[test]
    fn mistake_is_reported_with_its_line() {
        for (source, expected) in [
            ("a\n{{ hostname }}", "template body, line 2: undefined value: `hostname` is undefined"),
            ("a\n\n{{ title | shout }}", "template body, line 3: unknown filter: filter shout is unknown"),
            ("{{ items[7].title }}", "template body, line 1: undefined value"),
            ("{% for x in items %}", "template body, line 1: syntax error: unexpected end of input"),
            ("{% include 'other' %}", "template body, line 1: syntax error: unknown statement include"),
        ] {
            assert!(problem(source).starts_with(expected), "{source}: {}", problem(source));
        }
    }

    #[test]
    fn excessive_template_is_stopped() {
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
    fn rendered_text_is_clean_and_its_title_is_one_line() {
        let template = Template {
            title: Some(text(" a\n\n {{ 'b\\u001b[31m' }} ")),
            body: Some(text("a\r\n\tb {{ '\\u202e' }}\n")),
        };
        let content = template.render(&message()).unwrap();
        assert_eq!(content.title, "a b\\u{1b}[31m");
        assert_eq!(content.body.unwrap(), "a\n\\u{9}b \\u{202e}");
        let long = Template { title: Some(text("{{ 'x' * 1000 }}")), body: None };
        assert_eq!(long.render(&message()).unwrap().title.chars().count(), TITLE_CHARS);
    }

    #[test]
    fn failing_template_yields_the_built_in_text() {
        let template = Template { title: Some(text("fine")), body: Some(text("{{ nothing }}")) };
        let (content, error) = template.render(&message()).unwrap_err();
        assert_eq!(content, Content { title: message().title, body: None });
        assert_eq!((error.key, error.line), ("body", Some(1)));
    }

    #[test]
    fn empty_title_is_an_error() {
        for source in ["{% if is_test %}test{% endif %}", " \n{{ '\t' }} "] {
            let template = Template { title: Some(text(source)), body: None };
            let (content, error) = template.render(&message()).unwrap_err();
            assert_eq!(content.title, message().title);
            assert!(error.to_string().ends_with(": the title is empty"), "{error}");
        }
    }
}
