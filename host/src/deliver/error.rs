//! Why a message did not go out.

use std::time::Duration;

use crate::clean;
use crate::http::Answer;

/// Why a message did not go out. The text is one clean line without a secret: whoever makes one hides them first.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct SendError {
    /// Whom it concerns.
    pub scope: Scope,
    /// How long the other side asks to be left alone.
    pub retry_after: Option<Duration>,
    /// What failed, and why.
    pub text: String,
}

/// Whom an error concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everything that goes this way: nothing else of the route has a chance now.
    Route,
    /// This message: another one may go out.
    Message,
}

/// How many characters an error has.
const TEXT_CHARS: usize = 500;

impl SendError {
    /// An error that concerns everything that goes this way.
    pub fn route(text: impl AsRef<str>) -> Self {
        Self::new(Scope::Route, text)
    }

    /// An error that concerns this message.
    pub fn message(text: impl AsRef<str>) -> Self {
        Self::new(Scope::Message, text)
    }

    fn new(scope: Scope, text: impl AsRef<str>) -> Self {
        Self { scope, retry_after: None, text: clean::bounded(text.as_ref(), TEXT_CHARS) }
    }

    /// What an answer over HTTP means; `None` for one that took the message. `to` is who answered.
    pub(super) fn of_answer(to: &str, answer: &Answer) -> Option<Self> {
        let Answer { status, retry_after, text } = answer;
        let said = if text.is_empty() { String::new() } else { format!(": {text}") };
        let (scope, text) = match status {
            200..=299 => return None,
            300..=399 => (Scope::Route, format!("{to} answered {status}, a redirect, which is not followed")),
            // The address or what it takes to use it is wrong, or the server has no time.
            401 | 403 | 404 | 407 | 408 | 410 | 425 | 429 | 500.. => {
                (Scope::Route, format!("{to} answered {status}{said}"))
            }
            _ => (Scope::Message, format!("{to} answered {status}{said}")),
        };
        Some(Self { retry_after: *retry_after, ..Self::new(scope, text) })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn answer(status: u16, text: &str) -> Answer {
        Answer { status, retry_after: None, text: text.to_owned() }
    }

    #[test]
    fn an_answer_is_for_the_message_or_for_the_route() {
        for status in [301, 307, 401, 403, 404, 408, 410, 429, 500, 502, 503, 599] {
            assert_eq!(SendError::of_answer("x", &answer(status, "")).unwrap().scope, Scope::Route, "{status}");
        }
        for status in [400, 405, 413, 415, 422] {
            assert_eq!(SendError::of_answer("x", &answer(status, "")).unwrap().scope, Scope::Message, "{status}");
        }
        for status in [200, 201, 202, 204] {
            assert_eq!(SendError::of_answer("x", &answer(status, "no")), None, "{status}");
        }
    }

    #[test]
    fn an_error_says_what_was_answered() {
        let error = SendError::of_answer("https://example.org/…", &answer(400, "invalid_blocks")).unwrap();
        assert_eq!(error.to_string(), "https://example.org/… answered 400: invalid_blocks");
        let error = SendError::of_answer("https://example.org/…", &answer(302, "moved to /hunter2")).unwrap();
        assert_eq!(error.to_string(), "https://example.org/… answered 302, a redirect, which is not followed");
    }

    #[test]
    fn a_wait_that_was_asked_for_is_kept() {
        let busy = Answer { status: 429, retry_after: Some(Duration::from_secs(30)), text: String::new() };
        assert_eq!(SendError::of_answer("x", &busy).unwrap().retry_after, Some(Duration::from_secs(30)));
    }

    #[test]
    fn an_error_is_one_bounded_line() {
        let error = SendError::route(format!("a\nb {}", "x".repeat(1_000)));
        assert!(error.text.starts_with("a\\u{a}b xxx"), "{error}");
        assert!(error.text.chars().count() <= TEXT_CHARS);
    }
}
