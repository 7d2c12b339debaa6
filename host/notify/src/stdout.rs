//! Standard output, for trying out routes.

use std::io::Write;

use checkpost_alerting::route::Message;

use crate::template::Content;
use crate::{SendError, plain};

/// Standard output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stdout {}

impl Stdout {
    pub(crate) fn send(&self, message: &Message, content: &Content) -> Result<(), SendError> {
        let mut stdout = std::io::stdout().lock();
        let written = stdout.write_all(text(message, content).as_bytes()).and_then(|()| stdout.flush());
        written.map_err(|error| SendError::route(format!("cannot write to standard output: {error}")))
    }
}

fn text(message: &Message, content: &Content) -> String {
    let body = content.body.clone().unwrap_or_else(|| plain::items(message));
    format!("{}\n\n{}\n\n{}\n", content.title, body.trim_end(), plain::footer(message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::message;

    #[test]
    fn text_is_title_body_and_footer() {
        let content = Content { title: "a".to_owned(), body: Some("b\nc\n".to_owned()) };
        assert_eq!(text(&message(), &content), "a\n\nb\nc\n\ncheckpost on web-1, route ops, k-1\n");
        let built_in = Content { body: None, ..content };
        assert!(text(&message(), &built_in).starts_with("a\n\nCRITICAL Escalated: High disk usage\n"));
    }
}
