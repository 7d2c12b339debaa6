//! `[smtp]`: the relay of all email routes.

use std::time::Duration;

use lettre::Address;
use lettre::message::Mailbox;

use checkpost_notify::http;
use checkpost_notify::{Encryption, Relay};

use super::duration::parse_duration;
use super::endpoint::trust;
use super::error::ConfigError;
use super::origin::Sourced;
use super::secret::{Context, secret};
use super::section::Section;

/// `[smtp]`.
pub(super) struct Smtp {
    pub(super) relay: Relay,
    /// The sender of routes without their own.
    pub(super) from: Option<Mailbox>,
}

const KEYS: [&str; 9] =
    ["server", "port", "tls", "username", "password", "from", "ca_file", "accept_invalid_certificates", "timeout"];

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

pub(super) fn smtp(root: &Section<'_>, context: &Context<'_>) -> Result<Option<Smtp>, ConfigError> {
    let Some(table) = root.section("smtp", &KEYS)? else { return Ok(None) };
    let server = table.read("server", "a host name or an IP address", |value| {
        let server = value.as_str()?;
        is_host(server).then(|| server.to_owned())
    })?;
    let Some(server) = server else { return Err(table.missing("server", "\"mail.example.org\"")) };
    let encryptions =
        [("starttls", Encryption::StartTls), ("implicit", Encryption::Implicit), ("none", Encryption::None)];
    let encryption = table.choice("tls", &encryptions)?.unwrap_or(Encryption::StartTls);
    let default_port = match encryption {
        Encryption::StartTls => 587,
        Encryption::Implicit => 465,
        Encryption::None => 25,
    };
    let login = match (table.text("username")?, secret(&table, "password", context)?) {
        (None, None) => None,
        (Some(username), Some(password)) => {
            if encryption == Encryption::None && !http::is_loopback(&server.value) {
                let problem = "smtp.password would be sent unencrypted: tls must be \"starttls\" or \"implicit\"";
                return Err(ConfigError::line(password.origin, problem));
            }
            Some((username.value, password.value))
        }
        (Some(username), None) => {
            return Err(ConfigError::line(username.origin, "smtp.username needs smtp.password"));
        }
        (None, Some(password)) => {
            return Err(ConfigError::line(password.origin, "smtp.password needs smtp.username"));
        }
    };
    let timeout = table.read("timeout", "a duration such as \"30s\"", |value| {
        parse_duration(value.as_str()?).ok().filter(|timeout| !timeout.is_zero())
    })?;
    let relay = Relay {
        server: server.value,
        port: table.integer("port", 1..=65_535, default_port)?,
        encryption,
        login,
        trust: trust(&table, context)?,
        timeout: timeout.map_or(DEFAULT_TIMEOUT, |timeout| timeout.value),
    };
    Ok(Some(Smtp { relay, from: mailbox(&table, "from")?.map(|from| from.value) }))
}

/// Whether a text is a host name, or an IP address without brackets.
fn is_host(text: &str) -> bool {
    text.parse::<std::net::IpAddr>().is_ok() || Address::new("x", text).is_ok() && !text.starts_with('[')
}

/// One email address, with or without a display name.
pub(super) fn mailbox(table: &Section<'_>, key: &str) -> Result<Option<Sourced<Mailbox>>, ConfigError> {
    let allowed = "an address, such as \"checkpost@example.org\" or \"checkpost <checkpost@example.org>\"";
    table.read(key, allowed, |value| value.as_str()?.parse().ok())
}
