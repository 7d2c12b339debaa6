//! A message as an email: headers, a plain part and an HTML part. The library encodes the headers, so no name in a
//! message can add one.

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};

use checkpost_alerting::alert::Notification;
use checkpost_alerting::route::Message;
use checkpost_model::check::Status;
use checkpost_model::digest::sha256_hex;

use super::page;
use crate::template::Content;
use crate::{SendError, plain};

/// Characters of a key that is part of the `Message-ID` as it is.
const KEY_CHARS: usize = 100;
/// Hexadecimal digits of a digest in an identifier.
const DIGEST_CHARS: usize = 32;

/// The email.
pub(super) fn compose(
    from: &Mailbox,
    to: &[Mailbox],
    message: &Message,
    content: &Content,
) -> Result<lettre::Message, SendError> {
    let domain = from.email.domain();
    let mut builder = lettre::Message::builder()
        .from(from.clone())
        .subject(content.title.clone())
        .message_id(Some(format!("<checkpost.{}@{domain}>", key_id(&message.key))))
        .user_agent(concat!("checkpost/", env!("CARGO_PKG_VERSION")).to_owned())
        .raw_header(header("Auto-Submitted", "auto-generated"))
        .raw_header(header("X-Checkpost-Key", &message.key))
        .raw_header(header("X-Checkpost-Route", &message.route))
        .raw_header(header("X-Checkpost-Host", &message.host))
        .raw_header(header("X-Checkpost-Level", message.level.level()));
    for recipient in to {
        builder = builder.to(recipient.clone());
    }
    // All emails about one alert, from its start to its end, are one thread.
    if let [item] = message.items.as_slice() {
        builder = builder.references(format!("<alert.{}@{domain}>", thread_id(&message.host, &item.value)));
    }
    if message.level == Status::Critical {
        builder = builder.raw_header(header("Importance", "high"));
    }
    let cannot = |error: &dyn std::fmt::Display| SendError::message(format!("cannot compose the email: {error}"));
    let page = page::page(message, content).map_err(|error| cannot(&error))?;
    builder
        .multipart(
            MultiPart::alternative()
                .singlepart(SinglePart::plain(text(message, content)))
                .singlepart(SinglePart::html(page)),
        )
        .map_err(|error| cannot(&error))
}

/// The plain part.
fn text(message: &Message, content: &Content) -> String {
    let text = content.body.clone().unwrap_or_else(|| plain::items(message));
    // Two dashes and a space begin a signature, which mail programs do not quote in replies.
    format!("{}\n\n-- \n{}\n", text.trim_end(), plain::footer(message))
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// A key as part of the `Message-ID`: unchanged where that is allowed, else its digest.
fn key_id(key: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let is_allowed = !key.is_empty() && key.len() <= KEY_CHARS && key.chars().all(is_plain);
    if is_allowed { key.to_owned() } else { short_digest(key) }
}

/// The identifier of an alert.
fn thread_id(host: &str, notification: &Notification) -> String {
    short_digest(&[host, &notification.check, &notification.subject].join("\n"))
}

fn short_digest(text: &str) -> String {
    sha256_hex(text.as_bytes()).chars().take(DIGEST_CHARS).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::Template;
    use crate::fixture::message;

    fn email(message: &Message) -> String {
        let from = "checkpost <checkpost@example.org>".parse().unwrap();
        let to = ["Ops <ops@example.org>", "alice@example.org"].map(|to| to.parse().unwrap());
        let content = Template::default().render(message).unwrap();
        String::from_utf8(compose(&from, &to, message, &content).unwrap().formatted()).unwrap()
    }

    /// The headers, folded ones on one line.
    fn headers(email: &str) -> Vec<String> {
        let (headers, _) = email.split_once("\r\n\r\n").unwrap();
        headers.replace("\r\n ", " ").split("\r\n").map(str::to_owned).collect()
    }

    fn has(email: &str, header: &str) -> bool {
        headers(email).iter().any(|line| line == header)
    }

    #[test]
    fn email_has_headers_and_two_parts() {
        let email = email(&message());
        for header in [
            "From: checkpost <checkpost@example.org>",
            "To: Ops <ops@example.org>, alice@example.org",
            "Subject: CRITICAL web-1: High disk usage, and 1 more",
            "Message-ID: <checkpost.k-1@example.org>",
            "X-Checkpost-Key: k-1",
            "X-Checkpost-Level: CRITICAL",
            "Auto-Submitted: auto-generated",
            "Importance: high",
            "MIME-Version: 1.0",
        ] {
            assert!(has(&email, header), "{header}: {email}");
        }
        assert!(headers(&email).iter().any(|line| line.starts_with("Content-Type: multipart/alternative;")), "{email}");
        assert!(
            email.contains("Content-Type: text/plain; charset=utf-8")
                && email.contains("Content-Type: text/html; charset=utf-8")
        );
        assert!(email.is_ascii(), "a relay need not have 8BITMIME");
        assert!(email.split("\r\n").all(|line| line.len() <= 998), "no line is too long for SMTP");
    }

    #[test]
    fn line_breaks_in_a_name_add_no_header() {
        // Texts of a message are clean; the email does not rely on that.
        let evil = "/mnt/x\r\nBcc: evil@example.org\r\n\r\n<html>\n.\r\n";
        let mut message = message();
        message.title = format!("CRITICAL web-1: {evil}");
        (message.key, message.route, message.host) = (evil.to_owned(), evil.to_owned(), evil.to_owned());
        message.items.truncate(1);
        message.items[0].value.subject = evil.to_owned();
        let email = email(&message);
        let clean_headers = headers(&self::email(&{
            let mut clean = self::message();
            clean.items.truncate(1);
            clean
        }));
        let names = |headers: &[String]| {
            headers.iter().map(|line| line.split(':').next().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names(&headers(&email)), names(&clean_headers), "{email}");
        assert!(!email.contains("\nBcc") && email.is_ascii(), "{email}");
    }

    #[test]
    fn emails_about_one_alert_are_one_thread() {
        let mut message = message();
        let references =
            |message: &Message| headers(&email(message)).into_iter().find(|line| line.starts_with("References: "));
        assert_eq!(references(&message), None);
        message.items.truncate(1);
        let raised = references(&message).unwrap();
        (message.items[0].id, message.items[0].value.level, message.key) = (99, Status::Ok, "k-2".to_owned());
        assert_eq!(references(&message).unwrap(), raised);
        message.items[0].value.subject = "/home".to_owned();
        assert_ne!(references(&message).unwrap(), raised);
    }

    #[test]
    fn key_with_other_characters_becomes_a_digest() {
        assert_eq!(key_id("a-b_c.1"), "a-b_c.1");
        let digest = key_id("a b@c");
        assert!(digest.len() == 32 && digest.chars().all(|c| c.is_ascii_hexdigit()), "{digest}");
        assert_ne!(digest, key_id("a b@d"));
    }
}
