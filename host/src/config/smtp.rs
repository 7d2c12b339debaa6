//! `[smtp]`: the relay that all routes with mail share.

use std::time::Duration;

use lettre::Address;
use lettre::message::Mailbox;

use super::secret::{Surroundings, secret};
use super::section::Section;
use super::transport::{mailbox, trust};
use super::{ConfigError, parse_duration};
use crate::deliver::{Encryption, Relay};
use crate::http;

/// What `[smtp]` says.
pub(super) struct Smtp {
    pub(super) relay: Relay,
    /// Who sends, where a route says nothing else.
    pub(super) from: Option<Mailbox>,
}

const KEYS: [&str; 9] =
    ["server", "port", "tls", "username", "password", "from", "ca_file", "accept_invalid_certificates", "timeout"];

const USUAL_TIMEOUT: Duration = Duration::from_secs(30);

pub(super) fn smtp(root: &Section<'_>, around: &Surroundings<'_>) -> Result<Option<Smtp>, ConfigError> {
    let Some(table) = root.section("smtp", &KEYS)? else { return Ok(None) };
    let server = table.read("server", "the name or the address of a server", |value| {
        let server = value.as_str()?;
        is_host(server).then(|| server.to_owned())
    })?;
    let Some(server) = server else { return Err(table.missing("server", "\"mail.example.org\"")) };
    let encryptions =
        [("starttls", Encryption::StartTls), ("implicit", Encryption::Implicit), ("none", Encryption::None)];
    let encryption = table.choice("tls", &encryptions)?.unwrap_or(Encryption::StartTls);
    let usual_port = match encryption {
        Encryption::StartTls => 587,
        Encryption::Implicit => 465,
        Encryption::None => 25,
    };
    let login = match (table.text("username")?, secret(&table, "password", around)?) {
        (None, None) => None,
        (Some(username), Some(password)) => {
            if encryption == Encryption::None && !http::is_loopback(&server.value) {
                let problem = "smtp.password would cross the network for everyone to read: tls must be \"starttls\" or \"implicit\"";
                return Err(ConfigError::line(password.origin, problem));
            }
            Some((username.value, password.value))
        }
        (Some(username), None) => {
            return Err(ConfigError::line(username.origin, "smtp.username needs a smtp.password beside it"));
        }
        (None, Some(password)) => {
            return Err(ConfigError::line(password.origin, "smtp.password needs a smtp.username beside it"));
        }
    };
    let timeout = table.read("timeout", "a length of time such as \"30s\"", |value| {
        parse_duration(value.as_str()?).ok().filter(|timeout| !timeout.is_zero())
    })?;
    let relay = Relay {
        server: server.value,
        port: table.whole("port", 1..=65_535, usual_port)?,
        encryption,
        login,
        trust: trust(&table, around)?,
        timeout: timeout.map_or(USUAL_TIMEOUT, |timeout| timeout.value),
    };
    Ok(Some(Smtp { relay, from: mailbox(&table, "from")?.map(|from| from.value) }))
}

/// A name, or an address without brackets.
fn is_host(text: &str) -> bool {
    text.parse::<std::net::IpAddr>().is_ok() || Address::new("x", text).is_ok() && !text.starts_with('[')
}
