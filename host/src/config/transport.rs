//! How one `[[route]]` sends: one table of a transport, and `[route.template]`.

use std::path::Path;

use lettre::message::Mailbox;

use super::paths::absolute;
use super::secret::{Surroundings, guarded, secret};
use super::section::Section;
use super::smtp::Smtp;
use super::{ConfigError, Origin, Sourced};
use crate::deliver::{
    Body, Command, Desktop, Email, Guarded, OWN_HEADERS, Outlet, Slack, Stdout, Template, TemplateError, TemplateText,
    Transport, Webhook,
};
use crate::http::{self, Url};
use crate::tls::Trust;

/// The keys of a `[[route]]` that are read here.
pub(super) const TRANSPORT_KEYS: [&str; 7] = ["email", "slack", "webhook", "command", "desktop", "stdout", "template"];

/// Headers that are of the request itself.
const HEADERS_OF_HTTP: [&str; 4] = ["Host", "Content-Length", "Transfer-Encoding", "Connection"];
/// Headers that hold nothing but secrets.
const SECRET_HEADERS: [&str; 3] = ["Authorization", "Proxy-Authorization", "Cookie"];

/// The tables of which a route has one.
const TABLES: &str = "email, slack, webhook, command, desktop or stdout";

/// How a route sends, by its section; `origin` is its heading's.
pub(super) fn outlet(
    route: &Section<'_>,
    origin: &Origin,
    smtp: Option<&Smtp>,
    around: &Surroundings<'_>,
) -> Result<Outlet, ConfigError> {
    let mut transports = [
        email(route, smtp)?.map(Transport::Email),
        slack(route, around)?.map(Transport::Slack),
        webhook(route, around)?.map(Transport::Webhook),
        command(route, around)?.map(Transport::Command),
        route.section("desktop", &[])?.map(|_| Transport::Desktop(Desktop {})),
        route.section("stdout", &[])?.map(|_| Transport::Stdout(Stdout {})),
    ]
    .into_iter()
    .flatten();
    let (Some(transport), None) = (transports.next(), transports.next()) else {
        let problem = format!("a [[route]] has exactly one of the tables {TABLES}");
        return Err(ConfigError::line(origin.clone(), problem));
    };
    if matches!(transport, Transport::Webhook(_) | Transport::Command(_)) && route.has("template") {
        let name = transport.name();
        let why = format!("a route with {name} has no template: it gets JSON");
        let hint = if name == "webhook" { ", or the text of route.webhook.body" } else { "" };
        return Err(ConfigError::line(origin.clone(), why + hint));
    }
    Ok(Outlet { transport, template: template(route)? })
}

fn email(route: &Section<'_>, smtp: Option<&Smtp>) -> Result<Option<Email>, ConfigError> {
    let Some(table) = route.section("email", &["to", "from"])? else { return Ok(None) };
    let allowed = "a list of addresses, such as \"ops@example.org\" or \"Ops <ops@example.org>\"";
    let to = table.texts("to", allowed, |text| text.parse::<Mailbox>().is_ok())?;
    let to: Vec<Mailbox> = to.iter().flatten().filter_map(|text| text.parse().ok()).collect();
    if to.is_empty() {
        return Err(table.missing("to", "[\"ops@example.org\"]"));
    }
    let Some(smtp) = smtp else { return Err(table.missing_beside("[smtp]", "the relay that takes the mail")) };
    let Some(from) = mailbox(&table, "from")?.map(|from| from.value).or_else(|| smtp.from.clone()) else {
        return Err(table.missing("from", "\"checkpost@example.org\", here or under [smtp]"));
    };
    Ok(Some(Email { relay: smtp.relay.clone(), from, to }))
}

fn slack(route: &Section<'_>, around: &Surroundings<'_>) -> Result<Option<Slack>, ConfigError> {
    let keys = ["url", "ca_file", "accept_invalid_certificates"];
    let Some(table) = route.section("slack", &keys)? else { return Ok(None) };
    match secret(&table, "url", around)? {
        Some(url) => Ok(Some(Slack { url: url.value, trust: trust(&table, around)? })),
        None => Err(table.missing("url", "{ env = \"SLACK_URL\" }")),
    }
}

fn webhook(route: &Section<'_>, around: &Surroundings<'_>) -> Result<Option<Webhook>, ConfigError> {
    let keys = ["url", "headers", "hmac_secret", "body", "content_type", "ca_file", "accept_invalid_certificates"];
    let Some(table) = route.section("webhook", &keys)? else { return Ok(None) };
    let Some(url) = url(&table, "url", around)? else {
        return Err(table.missing("url", "\"https://example.org/alerts\" or { env = \"WEBHOOK_URL\" }"));
    };
    let headers = headers(&table, around)?;
    if let Guarded::Plain(text) = &url.value
        && headers.iter().any(|(_, value)| matches!(value, Guarded::Secret(_)))
        && Url::parse(text).is_ok_and(|url| !url.is_private())
    {
        let problem = "the secrets of route.webhook.headers would cross the network for everyone to read: \
                       route.webhook.url must begin with https://";
        return Err(ConfigError::line(url.origin, problem));
    }
    let content_type = table.text("content_type")?;
    let body = match (template_text(&table, "body")?, content_type) {
        (None, None) => None,
        (None, Some(content_type)) => {
            let problem = "route.webhook.content_type is that of a body: without one JSON is sent";
            return Err(ConfigError::line(content_type.origin, problem));
        }
        (Some(_), Some(content_type)) if !http::is_header_value(&content_type.value) => {
            let problem = "route.webhook.content_type must be one line of text, such as \"text/plain\"";
            return Err(ConfigError::line(content_type.origin, problem));
        }
        (Some(text), content_type) => {
            let content_type = content_type.map_or_else(|| "text/plain; charset=utf-8".to_owned(), |t| t.value);
            Some(Body { text, content_type })
        }
    };
    Ok(Some(Webhook {
        url: url.value,
        headers,
        hmac_secret: secret(&table, "hmac_secret", around)?.map(|secret| secret.value),
        body,
        trust: trust(&table, around)?,
    }))
}

fn headers(webhook: &Section<'_>, around: &Surroundings<'_>) -> Result<Vec<(String, Guarded)>, ConfigError> {
    let Some(table) = webhook.open_section("headers")? else { return Ok(Vec::new()) };
    table.keys().map(|Sourced { value: name, origin }| header(&table, name, origin, around)).collect()
}

fn header(
    table: &Section<'_>,
    name: String,
    origin: Origin,
    around: &Surroundings<'_>,
) -> Result<(String, Guarded), ConfigError> {
    let is_one_of = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(&name));
    if !http::is_header_name(&name) {
        return Err(ConfigError::line(origin, format!("{} is no name of a header", table.key(&name))));
    }
    if is_one_of(&OWN_HEADERS) || is_one_of(&HEADERS_OF_HTTP) {
        return Err(ConfigError::line(origin, format!("{} is set by checkpost", table.key(&name))));
    }
    let value = if is_one_of(&SECRET_HEADERS) {
        secret(table, &name, around)?.map(|secret| Guarded::Secret(secret.value))
    } else {
        guarded(table, &name, around)?.map(|value| value.value)
    };
    match value {
        Some(Guarded::Plain(text)) if !http::is_header_value(&text) => {
            Err(ConfigError::line(origin, format!("{} must be one line of text", table.key(&name))))
        }
        Some(value) => Ok((name, value)),
        None => Err(table.missing(&name, "\"text\"")),
    }
}

fn command(route: &Section<'_>, around: &Surroundings<'_>) -> Result<Option<Command>, ConfigError> {
    let Some(table) = route.section("command", &["argv"])? else { return Ok(None) };
    let allowed = "a list of a program and its arguments, such as [\"/usr/local/bin/page\", \"--to\", \"ops\"]";
    // Arguments may be secret.
    let argv = table.texts_hidden("argv", allowed, |text| !text.contains('\0'))?.unwrap_or_default();
    if argv.first().is_none_or(String::is_empty) {
        return Err(table.missing("argv", "[\"/usr/local/bin/page\"]"));
    }
    Ok(Some(Command { argv, directory: around.base_dir.to_owned() }))
}

fn template(route: &Section<'_>) -> Result<Template, ConfigError> {
    let Some(table) = route.section("template", &["title", "body"])? else { return Ok(Template::default()) };
    Ok(Template { title: template_text(&table, "title")?, body: template_text(&table, "body")? })
}

fn template_text(table: &Section<'_>, key: &'static str) -> Result<Option<TemplateText>, ConfigError> {
    let Some(Sourced { value, origin }) = table.text(key)? else { return Ok(None) };
    let parsed = TemplateText::parse(key, value);
    parsed.map(Some).map_err(|TemplateError { line, problem, .. }| {
        let line = line.map(|line| format!(", its line {line}")).unwrap_or_default();
        ConfigError::line(origin, format!("{}{line}: {problem}", table.key(key)))
    })
}

/// An address that may be a secret. One that stands in the file is looked at now.
pub(super) fn url(
    table: &Section<'_>,
    key: &str,
    around: &Surroundings<'_>,
) -> Result<Option<Sourced<Guarded>>, ConfigError> {
    let Some(Sourced { value, origin }) = guarded(table, key, around)? else { return Ok(None) };
    match &value {
        Guarded::Plain(text) => match Url::parse(text) {
            Ok(_) => Ok(Some(Sourced::new(value, origin))),
            Err(why) => Err(ConfigError::line(origin, format!("{}: {why}", table.key(key)))),
        },
        Guarded::Secret(_) => Ok(Some(Sourced::new(value, origin))),
    }
}

/// Whose certificates are believed: `ca_file` and `accept_invalid_certificates` of a table.
pub(super) fn trust(table: &Section<'_>, around: &Surroundings<'_>) -> Result<Trust, ConfigError> {
    Ok(Trust {
        ca_file: table.text("ca_file")?.map(|file| absolute(around.base_dir, Path::new(&file.value))),
        accept_invalid_certificates: table.flag("accept_invalid_certificates", false)?,
    })
}

/// One address of mail.
pub(super) fn mailbox(table: &Section<'_>, key: &str) -> Result<Option<Sourced<Mailbox>>, ConfigError> {
    let allowed = "an address, such as \"checkpost@example.org\" or \"checkpost <checkpost@example.org>\"";
    table.read(key, allowed, |value| value.as_str()?.parse().ok())
}
