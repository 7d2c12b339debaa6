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
            secrets: Vec::new(),
            url,
        };
        post(&request, true, deadline)
    }

    fn address(&self) -> Result<Url, String> {
        let url = Url::parse(&self.url.read()?).map_err(|why| format!("{}: {why}", self.url))?;
        if url.is_private() { Ok(url) } else { Err(format!("{}: {IN_THE_OPEN}", self.url)) }
    }

    pub(super) fn check(&self) -> Vec<String> {
        self.address().err().into_iter().chain(self.trust.pem().err()).collect()
    }
}

/// What is wrong with a secret on its way by plain HTTP to another machine.
pub(super) const IN_THE_OPEN: &str =
    "a secret would cross the network for everyone to read: the address must begin with https://";

/// What is told of the answer of a secret address: Slack's own words (`invalid_blocks`), and nothing else.
const WORD_BYTES: usize = 40;

/// Sends a request, and says what the answer means. Of one to an address that is a secret no more is told than a word,
/// since nobody knows in which form a server repeats it.
pub(super) fn post(request: &Request, is_secret: bool, deadline: Instant) -> Result<(), SendError> {
    let mut answer = http::send(request, deadline).map_err(|error| SendError::route(error.to_string()))?;
    if is_secret && !is_word(&answer.text) {
        answer.text.clear();
    }
    SendError::of_answer(&request.url.to_string(), &answer).map_or(Ok(()), Err)
}

fn is_word(text: &str) -> bool {
    text.len() <= WORD_BYTES && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
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
