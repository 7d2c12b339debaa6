//! Mail, by way of a relay.

use std::fmt;
use std::time::{Duration, Instant};

use lettre::message::Mailbox;

use super::{Message, Secret, SendError, Words};
use crate::tls::Trust;

/// From whom, to whom, and by way of which relay.
#[derive(Clone, Debug)]
pub struct Email {
    /// The relay.
    pub relay: Relay,
    /// Who sends it.
    pub from: Mailbox,
    /// Who gets it: one mail to all of them. At least one.
    pub to: Vec<Mailbox>,
}

/// A server that takes mail.
#[derive(Clone, Debug)]
pub struct Relay {
    /// Its name or address, which its certificate must be for.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// Who may listen.
    pub encryption: Encryption,
    /// As whom; with a password.
    pub login: Option<(String, Secret)>,
    /// Whose certificates are believed.
    pub trust: Trust,
    /// How long one mail may take, within the deadline.
    pub timeout: Duration,
}

/// Who may listen on the way to a relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// Nobody: the connection becomes TLS before anything is said, or is given up.
    StartTls,
    /// Nobody: it is TLS from the start.
    Implicit,
    /// Whoever is in between.
    None,
}

impl Email {
    pub(super) fn send(&self, _message: &Message, _words: &Words, _deadline: Instant) -> Result<(), SendError> {
        Err(SendError::route("mail is not sent yet"))
    }

    pub(super) fn check(&self) -> Vec<String> {
        Vec::new()
    }
}

/// `ops@example.org by mail.example.org:587`
impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let to: Vec<_> = self.to.iter().map(|to| to.email.to_string()).collect();
        write!(f, "{} by {}:{}", to.join(", "), self.relay.server, self.relay.port)
    }
}
