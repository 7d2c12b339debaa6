//! A message as a mail: headers and two parts. Headers are encoded by the library, which breaks no line for a name.

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{MultiPart, SinglePart};

use super::{Email, page};
use crate::check::Status;
use crate::deliver::{Item, Message, SendError, Words, plain};
use crate::digest::sha256_hex;

/// The mail.
pub(super) fn compose(email: &Email, message: &Message, words: &Words) -> Result<lettre::Message, SendError> {
    let domain = email.from.email.domain();
    let mut builder = lettre::Message::builder()
        .from(email.from.clone())
        .subject(words.title.clone())
        .message_id(Some(format!("<checkpost.{}@{domain}>", in_id(&message.key))))
        .user_agent(concat!("checkpost/", env!("CARGO_PKG_VERSION")).to_owned())
        .raw_header(header("Auto-Submitted", "auto-generated"))
        .raw_header(header("X-Checkpost-Key", &message.key))
        .raw_header(header("X-Checkpost-Route", &message.route))
        .raw_header(header("X-Checkpost-Host", &message.host))
        .raw_header(header("X-Checkpost-Level", message.level.level()));
    for to in &email.to {
        builder = builder.to(to.clone());
    }
    // What is told of one alert is one thread, from its raise to its end.
    if let [item] = message.items.as_slice() {
        builder = builder.references(format!("<alert.{}@{domain}>", thread(message, item)));
    }
    if message.level == Status::Critical {
        builder = builder.raw_header(header("Importance", "high"));
    }
    let cannot = |error: &dyn std::fmt::Display| SendError::message(format!("cannot write the mail: {error}"));
    let page = page::page(message, words).map_err(|error| cannot(&error))?;
    builder
        .multipart(
            MultiPart::alternative()
                .singlepart(SinglePart::plain(text(message, words)))
                .singlepart(SinglePart::html(page)),
        )
        .map_err(|error| cannot(&error))
}

/// The plain part.
fn text(message: &Message, words: &Words) -> String {
    let text = words.body.clone().unwrap_or_else(|| plain::items(message));
    // Two dashes and a space: what follows is no answer to quote.
    format!("{}\n\n-- \n{}\n", text.trim_end(), plain::footer(message))
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// A key as it may stand in the identifier of a mail.
fn in_id(key: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let plain = !key.is_empty() && key.len() <= 100 && key.chars().all(is_plain);
    if plain { key.to_owned() } else { short_digest(key) }
}

fn thread(message: &Message, item: &Item) -> String {
    short_digest(&[&message.host, &item.check, &item.subject].map(String::as_str).join("\n"))
}

fn short_digest(text: &str) -> String {
    sha256_hex(text.as_bytes()).chars().take(32).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::time::Duration;

    use super::*;
    use crate::deliver::plain::tests::message;
    use crate::deliver::{Encryption, Relay, Template};
    use crate::tls::Trust;

    fn mail(message: &Message) -> String {
        let relay = Relay {
            server: "localhost".to_owned(),
            port: 25,
            encryption: Encryption::None,
            login: None,
            trust: Trust::default(),
            timeout: Duration::from_secs(1),
        };
        let to = ["Ops <ops@example.org>", "alice@example.org"].map(|to| to.parse().unwrap()).into();
        let email = Email { relay, from: "checkpost <checkpost@example.org>".parse().unwrap(), to };
        let words = Template::default().words(message).unwrap();
        String::from_utf8(compose(&email, message, &words).unwrap().formatted()).unwrap()
    }

    /// The lines of the headers; one that goes on is one.
    fn headers(mail: &str) -> Vec<String> {
        let (headers, _) = mail.split_once("\r\n\r\n").unwrap();
        headers.replace("\r\n ", " ").split("\r\n").map(str::to_owned).collect()
    }

    fn has(mail: &str, header: &str) -> bool {
        headers(mail).iter().any(|line| line == header)
    }

    #[test]
    fn a_mail_says_what_it_is() {
        let mail = mail(&message());
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
            assert!(has(&mail, header), "{header}: {mail}");
        }
        assert!(headers(&mail).iter().any(|line| line.starts_with("Content-Type: multipart/alternative;")), "{mail}");
        assert!(
            mail.contains("Content-Type: text/plain; charset=utf-8")
                && mail.contains("Content-Type: text/html; charset=utf-8")
        );
        assert!(mail.is_ascii(), "a relay need not have 8BITMIME");
        assert!(mail.split("\r\n").all(|line| line.len() <= 998), "no line is too long for SMTP");
    }

    #[test]
    fn a_name_with_line_breaks_makes_no_header() {
        // The text of a message is clean; the mail does not rely on it.
        let evil = "/mnt/x\r\nBcc: evil@example.org\r\n\r\n<html>\n.\r\n";
        let mut message = message();
        message.title = format!("CRITICAL web-1: {evil}");
        (message.key, message.route, message.host) = (evil.to_owned(), evil.to_owned(), evil.to_owned());
        message.items.truncate(1);
        message.items[0].subject = evil.to_owned();
        let mail = mail(&message);
        let of_a_clean_one = headers(&self::mail(&{
            let mut clean = self::message();
            clean.items.truncate(1);
            clean
        }));
        let names = |headers: &[String]| {
            headers.iter().map(|line| line.split(':').next().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names(&headers(&mail)), names(&of_a_clean_one), "{mail}");
        assert!(!mail.contains("\nBcc") && mail.is_ascii(), "{mail}");
    }

    #[test]
    fn what_is_told_of_one_alert_is_one_thread() {
        let mut message = message();
        let references =
            |message: &Message| headers(&mail(message)).into_iter().find(|line| line.starts_with("References: "));
        assert_eq!(references(&message), None);
        message.items.truncate(1);
        let raised = references(&message).unwrap();
        (message.items[0].id, message.items[0].level, message.key) = (99, Status::Ok, "k-2".to_owned());
        assert_eq!(references(&message).unwrap(), raised);
        message.items[0].subject = "/home".to_owned();
        assert_ne!(references(&message).unwrap(), raised);
    }

    #[test]
    fn a_key_that_is_no_word_is_known_by_its_digest() {
        assert_eq!(in_id("a-b_c.1"), "a-b_c.1");
        let odd = in_id("a b@c");
        assert!(odd.len() == 32 && odd.chars().all(|c| c.is_ascii_hexdigit()), "{odd}");
        assert_ne!(odd, in_id("a b@d"));
    }
}
