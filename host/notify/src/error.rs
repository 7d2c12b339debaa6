//! Why a message was not sent, and whether other messages of the route can still be sent.

use std::time::Duration;

use checkpost_model::clean;

use crate::http::Response;

/// Why a message was not sent: one clean line. Secrets must be removed from the text before the error is made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct SendError {
    /// What is affected.
    pub scope: Scope,
    /// The wait that the server asks for.
    pub retry_after: Option<Duration>,
    /// What failed, and why.
    pub text: String,
}

/// What an error affects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All messages of the route: none of them can be sent now.
    Route,
    /// Only this message: others may still be sent.
    Message,
}

/// Characters of an error.
const TEXT_CHARS: usize = 500;

impl SendError {
    /// An error of the whole route.
    pub(crate) fn route(text: impl AsRef<str>) -> Self {
        Self::new(Scope::Route, text)
    }

    /// An error of this message only.
    pub fn message(text: impl AsRef<str>) -> Self {
        Self::new(Scope::Message, text)
    }

    fn new(scope: Scope, text: impl AsRef<str>) -> Self {
        Self { scope, retry_after: None, text: clean::bounded(text.as_ref(), TEXT_CHARS) }
    }

    /// The error that an HTTP response from `server` means; `None` if the message was accepted.
    pub(crate) fn from_response(server: &str, response: &Response) -> Option<Self> {
        let Response { status, retry_after, text } = response;
        let reason = if text.is_empty() { String::new() } else { format!(": {text}") };
        let (scope, text) = match status {
            200..=299 => return None,
            300..=399 => (Scope::Route, format!("{server} answered {status}: redirects are not followed")),
            // The URL or the credentials are wrong, or the server is overloaded: every message would fail.
            401 | 403 | 404 | 407 | 408 | 410 | 425 | 429 | 500.. => {
                (Scope::Route, format!("{server} answered {status}{reason}"))
            }
            _ => (Scope::Message, format!("{server} answered {status}{reason}")),
        };
        Some(Self { retry_after: *retry_after, ..Self::new(scope, text) })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn response(status: u16, text: &str) -> Response {
        Response { status, retry_after: None, text: text.to_owned() }
    }

    #[test]
    fn status_decides_between_message_and_route() {
        for status in [301, 307, 401, 403, 404, 408, 410, 429, 500, 502, 503, 599] {
            assert_eq!(SendError::from_response("x", &response(status, "")).unwrap().scope, Scope::Route, "{status}");
        }
        for status in [400, 405, 413, 415, 422] {
            assert_eq!(SendError::from_response("x", &response(status, "")).unwrap().scope, Scope::Message, "{status}");
        }
        for status in [200, 201, 202, 204] {
            assert_eq!(SendError::from_response("x", &response(status, "no")), None, "{status}");
        }
    }

    #[test]
    fn error_quotes_the_response_except_for_redirects() {
        let error = SendError::from_response("https://example.org/…", &response(400, "invalid_blocks")).unwrap();
        assert_eq!(error.to_string(), "https://example.org/… answered 400: invalid_blocks");
        let error = SendError::from_response("https://example.org/…", &response(302, "moved to /hunter2")).unwrap();
        assert_eq!(error.to_string(), "https://example.org/… answered 302: redirects are not followed");
    }

    #[test]
    fn error_has_the_retry_after_of_the_response() {
        let busy = Response { status: 429, retry_after: Some(Duration::from_secs(30)), text: String::new() };
        assert_eq!(SendError::from_response("x", &busy).unwrap().retry_after, Some(Duration::from_secs(30)));
    }

    #[test]
    fn error_is_one_bounded_line() {
        let error = SendError::route(format!("a\nb {}", "x".repeat(1_000)));
        assert!(error.text.starts_with("a\\u{a}b xxx"), "{error}");
        assert!(error.text.chars().count() <= TEXT_CHARS);
    }
}
