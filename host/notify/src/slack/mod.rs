//! Slack's incoming webhooks, and those of compatible services.

mod blocks;

use std::fmt;
use std::time::Instant;

use checkpost_alerting::route::Message;

use crate::SendError;
use crate::http::{Method, Request, Url};
use crate::post::{UNENCRYPTED_SECRET, post};
use crate::secret::Secret;
use crate::template::Content;
use crate::tls::Trust;

/// An incoming webhook.
#[derive(Clone, Debug)]
pub struct Slack {
    /// Its URL, which is enough to post to the channel.
    pub url: Secret,
    /// The certificates that the server may present.
    pub trust: Trust,
}

impl Slack {
    pub(crate) fn send(&self, message: &Message, content: &Content, deadline: Instant) -> Result<(), SendError> {
        let url = self.parsed_url().map_err(SendError::route)?;
        let request = Request {
            method: Method::Post,
            headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
            body: blocks::payload(message, content).to_string().into_bytes(),
            trust: self.trust.clone(),
            secrets: Vec::new(),
            url,
        };
        post(&request, true, deadline)
    }

    fn parsed_url(&self) -> Result<Url, String> {
        let url = Url::parse(&self.url.read()?).map_err(|problem| format!("{}: {problem}", self.url))?;
        if !url.is_safe_for_secrets() {
            return Err(format!("{}: {UNENCRYPTED_SECRET}", self.url));
        }
        Ok(url)
    }

    pub(crate) fn check(&self) -> Vec<String> {
        self.parsed_url().err().into_iter().chain(self.trust.pem().err()).collect()
    }
}

/// `https://hooks.slack.com/…`, or the place of the URL if it cannot be read.
impl fmt::Display for Slack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.parsed_url() {
            Ok(url) => write!(f, "{url}"),
            Err(_) => write!(f, "{}", self.url),
        }
    }
}
