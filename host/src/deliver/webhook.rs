//! A request to any address, with JSON or with a body of one's own.

use std::fmt;
use std::time::Instant;

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;

use super::slack::{IN_THE_OPEN, post};
use super::template::TemplateText;
use super::{Guarded, Message, Secret, SendError, sample};
use crate::http::{Method, Request, Url};
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

/// The headers that are made here; nobody else may give them.
pub const OWN_HEADERS: [&str; 3] = ["Content-Type", "Idempotency-Key", "X-Checkpost-Signature"];

impl Webhook {
    pub(super) fn send(&self, message: &Message, deadline: Instant) -> Result<(), SendError> {
        let url = self.address().map_err(SendError::route)?;
        let (content_type, body) = self.body(message);
        let [of_content, of_key, of_signature] = OWN_HEADERS.map(str::to_owned);
        let mut headers = vec![(of_content, content_type), (of_key, in_header(&message.key))];
        let mut secrets = Vec::new();
        if let Some(secret) = &self.hmac_secret {
            let secret = secret.read().map_err(SendError::route)?;
            headers.push((of_signature, signature(&secret, Timestamp::now().as_second(), body.as_bytes())));
            secrets.push(secret);
        }
        for (name, value) in &self.headers {
            let text = value.read().map_err(SendError::route)?;
            if matches!(value, Guarded::Secret(_)) {
                secrets.push(text.clone());
            }
            headers.push((name.clone(), text));
        }
        let (method, body, trust) = (Method::Post, body.into_bytes(), self.trust.clone());
        let request = Request { url, method, headers, body, trust, secrets };
        post(&request, matches!(self.url, Guarded::Secret(_)), deadline)
    }

    /// What it is, and the body.
    fn body(&self, message: &Message) -> (String, String) {
        let json = || ("application/json".to_owned(), message.to_json());
        let Some(Body { text, content_type }) = &self.body else { return json() };
        match text.render(message) {
            Ok(text) => (content_type.clone(), text),
            Err(error) => {
                tracing::warn!(route = %message.route, %error, "template failed, the message is sent as JSON");
                json()
            }
        }
    }

    fn address(&self) -> Result<Url, String> {
        let place = match &self.url {
            Guarded::Plain(_) => "url".to_owned(),
            Guarded::Secret(secret) => secret.to_string(),
        };
        let url = Url::parse(&self.url.read()?).map_err(|why| format!("{place}: {why}"))?;
        // What it is signed with does not go with it.
        let is_secret = |value: &Guarded| matches!(value, Guarded::Secret(_));
        let has_secrets = is_secret(&self.url) || self.headers.iter().any(|(_, value)| is_secret(value));
        if has_secrets && !url.is_private() { Err(format!("{place}: {IN_THE_OPEN}")) } else { Ok(url) }
    }

    pub(super) fn check(&self) -> Vec<String> {
        let secrets = self.headers.iter().map(|(_, value)| value.read());
        let secrets = secrets.chain(self.hmac_secret.as_ref().map(Secret::read));
        let mut problems: Vec<_> = self.address().err().into_iter().chain(secrets.filter_map(Result::err)).collect();
        problems.extend(self.trust.pem().err());
        if let Some(Body { text, .. }) = &self.body {
            let failure = sample::variants().find_map(|message| text.render(&message).err());
            problems.extend(failure.map(|error| error.to_string()));
        }
        problems
    }
}

/// A key as it may stand in a header.
fn in_header(key: &str) -> String {
    key.chars().map(|c| if c.is_ascii_graphic() { c } else { '_' }).collect()
}

/// `t=1763996400,v1=…`: the HMAC-SHA-256 of the time, a dot and the body. With the time in it, what was recorded once is
/// not good for ever.
fn signature(secret: &str, unix_seconds: i64, body: &[u8]) -> String {
    // A key of any length will do.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(format!("{unix_seconds}.").as_bytes());
    mac.update(body);
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={unix_seconds},v1={hex}")
}

/// `https://example.org/…`
impl fmt::Display for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.address(), &self.url) {
            (Ok(url), _) => write!(f, "{url}"),
            (Err(_), Guarded::Secret(secret)) => write!(f, "{secret}"),
            (Err(_), Guarded::Plain(_)) => write!(f, "…"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_time_and_body() {
        // printf '%s' '1763996400.{"a":1}' | openssl dgst -sha256 -hmac hunter2
        assert_eq!(
            signature("hunter2", 1_763_996_400, br#"{"a":1}"#),
            "t=1763996400,v1=11c825cd2ef76ce319a042beb02e8305a47f4e0c3ee67c19e176d6dc4d36fb04"
        );
    }

    #[test]
    fn a_key_is_one_word_in_a_header() {
        assert_eq!(in_header("01J/ops-1 é\r\n"), "01J/ops-1____");
    }
}
