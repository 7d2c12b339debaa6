//! A request to any URL, with the message as JSON or with a custom body.

use std::fmt;
use std::time::Instant;

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;

use checkpost_alerting::route::Message;

use crate::SendError;
use crate::http::{Method, Request, Url};
use crate::post::{UNENCRYPTED_SECRET, post};
use crate::secret::{Guarded, Secret};
use crate::template::TemplateText;
use crate::test_message::message_variants;
use crate::tls::Trust;

/// A request for each message.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// The destination.
    pub url: Guarded,
    /// Headers in addition to the usual ones.
    pub headers: Vec<(String, Guarded)>,
    /// The key with which requests are signed.
    pub hmac_secret: Option<Secret>,
    /// The body; `None`: the message as JSON.
    pub body: Option<Body>,
    /// The certificates that the server may present.
    pub trust: Trust,
}

/// A custom body.
#[derive(Clone, Debug)]
pub struct Body {
    /// The text.
    pub text: TemplateText,
    /// Its media type: `text/plain`.
    pub content_type: String,
}

/// The headers that checkpost sets. The configuration must not set them.
pub const RESERVED_HEADERS: [&str; 3] = ["Content-Type", "Idempotency-Key", "X-Checkpost-Signature"];

impl Webhook {
    pub(crate) fn send(&self, message: &Message, deadline: Instant) -> Result<(), SendError> {
        let url = self.parsed_url().map_err(SendError::route)?;
        let (content_type, body) = self.body(message);
        let [content_type_name, key_name, signature_name] = RESERVED_HEADERS.map(str::to_owned);
        let mut headers = vec![(content_type_name, content_type), (key_name, header_value(&message.key))];
        let mut secrets = Vec::new();
        if let Some(secret) = &self.hmac_secret {
            let secret = secret.read().map_err(SendError::route)?;
            headers.push((signature_name, signature(&secret, Timestamp::now().as_second(), body.as_bytes())));
            secrets.push(secret);
        }
        for (name, value) in &self.headers {
            let text = value.read().map_err(SendError::route)?;
            if value.is_secret() {
                secrets.push(text.clone());
            }
            headers.push((name.clone(), text));
        }
        let (method, body, trust) = (Method::Post, body.into_bytes(), self.trust.clone());
        let request = Request { url, method, headers, body, trust, secrets };
        post(&request, self.url.is_secret(), deadline)
    }

    /// The media type and the body. A failing template does not stop the message: it is sent as JSON.
    fn body(&self, message: &Message) -> (String, String) {
        let json = || ("application/json".to_owned(), message.to_json());
        let Some(Body { text, content_type }) = &self.body else { return json() };
        match text.render(message) {
            Ok(text) => (content_type.clone(), text),
            Err(error) => {
                tracing::warn!(route = %message.route, %error, "template failed; sending the message as JSON");
                json()
            }
        }
    }

    fn parsed_url(&self) -> Result<Url, String> {
        let place = match &self.url {
            Guarded::Plain(_) => "url".to_owned(),
            Guarded::Secret(secret) => secret.to_string(),
        };
        let url = Url::parse(&self.url.read()?).map_err(|problem| format!("{place}: {problem}"))?;
        // The key of the signature does not count: it is not sent.
        let has_secrets = self.url.is_secret() || self.headers.iter().any(|(_, value)| value.is_secret());
        if has_secrets && !url.is_safe_for_secrets() {
            return Err(format!("{place}: {UNENCRYPTED_SECRET}"));
        }
        Ok(url)
    }

    pub(crate) fn check(&self) -> Vec<String> {
        let secrets = self.headers.iter().map(|(_, value)| value.read());
        let secrets = secrets.chain(self.hmac_secret.as_ref().map(Secret::read));
        let mut problems: Vec<_> = self.parsed_url().err().into_iter().chain(secrets.filter_map(Result::err)).collect();
        problems.extend(self.trust.pem().err());
        if let Some(Body { text, .. }) = &self.body {
            let failure = message_variants().find_map(|message| text.render(&message).err());
            problems.extend(failure.map(|error| error.to_string()));
        }
        problems
    }
}

/// A key as the value of a header.
fn header_value(key: &str) -> String {
    key.chars().map(|c| if c.is_ascii_graphic() { c } else { '_' }).collect()
}

/// `t=1763996400,v1=…`: the HMAC-SHA-256 of the time, a dot and the body. The time is signed so that servers can refuse
/// a recorded request that is sent again later.
fn signature(secret: &str, unix_seconds: i64, body: &[u8]) -> String {
    // HMAC accepts keys of any length, so this never fails.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(format!("{unix_seconds}.").as_bytes());
    mac.update(body);
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={unix_seconds},v1={hex}")
}

/// `https://example.org/…`
impl fmt::Display for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.parsed_url(), &self.url) {
            (Ok(url), _) => write!(f, "{url}"),
            (Err(_), Guarded::Secret(secret)) => write!(f, "{secret}"),
            (Err(_), Guarded::Plain(_)) => write!(f, "…"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::message;

    #[test]
    fn message_without_a_custom_body_is_json_of_version_1() {
        let url = Guarded::Plain("https://example.org/".to_owned());
        let webhook = Webhook { url, headers: Vec::new(), hmac_secret: None, body: None, trust: Trust::default() };
        let mut message = message();
        message.items.truncate(1);
        let expected = concat!(
            r#"{"schema":"checkpost.message/1","key":"k-1","route":"ops","host":"web-1","level":"critical","#,
            r#""title":"CRITICAL web-1: High disk usage, and 1 more","#,
            r#""items":[{"id":12,"time":"2025-11-24T15:00:00Z","level":"critical","previous_level":"warning","#,
            r#""kind":"escalated","channel":"system_monitoring","owner":"alice","check":"disk","#,
            r#""subject":"/mnt/<b>&\"x\"</b>","title":"Escalated: High disk usage","#,
            r#""message":"/mnt/<!channel> is 97% full *now*"}],"is_test":false}"#,
        );
        assert_eq!(webhook.body(&message), ("application/json".to_owned(), expected.to_owned()));
    }

    #[test]
    fn signature_covers_time_and_body() {
        // printf '%s' '1763996400.{"a":1}' | openssl dgst -sha256 -hmac hunter2
        assert_eq!(
            signature("hunter2", 1_763_996_400, br#"{"a":1}"#),
            "t=1763996400,v1=11c825cd2ef76ce319a042beb02e8305a47f4e0c3ee67c19e176d6dc4d36fb04"
        );
    }

    #[test]
    fn key_is_one_word_in_a_header() {
        assert_eq!(header_value("01J/ops-1 é\r\n"), "01J/ops-1____");
    }
}
