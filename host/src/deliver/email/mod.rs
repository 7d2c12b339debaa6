//! Mail, by way of a relay: `compose` makes it, `page` its HTML, `session` hands it over.

mod compose;
mod page;
mod session;

use std::fmt;
use std::sync::mpsc;
use std::thread;
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
    pub(super) fn send(&self, message: &Message, words: &Words, deadline: Instant) -> Result<(), SendError> {
        let mail = compose::compose(self, message, words)?;
        let until = deadline.min(Instant::now() + self.relay.timeout);
        let session = session::Session::prepare(&self.relay, message, until)?;
        let (sender, outcome) = mpsc::channel();
        // In a thread of its own, because neither looking up a name nor a server that answers a byte a second ends by
        // itself. What is given up may still go out: then the next attempt is the same message with the same key.
        let hand_over = move || session.hand_over(&mail, |outcome| drop(sender.send(outcome)));
        let started = thread::Builder::new().name("smtp".to_owned()).spawn(hand_over);
        started.map_err(|error| SendError::route(format!("cannot start a thread: {error}")))?;
        match outcome.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(Ok(refusals)) => {
                if !refusals.is_empty() {
                    // It is out. Once more would be twice for the others.
                    tracing::warn!(route = %message.route, key = %message.key, "mail went out, but not to {refusals}");
                }
                Ok(())
            }
            Ok(Err(error)) => Err(error),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                Err(SendError::route(format!("no answer in time from {}", self.relay)))
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                Err(SendError::route(format!("sending by {} failed unexpectedly", self.relay)))
            }
        }
    }

    pub(super) fn check(&self) -> Vec<String> {
        let password = self.relay.login.as_ref().map(|(_, password)| password.read());
        password.and_then(Result::err).into_iter().chain(session::trusted(&self.relay).err()).collect()
    }
}

/// `ops@example.org by mail.example.org:587`
impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let to: Vec<_> = self.to.iter().map(|to| to.email.to_string()).collect();
        write!(f, "{} by {}", to.join(", "), self.relay)
    }
}

/// `mail.example.org:587`
impl fmt::Display for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.server, self.port)
    }
}
