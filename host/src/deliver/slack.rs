//! Slack's incoming webhooks, and those of what understands the same.

use std::fmt;
use std::time::Instant;

use super::{Message, Secret, SendError, Words};
use crate::tls::Trust;

/// An incoming webhook.
#[derive(Clone, Debug)]
pub struct Slack {
    /// Its address, which is all that it takes to write there.
    pub url: Secret,
    /// Whose certificates are believed.
    pub trust: Trust,
}

impl Slack {
    pub(super) fn send(&self, _message: &Message, _words: &Words, _deadline: Instant) -> Result<(), SendError> {
        Err(SendError::route("nothing is sent yet"))
    }

    pub(super) fn check(&self) -> Vec<String> {
        Vec::new()
    }
}

/// `https://hooks.slack.com/…`
impl fmt::Display for Slack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.url)
    }
}
