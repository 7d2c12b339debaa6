//! The tables of transports in a `[[route]]`, and `[route.template]`.

use lettre::message::Mailbox;

use checkpost_notify::http::{self, Url};
use checkpost_notify::secret::Guarded;
use checkpost_notify::{
    Body, Command, Desktop, Email, RESERVED_HEADERS, Receiver, Slack, Stdout, Template, TemplateError, TemplateText,
    Transport, Webhook,
};

use super::endpoint::{trust, url};
use super::error::ConfigError;
use super::origin::{Origin, Sourced};
use super::secret::{Context, guarded, secret};
use super::section::Section;
use super::smtp::{Smtp, mailbox};

/// The keys of a `[[route]]` that are read here.
pub(super) const TRANSPORT_KEYS: [&str; 7] = ["email", "slack", "webhook", "command", "desktop", "stdout", "template"];

/// Headers that the HTTP client sets.
const HEADERS_OF_HTTP: [&str; 4] = ["Host", "Content-Length", "Transfer-Encoding", "Connection"];
/// Headers that always hold a secret.
const SECRET_HEADERS: [&str; 3] = ["Authorization", "Proxy-Authorization", "Cookie"];

/// The tables of which a route has exactly one.
const TABLES: &str = "email, slack, webhook, command, desktop or stdout";

/// The receiver of a route. `origin` is the line of its heading.
pub(super) fn receiver(
    route: &Section<'_>,
    origin: &Origin,
    smtp: Option<&Smtp>,
    context: &Context<'_>,
) -> Result<Receiver, ConfigError> {
    let mut transports = [
        email(route, smtp)?.map(Transport::Email),
        slack(route, context)?.map(Transport::Slack),
        webhook(route, context)?.map(Transport::Webhook),
        command(route, context)?.map(Transport::Command),
        route.section("desktop", &[])?.map(|_| Transport::Desktop(Desktop {})),
        route.section("stdout", &[])?.map(|_| Transport::Stdout(Stdout {})),
    ]
    .into_iter()
    .flatten();
    let (Some(transport), None) = (transports.next(), transports.next()) else {
        let problem = format!("a [[route]] must have exactly one of the tables {TABLES}");
        return Err(ConfigError::line(origin.clone(), problem));
    };
    if matches!(transport, Transport::Webhook(_) | Transport::Command(_)) && route.has("template") {
        let name = transport.name();
        let hint = if name == "webhook" { ", or the text of route.webhook.body" } else { "" };
        let problem = format!("a {name} route cannot have a template: it sends JSON{hint}");
        return Err(ConfigError::line(origin.clone(), problem));
    }
    Ok(Receiver { transport, template: template(route)? })
}

fn email(route: &Section<'_>, smtp: Option<&Smtp>) -> Result<Option<Email>, ConfigError> {
    let Some(table) = route.section("email", &["to", "from"])? else { return Ok(None) };
    let allowed = "a list of addresses, such as \"ops@example.org\" or \"Ops <ops@example.org>\"";
    let to = table.text_list("to", allowed, |text| text.parse::<Mailbox>().is_ok())?;
    let to: Vec<Mailbox> = to.iter().flatten().filter_map(|text| text.parse().ok()).collect();
    if to.is_empty() {
        return Err(table.missing("to", "[\"ops@example.org\"]"));
    }
    let Some(smtp) = smtp else { return Err(table.missing_section("[smtp]", "the relay that takes the mail")) };
    let Some(from) = mailbox(&table, "from")?.map(|from| from.value).or_else(|| smtp.from.clone()) else {
        return Err(table.missing("from", "\"checkpost@example.org\", here or under [smtp]"));
    };
    Ok(Some(Email { relay: smtp.relay.clone(), from, to }))
}

fn slack(route: &Section<'_>, context: &Context<'_>) -> Result<Option<Slack>, ConfigError> {
    let keys = ["url", "ca_file", "accept_invalid_certificates"];
    let Some(table) = route.section("slack", &keys)? else { return Ok(None) };
    match secret(&table, "url", context)? {
        Some(url) => Ok(Some(Slack { url: url.value, trust: trust(&table, context)? })),
        None => Err(table.missing("url", "{ env = \"SLACK_URL\" }")),
    }
}

fn webhook(route: &Section<'_>, context: &Context<'_>) -> Result<Option<Webhook>, ConfigError> {
    let keys = ["url", "headers", "hmac_secret", "body", "content_type", "ca_file", "accept_invalid_certificates"];
    let Some(table) = route.section("webhook", &keys)? else { return Ok(None) };
    let Some(url) = url(&table, "url", context)? else {
        return Err(table.missing("url", "\"https://example.org/alerts\" or { env = \"WEBHOOK_URL\" }"));
    };
    let headers = headers(&table, context)?;
    if let Guarded::Plain(text) = &url.value
        && headers.iter().any(|(_, value)| value.is_secret())
        && Url::parse(text).is_ok_and(|url| !url.is_safe_for_secrets())
    {
        let problem = "the secrets in route.webhook.headers would be sent unencrypted: route.webhook.url must begin with \
                       https://";
        return Err(ConfigError::line(url.origin, problem));
    }
    let body = body(&table)?;
    Ok(Some(Webhook {
        url: url.value,
        headers,
        hmac_secret: secret(&table, "hmac_secret", context)?.map(|secret| secret.value),
        body,
        trust: trust(&table, context)?,
    }))
}

fn body(webhook: &Section<'_>) -> Result<Option<Body>, ConfigError> {
    let content_type = webhook.text("content_type")?;
    match (template_text(webhook, "body")?, content_type) {
        (None, None) => Ok(None),
        (None, Some(content_type)) => {
            let problem = "route.webhook.content_type needs route.webhook.body: a webhook without a body sends JSON";
            Err(ConfigError::line(content_type.origin, problem))
        }
        (Some(_), Some(content_type)) if !http::is_header_value(&content_type.value) => {
            let problem = "route.webhook.content_type must be one line of text, such as \"text/plain\"";
            Err(ConfigError::line(content_type.origin, problem))
        }
        (Some(text), content_type) => {
            let content_type = content_type.map_or_else(|| "text/plain; charset=utf-8".to_owned(), |t| t.value);
            Ok(Some(Body { text, content_type }))
        }
    }
}

fn headers(webhook: &Section<'_>, context: &Context<'_>) -> Result<Vec<(String, Guarded)>, ConfigError> {
    let Some(table) = webhook.open_section("headers")? else { return Ok(Vec::new()) };
    table.keys().map(|Sourced { value: name, origin }| header(&table, name, origin, context)).collect()
}

fn header(
    table: &Section<'_>,
    name: String,
    origin: Origin,
    context: &Context<'_>,
) -> Result<(String, Guarded), ConfigError> {
    let is_one_of = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(&name));
    if !http::is_header_name(&name) {
        return Err(ConfigError::line(origin, format!("{} is not a valid header name", table.key(&name))));
    }
    if is_one_of(&RESERVED_HEADERS) || is_one_of(&HEADERS_OF_HTTP) {
        return Err(ConfigError::line(origin, format!("{} is set by checkpost", table.key(&name))));
    }
    let value = if is_one_of(&SECRET_HEADERS) {
        secret(table, &name, context)?.map(|secret| Guarded::Secret(secret.value))
    } else {
        guarded(table, &name, context)?.map(|value| value.value)
    };
    match value {
        Some(Guarded::Plain(text)) if !http::is_header_value(&text) => {
            Err(ConfigError::line(origin, format!("{} must be one line of text", table.key(&name))))
        }
        Some(value) => Ok((name, value)),
        None => Err(table.missing(&name, "\"text\"")),
    }
}

fn command(route: &Section<'_>, context: &Context<'_>) -> Result<Option<Command>, ConfigError> {
    let Some(table) = route.section("command", &["argv"])? else { return Ok(None) };
    let allowed = "a list of a program and its arguments, such as [\"/usr/local/bin/page\", \"--to\", \"ops\"]";
    // Arguments may be secrets.
    let argv = table.text_list_hidden("argv", allowed, |text| !text.contains('\0'))?.unwrap_or_default();
    if argv.first().is_none_or(String::is_empty) {
        return Err(table.missing("argv", "[\"/usr/local/bin/page\"]"));
    }
    Ok(Some(Command { argv, directory: context.base_dir.to_owned() }))
}

fn template(route: &Section<'_>) -> Result<Template, ConfigError> {
    let Some(table) = route.section("template", &["title", "body"])? else { return Ok(Template::default()) };
    Ok(Template { title: template_text(&table, "title")?, body: template_text(&table, "body")? })
}

fn template_text(table: &Section<'_>, key: &'static str) -> Result<Option<TemplateText>, ConfigError> {
    let Some(Sourced { value, origin }) = table.text(key)? else { return Ok(None) };
    let parsed = TemplateText::parse(key, value);
    parsed.map(Some).map_err(|TemplateError { line, problem, .. }| {
        let line = line.map(|line| format!(", line {line}")).unwrap_or_default();
        ConfigError::line(origin, format!("{}{line}: {problem}", table.key(key)))
    })
}
