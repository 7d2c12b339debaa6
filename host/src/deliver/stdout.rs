//! Standard output, for trying.

use std::io::Write;

use super::{Message, SendError, Words, plain};

/// Standard output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stdout {}

impl Stdout {
    pub(super) fn send(&self, message: &Message, words: &Words) -> Result<(), SendError> {
        let mut stdout = std::io::stdout().lock();
        let written = stdout.write_all(text(message, words).as_bytes()).and_then(|()| stdout.flush());
        written.map_err(|error| SendError::route(format!("cannot write to standard output: {error}")))
    }
}

fn text(message: &Message, words: &Words) -> String {
    let body = words.body.clone().unwrap_or_else(|| plain::items(message));
    format!("{}\n\n{}\n\n{}\n", words.title, body.trim_end(), plain::footer(message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deliver::plain::tests::message;

    #[test]
    fn a_message_is_title_body_and_footer() {
        let words = Words { title: "a".to_owned(), body: Some("b\nc\n".to_owned()) };
        assert_eq!(text(&message(), &words), "a\n\nb\nc\n\ncheckpost on web-1, route ops, k-1\n");
        let built_in = Words { body: None, ..words };
        assert!(text(&message(), &built_in).starts_with("a\n\nCRITICAL Escalated: High disk usage\n"));
    }
}
