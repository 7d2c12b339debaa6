//! Slack's incoming webhooks, and those of what understands the same.

mod blocks;

use std::fmt;
use std::time::Instant;

use super::{Message, Secret, SendError, Words};
use crate::http::{self, Method, Request, Url};
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
    pub(super) fn send(&self, message: &Message, words: &Words, deadline: Instant) -> Result<(), SendError> {
        let url = self.address().map_err(SendError::route)?;
        let request = Request {
            method: Method::Post,
            headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
            body: blocks::payload(message, words).to_string().into_bytes(),
            trust: self.trust.clone(),
            url,
        };
        post(&request, &[], deadline)
    }

    fn address(&self) -> Result<Url, String> {
        Url::parse(&self.url.read()?).map_err(|why| format!("{}: {why}", self.url))
    }

    pub(super) fn check(&self) -> Vec<String> {
        self.address().err().into_iter().chain(self.trust.pem().err()).collect()
    }
}

/// Sends a request, and says what the answer means. What must not be shown is the address and `secrets`.
pub(super) fn post(request: &Request, secrets: &[&str], deadline: Instant) -> Result<(), SendError> {
    let sent = match http::send(request, deadline) {
        Ok(answer) => SendError::of_answer(&request.url.to_string(), &answer).map_or(Ok(()), Err),
        Err(error) => Err(SendError::route(error.to_string())),
    };
    // Servers repeat what they were sent, as a whole or from the path on.
    let (whole, path) = (request.url.as_str(), request.url.path_and_query());
    let hidden: Vec<&str> = [whole.as_str(), path].into_iter().chain(secrets.iter().copied()).collect();
    // A path as short as `/` says nothing, and is part of much.
    let hidden: Vec<&str> = hidden.into_iter().filter(|text| text.len() > 3).collect();
    sent.map_err(|error| error.without(&hidden))
}

/// Where its address is.
impl fmt::Display for Slack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address() {
            Ok(url) => write!(f, "{url}"),
            Err(_) => write!(f, "{}", self.url),
        }
    }
}
