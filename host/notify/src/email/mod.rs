//! Email through a relay: [`compose`] makes headers and parts, [`page`] the HTML part, [`session`] speaks SMTP.

mod compose;
mod page;
mod relay;
mod session;

use std::fmt;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use lettre::message::Mailbox;

use checkpost_alerting::route::Message;

use crate::SendError;
use crate::template::Content;

pub use relay::{Encryption, Relay};

/// The sender, the recipients and the relay.
#[derive(Clone, Debug)]
pub struct Email {
    /// The relay.
    pub relay: Relay,
    /// The sender.
    pub from: Mailbox,
    /// The recipients of one email. At least one.
    pub to: Vec<Mailbox>,
}

impl Email {
    pub(crate) fn send(&self, message: &Message, content: &Content, deadline: Instant) -> Result<(), SendError> {
        let email = compose::compose(&self.from, &self.to, message, content)?;
        let deadline = deadline.min(Instant::now() + self.relay.timeout);
        let session = session::Session::prepare(&self.relay, &message.host, deadline)?;
        let (sender, outcome) = mpsc::channel();
        // In a thread of its own, because neither a name lookup nor a server that sends one byte a second ends by
        // itself. After a timeout the email may still be sent; the next attempt then has the same key.
        let hand_over = move || session.hand_over(&email, |outcome| drop(sender.send(outcome)));
        let started = thread::Builder::new().name("smtp".to_owned()).spawn(hand_over);
        started.map_err(|error| SendError::route(format!("cannot start a thread: {error}")))?;
        match outcome.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(Ok(refusals)) => {
                if !refusals.is_empty() {
                    // A success all the same: another attempt would reach the other recipients twice.
                    tracing::warn!(route = %message.route, key = %message.key, "email sent, but not to {refusals}");
                }
                Ok(())
            }
            Ok(Err(error)) => Err(error),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                Err(SendError::route(format!("timed out waiting for {}", self.relay)))
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                Err(SendError::route(format!("sending via {} failed unexpectedly", self.relay)))
            }
        }
    }

    pub(crate) fn check(&self) -> Vec<String> {
        let password = self.relay.login.as_ref().map(|(_, password)| password.read());
        password.and_then(Result::err).into_iter().chain(session::tls_parameters(&self.relay).err()).collect()
    }
}

/// `ops@example.org via mail.example.org:587`
impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let to: Vec<_> = self.to.iter().map(|to| to.email.to_string()).collect();
        write!(f, "{} via {}", to.join(", "), self.relay)
    }
}
