//! Requests and responses.

use std::fmt;
use std::time::Duration;

use ureq::http::{HeaderName, HeaderValue};

use super::url::Url;
use crate::redact::redact;
use crate::tls::Trust;

/// A request.
#[derive(Clone)]
pub struct Request {
    /// The destination.
    pub url: Url,
    /// The method.
    pub method: Method,
    /// Headers in addition to the usual ones. Their values are not shown in errors.
    pub headers: Vec<(String, String)>,
    /// The body; empty with GET.
    pub body: Vec<u8>,
    /// The certificates that the server may present.
    pub trust: Trust,
    /// Secrets in headers and body. They are redacted in responses and errors, as the URL is.
    pub secrets: Vec<String>,
}

/// The method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Without a body.
    Get,
    /// With a body.
    Post,
}

/// A response of any status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status: 200, 429.
    pub status: u16,
    /// The wait that the server asks for.
    pub retry_after: Option<Duration>,
    /// The beginning of the body on one clean line, without the secrets of the request and parts of its URL.
    pub text: String,
}

impl Request {
    /// The text without the secrets of the request and without the path and the query of its URL.
    pub(super) fn redact(&self, text: &str) -> String {
        let mut secrets = self.url.secret_parts();
        secrets.extend(self.secrets.iter().cloned());
        redact(text, &secrets)
    }
}

/// Shows neither the values of headers nor the body nor the secrets.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        let mut shown = f.debug_struct("Request");
        shown.field("url", &self.url).field("method", &self.method).field("headers", &names);
        shown.field("trust", &self.trust).finish_non_exhaustive()
    }
}

/// Whether a text is valid as the name of a header.
pub fn is_header_name(text: &str) -> bool {
    HeaderName::from_bytes(text.as_bytes()).is_ok()
}

/// Whether a text is valid as the value of a header: one line.
pub fn is_header_value(text: &str) -> bool {
    HeaderValue::from_str(text).is_ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn url_is_redacted_whole_in_part_and_escaped() {
        let url = Url::parse("https://h.example/api/T0/hunter2-long?a=1&token=hunter2/value&c").unwrap();
        let secrets = vec!["pass\"word".to_owned()];
        let (method, trust) = (Method::Post, Trust::default());
        let request = Request { url, method, headers: Vec::new(), body: Vec::new(), trust, secrets };
        for (text, expected) in [
            ("no https://h.example/api/T0/hunter2-long?a=1&token=hunter2/value&c here", "no … here"),
            ("no /api/T0/hunter2-long?a=1&token=hunter2/value&c here", "no … here"),
            ("no /api/T0/hunter2-long here", "no … here"),
            (r#"{"path": "\/api\/T0\/hunter2-long?a=1&token=hunter2\/value&c"}"#, r#"{"path": "…"}"#),
            ("<p>/api/T0/hunter2-long?a=1&amp;token=hunter2/value&amp;c</p>", "<p>…</p>"),
            ("no hunter2-long and no hunter2/value", "no … and no …"),
            (r#"api pass"word pass\"word pass&quot;word"#, "api … … …"),
            ("no such api", "no such api"),
        ] {
            assert_eq!(request.redact(text), expected);
        }
        let short = Request { url: Url::parse("https://h.example/").unwrap(), secrets: Vec::new(), ..request };
        assert_eq!(short.redact("a / b"), "a / b");
    }
}
