//! Values as TOML text that is safe on a terminal and has no secrets.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use jiff::fmt::friendly::SpanPrinter;
use toml::Value;

use checkpost_model::check::SettingValue;
use checkpost_model::clean;

/// The replacement of a value that may be a secret.
const REDACTED: &str = "(redacted)";

/// A value on one line. All control characters are escaped, even those that TOML allows.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) if text.contains(clean::is_control) => escaped(text),
        Value::Array(items) => format!("[{}]", items.iter().map(text).collect::<Vec<_>>().join(", ")),
        Value::Table(entries) if entries.is_empty() => "{}".to_owned(),
        Value::Table(entries) => {
            let entry = |(key, value): (&String, &Value)| format!("{} = {}", key_text(key), text(value));
            format!("{{ {} }}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

/// A key, in quotes if it needs them.
pub(super) fn key_text(key: &str) -> String {
    let is_bare = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if is_bare { key.to_owned() } else { text(&Value::from(key)) }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::from('"');
    for character in text.chars() {
        // Writing to a string does not fail.
        let _ = match character {
            '"' | '\\' => write!(escaped, "\\{character}"),
            '\n' => write!(escaped, "\\n"),
            control if clean::is_control(control) => match u32::from(control) {
                short @ 0..=0xffff => write!(escaped, "\\u{short:04x}"),
                long => write!(escaped, "\\U{long:08x}"),
            },
            other => write!(escaped, "{other}"),
        };
    }
    escaped + "\""
}

/// The value of a key under a heading, without secrets: URLs, the headers and bodies of webhooks and the arguments of
/// commands are redacted. The name of a variable or the path of a file with a secret is shown.
pub(super) fn without_secrets(heading: &str, key: &str, value: &Value) -> Value {
    let is_under = |name: &str| heading.rsplit('.').next() == Some(name);
    match value {
        Value::Table(entries) if is_secret_place(entries) => value.clone(),
        Value::Table(entries) => {
            let entry = |(name, value): (&String, &Value)| (name.clone(), without_secrets(key, name, value));
            Value::Table(entries.iter().map(entry).collect())
        }
        Value::Array(argv) if key == "argv" => {
            let arguments = argv.iter().skip(1).map(|_| REDACTED.into());
            Value::Array(argv.iter().take(1).cloned().chain(arguments).collect())
        }
        // Some services expect their key in the body.
        _ if is_under("webhook") && key == "body" => REDACTED.into(),
        _ if is_under("headers") || SECRETS.contains(&key) => REDACTED.into(),
        other => other.clone(),
    }
}

/// Keys whose values are redacted.
const SECRETS: [&str; 4] = ["url", "password", "hmac_secret", "token"];

/// Whether a table is `{ env = "NAME" }` or `{ file = "PATH" }`.
fn is_secret_place(entries: &toml::Table) -> bool {
    let is_one = entries.len() == 1;
    is_one && ["env", "file"].iter().any(|place| entries.get(*place).is_some_and(Value::is_str))
}

/// A number, as an integer if it is one.
pub(super) fn number(number: f64) -> Value {
    /// Up to this number, a float holds every integer exactly.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() <= EXACT { Value::Integer(number as i64) } else { Value::Float(number) }
}

pub(super) fn setting(value: &SettingValue) -> Value {
    match value {
        SettingValue::Flag(flag) => (*flag).into(),
        SettingValue::Number(value) => number(*value),
        SettingValue::Text(text) => text.as_str().into(),
        SettingValue::Numbers(numbers) => Value::Array(numbers.iter().map(|value| number(*value)).collect()),
        SettingValue::Texts(texts) => list(texts),
    }
}

pub(super) fn list(texts: &[String]) -> Value {
    Value::Array(texts.iter().map(|text| text.as_str().into()).collect())
}

/// An integer. Configured numbers have limits below `i64::MAX`.
pub(super) fn integer(number: impl TryInto<i64>) -> Value {
    Value::Integer(number.try_into().unwrap_or(i64::MAX))
}

pub(super) fn path(path: &Path) -> Value {
    path.display().to_string().into()
}

/// A duration as people write it: `4h`, `2h 30m`.
pub(super) fn duration(duration: Duration) -> Value {
    SpanPrinter::new().unsigned_duration_to_string(&duration).into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// The text of a table under a heading.
    fn shown(heading: &str, toml: &str) -> String {
        let table: toml::Table = toml.parse().unwrap();
        let entry =
            |(key, value): (&String, &Value)| format!("{key} = {}\n", text(&without_secrets(heading, key, value)));
        table.iter().map(entry).collect()
    }

    #[test]
    fn secret_is_redacted_and_its_place_is_shown() {
        assert_eq!(shown("route.webhook", "url = \"https://h/hunter2\""), "url = \"(redacted)\"\n");
        assert_eq!(shown("route.webhook", "url = { env = \"HOOK\" }"), "url = { env = \"HOOK\" }\n");
        assert_eq!(
            shown("smtp", "password = { file = \"/p\" }\nport = 25"),
            "password = { file = \"/p\" }\nport = 25\n"
        );
        let headers = "{ A = \"hunter2\", B = { env = \"TOKEN\" } }";
        let expected = "{ A = \"(redacted)\", B = { env = \"TOKEN\" } }";
        assert_eq!(shown("route.webhook", &format!("headers = {headers}")), format!("headers = {expected}\n"));
        assert_eq!(shown("route.webhook.headers", "A = \"hunter2\""), "A = \"(redacted)\"\n");
        assert_eq!(
            shown("route", &format!("webhook = {{ headers = {headers} }}")),
            format!("webhook = {{ headers = {expected} }}\n")
        );
        assert_eq!(
            shown("route.command", "argv = [\"/bin/page\", \"hunter2\"]"),
            "argv = [\"/bin/page\", \"(redacted)\"]\n"
        );
        let body = "body = \"{ key: hunter2 }\"";
        assert_eq!(shown("route.webhook", body), "body = \"(redacted)\"\n");
        assert_eq!(shown("route", &format!("webhook = {{ {body} }}")), "webhook = { body = \"(redacted)\" }\n");
        assert_eq!(shown("route.template", "body = \"{{ title }}\""), "body = \"{{ title }}\"\n");
        // Not the place of a secret, although it looks like one.
        assert_eq!(shown("route.webhook", "url = { env = \"A\", x = 1 }"), "url = { env = \"A\", x = 1 }\n");
    }

    #[test]
    fn text_reads_back_as_it_was_written() {
        for written in ["", "a", "\"", "'", "a\\b", "\n\t\u{7f}", "\u{9b}\u{2028}\"\\'", "디스크 👩‍💻", "'''\"\"\""]
        {
            let shown = text(&Value::from(written));
            assert_eq!(shown.lines().count(), 1, "{shown}");
            let table: toml::Table = format!("value = {shown}\n{} = 1", key_text(written)).parse().unwrap();
            assert!(table["value"].as_str() == Some(written) && table.contains_key(written), "{shown}");
        }
    }

    #[test]
    fn number_without_a_fraction_is_written_as_an_integer() {
        for (value, expected) in
            [(90.0, "90"), (0.3, "0.3"), (-0.0, "0"), (9_007_199_254_740_992.0, "9007199254740992")]
        {
            assert_eq!(text(&number(value)), expected);
        }
        let huge = text(&number(-3e300)).parse::<Value>().unwrap();
        assert_eq!(huge.as_float(), Some(-3e300), "no whole number of TOML has this size");
    }
}
