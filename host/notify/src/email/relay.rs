//! The mail server that takes emails.

use std::fmt;
use std::time::Duration;

use crate::secret::Secret;
use crate::tls::Trust;

/// A mail server that takes emails, from the section `[smtp]`.
#[derive(Clone, Debug)]
pub struct Relay {
    /// Its name or address, which its certificate must be for.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// When the connection is encrypted.
    pub encryption: Encryption,
    /// The user and the password.
    pub login: Option<(String, Secret)>,
    /// The certificates that the relay may present.
    pub trust: Trust,
    /// The longest time that one email may take; the deadline may be earlier.
    pub timeout: Duration,
}

/// When the connection to a relay is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// Before the login and the email; without STARTTLS nothing is sent.
    StartTls,
    /// From the start.
    Implicit,
    /// Never.
    None,
}

/// `mail.example.org:587`
impl fmt::Display for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.server, self.port)
    }
}
