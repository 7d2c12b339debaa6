//! Sending a message with one HTTP request, as Slack and webhooks do.

use std::time::Instant;

use crate::SendError;
use crate::http::{self, Request};

/// The problem of a URL over which a secret would be sent unencrypted.
pub(crate) const UNENCRYPTED_SECRET: &str = "the secret would be sent unencrypted: the URL must begin with https://";

/// Bytes of a response from a secret URL that may be shown: one word of Slack, such as `invalid_blocks`.
const WORD_BYTES: usize = 40;

/// Sends a request and turns its response into a result. If the URL is a secret, the text of the response is shown only
/// if it is a single word: a server may repeat the URL in a form that no redaction recognizes.
pub(crate) fn post(request: &Request, url_is_secret: bool, deadline: Instant) -> Result<(), SendError> {
    let mut response = http::send(request, deadline).map_err(|error| SendError::route(error.to_string()))?;
    if url_is_secret && !is_word(&response.text) {
        response.text.clear();
    }
    SendError::from_response(&request.url.to_string(), &response).map_or(Ok(()), Err)
}

fn is_word(text: &str) -> bool {
    text.len() <= WORD_BYTES && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}
