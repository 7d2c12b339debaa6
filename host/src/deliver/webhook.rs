//! A request to any address, with JSON or with a body of one's own.

use std::fmt;
use std::time::Instant;

use super::template::TemplateText;
use super::{Guarded, Message, Secret, SendError};
use crate::tls::Trust;

/// A request for each message.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// Where to.
    pub url: Guarded,
    /// Headers beside the usual ones.
    pub headers: Vec<(String, Guarded)>,
    /// What it is signed with.
    pub hmac_secret: Option<Secret>,
    /// What is sent instead of the message as JSON.
    pub body: Option<Body>,
    /// Whose certificates are believed.
    pub trust: Trust,
}

/// A body of one's own.
#[derive(Clone, Debug)]
pub struct Body {
    /// The text.
    pub text: TemplateText,
    /// What it is: `text/plain`.
    pub content_type: String,
}

impl Webhook {
    pub(super) fn send(&self, _message: &Message, _deadline: Instant) -> Result<(), SendError> {
        Err(SendError::route("nothing is sent yet"))
    }

    pub(super) fn check(&self) -> Vec<String> {
        Vec::new()
    }
}

impl fmt::Display for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.url)
    }
}
