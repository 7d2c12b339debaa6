//! Email to a real server.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use checkpost_alerting::route::Message;
use checkpost_notify::secret::Secret;
use checkpost_notify::tls::Trust;
use checkpost_notify::{Email, Encryption, Receiver, Relay, Scope, SendError, Template, Transport};

use super::{ample_deadline, message, short_deadline};
use crate::support::servers::{Certificate, Smtp, SmtpOptions, free_port};

const PASSWORD: &str = "hunter2 é";

fn relay(smtp: &Smtp) -> Relay {
    Relay {
        server: "127.0.0.1".to_owned(),
        port: smtp.port(),
        encryption: Encryption::None,
        login: None,
        trust: Trust::default(),
        timeout: Duration::from_secs(20),
    }
}

fn trusting(certificate: &Certificate) -> Trust {
    Trust { ca_file: Some(certificate.ca_file()), accept_invalid_certificates: false }
}

fn login(password: &str) -> Option<(String, Secret)> {
    Some(("checkpost".to_owned(), Secret::variable("SMTP_PASSWORD", Some(password.to_owned()))))
}

fn receiver(relay: Relay, to: &[&str]) -> Receiver {
    let to = to.iter().map(|to| to.parse().unwrap()).collect();
    let email = Email { relay, from: "checkpost@example.org".parse().unwrap(), to };
    Receiver { transport: Transport::Email(email), template: Template::default() }
}

fn send(relay: Relay, message: &Message) -> Result<(), SendError> {
    receiver(relay, &["ops@example.org"]).send(message, ample_deadline())
}

/// The scope, and the text with the address of the server replaced.
fn refused(outcome: Result<(), SendError>, smtp: &Smtp) -> (Scope, String) {
    let error = outcome.unwrap_err();
    assert!(!error.text.contains("hunter2"), "{error}");
    (error.scope, error.text.replace(&format!("127.0.0.1:{}", smtp.port()), "RELAY"))
}

#[test]
fn email_arrives_whole_for_all_recipients() {
    let Some(smtp) = Smtp::start(&SmtpOptions::default()) else { return };
    let to = ["Ops <ops@example.org>", "alice@example.org"];
    receiver(relay(&smtp), &to).send(&message(), ample_deadline()).unwrap();
    let email = &smtp.mails(1)[0];
    assert_eq!(
        (&email["from"], &email["to"]),
        (&json!("checkpost@example.org"), &json!(["ops@example.org", "alice@example.org"]))
    );
    assert_eq!((&email["encrypted"], &email["user"]), (&json!(false), &Value::Null));
    let text = email["text"].as_str().unwrap();
    for part in [
        "X-Checkpost-Key: k-1\r\n",
        "Auto-Submitted: auto-generated\r\n",
        "Content-Type: multipart/alternative;",
        "is 97% full",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn password_is_required_and_sent_over_starttls_and_tls() {
    let certificate = Certificate::new();
    for (tls, encryption) in [("starttls", Encryption::StartTls), ("implicit", Encryption::Implicit)] {
        let options = SmtpOptions { tls: Some((tls, &certificate)), login: Some(("checkpost", PASSWORD)), port: 0 };
        let Some(smtp) = Smtp::start(&options) else { return };
        let relay = Relay { encryption, login: login(PASSWORD), trust: trusting(&certificate), ..relay(&smtp) };
        send(relay.clone(), &message()).unwrap();
        let email = &smtp.mails(1)[0];
        assert_eq!((&email["encrypted"], &email["user"]), (&json!(true), &json!("checkpost")), "{tls}");

        let wrong = Relay { login: login("hunter22"), ..relay.clone() };
        let (scope, text) = refused(send(wrong, &message()), &smtp);
        assert_eq!(scope, Scope::Route);
        assert_eq!(text, "RELAY refuses the login of 'checkpost': 535 5.7.8 no: checkpost …", "{tls}");

        let (scope, text) = refused(send(Relay { login: None, ..relay }, &message()), &smtp);
        assert_eq!(scope, Scope::Route);
        assert!(text.starts_with("RELAY refuses the sender: 530"), "{text}");
        assert_eq!(smtp.mails(1).len(), 1);
    }
}

#[test]
fn untrusted_certificate_is_refused_unless_the_operator_accepts_it() {
    let (certificate, other) = (Certificate::new(), Certificate::new());
    for (tls, encryption) in [("starttls", Encryption::StartTls), ("implicit", Encryption::Implicit)] {
        let options = SmtpOptions { tls: Some((tls, &certificate)), ..SmtpOptions::default() };
        let Some(smtp) = Smtp::start(&options) else { return };
        for trust in [Trust::default(), trusting(&other)] {
            let (scope, text) = refused(send(Relay { encryption, trust, ..relay(&smtp) }, &message()), &smtp);
            assert_eq!(scope, Scope::Route);
            assert!(text.contains("certificate"), "{text}");
        }
        assert_eq!(smtp.count(), 0);
        let trust = Trust { ca_file: None, accept_invalid_certificates: true };
        send(Relay { encryption, trust, ..relay(&smtp) }, &message()).unwrap();
        let email = &smtp.mails(1)[0];
        assert_eq!(email["encrypted"], true);
    }
}

#[test]
fn certificate_for_another_name_is_refused() {
    let certificate = Certificate::of(&["elsewhere.test"]);
    let options = SmtpOptions { tls: Some(("starttls", &certificate)), ..SmtpOptions::default() };
    let Some(smtp) = Smtp::start(&options) else { return };
    let relay = Relay { encryption: Encryption::StartTls, trust: trusting(&certificate), ..relay(&smtp) };
    let (scope, text) = refused(send(relay, &message()), &smtp);
    assert!(scope == Scope::Route && text.contains("certificate not valid for name"), "{text}");
}

#[test]
fn missing_starttls_prevents_sending() {
    let Some(smtp) = Smtp::start(&SmtpOptions::default()) else { return };
    let relay = Relay { encryption: Encryption::StartTls, login: login(PASSWORD), ..relay(&smtp) };
    let expected = "RELAY does not offer STARTTLS, so nothing is sent";
    assert_eq!(refused(send(relay, &message()), &smtp), (Scope::Route, expected.to_owned()));
    assert_eq!(smtp.count(), 0);
}

#[test]
fn unknown_recipient_is_an_error_of_the_message() {
    let Some(mut smtp) = Smtp::start(&SmtpOptions::default()) else { return };
    smtp.refuse(&[("ops@example.org", "550 5.1.1 no such user")]);
    let expected = "RELAY refuses ops@example.org: 550 5.1.1 no such user";
    assert_eq!(refused(send(relay(&smtp), &message()), &smtp), (Scope::Message, expected.to_owned()));
    // The other recipients got the email: another attempt would reach them twice.
    receiver(relay(&smtp), &["ops@example.org", "alice@example.org"]).send(&message(), ample_deadline()).unwrap();
    assert_eq!(smtp.mails(1)[0]["to"], json!(["alice@example.org"]));
}

#[test]
fn greylisting_is_an_error_of_the_route_and_passes() {
    let Some(mut smtp) = Smtp::start(&SmtpOptions::default()) else { return };
    smtp.refuse(&[("*", "451 4.7.1 try again later")]);
    let expected = "RELAY refuses ops@example.org: 451 4.7.1 try again later";
    assert_eq!(refused(send(relay(&smtp), &message()), &smtp), (Scope::Route, expected.to_owned()));
    smtp.refuse(&[]);
    send(relay(&smtp), &message()).unwrap();
    smtp.mails(1);
}

#[test]
fn reply_to_the_whole_email_decides() {
    let Some(mut smtp) = Smtp::start(&SmtpOptions::default()) else { return };
    for (answer, scope, expected) in [
        ("554 5.7.1 spam", Scope::Message, "RELAY refuses the email: 554 5.7.1 spam"),
        ("452 4.3.1 disk full", Scope::Route, "RELAY does not accept the email: 452 4.3.1 disk full"),
    ] {
        smtp.answer(answer);
        assert_eq!(refused(send(relay(&smtp), &message()), &smtp), (scope, expected.to_owned()));
    }
}

/// Whether a text is ours, not what the system says of a connection.
fn is_own_timeout(text: &str) -> bool {
    text.contains("timed out") && !text.contains("os error")
}

#[test]
fn hung_server_times_out() {
    let Some(mut smtp) = Smtp::start(&SmtpOptions::default()) else { return };
    for at in ["greeting", "trickle", "data"] {
        smtp.hang(Some(at));
        let began = Instant::now();
        let (scope, text) =
            refused(receiver(relay(&smtp), &["ops@example.org"]).send(&message(), short_deadline()), &smtp);
        assert!(scope == Scope::Route && is_own_timeout(&text), "{at}: {text}");
        // The relay's own timeout ends it, too.
        let short = Relay { timeout: Duration::from_millis(300), ..relay(&smtp) };
        let (scope, text) = refused(send(short, &message()), &smtp);
        assert!(scope == Scope::Route && is_own_timeout(&text), "{at}: {text}");
        assert!(began.elapsed() < Duration::from_secs(5), "{at}");
    }
    smtp.hang(None);
    send(relay(&smtp), &message()).unwrap();
}

#[test]
fn server_that_hangs_at_quit_has_still_accepted_or_refused_the_email() {
    let Some(mut smtp) = Smtp::start(&SmtpOptions::default()) else { return };
    smtp.hang(Some("quit"));
    let began = Instant::now();
    receiver(relay(&smtp), &["ops@example.org"]).send(&message(), short_deadline()).unwrap();
    assert_eq!(smtp.mails(1).len(), 1);
    smtp.refuse(&[("*", "550 5.1.1 no such user")]);
    let outcome = receiver(relay(&smtp), &["ops@example.org"]).send(&message(), short_deadline());
    let expected = "RELAY refuses ops@example.org: 550 5.1.1 no such user";
    assert_eq!(refused(outcome, &smtp), (Scope::Message, expected.to_owned()));
    assert!(began.elapsed() < Duration::from_secs(2), "the reply to QUIT is not waited for");
}

#[test]
fn missing_server_is_an_error_of_the_route() {
    let Some(smtp) = Smtp::start(&SmtpOptions::default()) else { return };
    let nowhere = Relay { port: free_port(), ..relay(&smtp) };
    let error = send(nowhere, &message()).unwrap_err();
    assert!(
        error.scope == Scope::Route
            && error.text.starts_with("cannot connect to 127.0.0.1:")
            && error.text.contains("refused"),
        "{error}"
    );
}

#[test]
fn line_breaks_in_a_mount_name_add_no_header_and_no_recipient() {
    let Some(smtp) = Smtp::start(&SmtpOptions::default()) else { return };
    let evil = "/mnt/x\r\nBcc: evil@example.org\r\n.\r\nRCPT TO:<evil@example.org>\r\n";
    let mut message = message();
    message.title = format!("CRITICAL web-1: {evil}");
    message.items[0].value.subject = evil.to_owned();
    message.items[0].value.message = format!("{evil}\r\n.\r\nQUIT\r\n");
    message.key = evil.to_owned();
    send(relay(&smtp), &message).unwrap();
    let email = &smtp.mails(1)[0];
    assert_eq!(email["to"], json!(["ops@example.org"]));
    let (headers, body) = email["text"].as_str().unwrap().split_once("\r\n\r\n").unwrap();
    assert!(!headers.contains("\nBcc") && !headers.contains("\nRCPT"), "{headers}");
    assert!(body.trim_end().ends_with("--"), "the email must be complete: {body}");
}

#[test]
fn missing_password_and_unreadable_ca_file_are_found_before_anything_is_sent() {
    let Some(smtp) = Smtp::start(&SmtpOptions::default()) else { return };
    let trust = Trust { ca_file: Some("/nowhere/ca.pem".into()), accept_invalid_certificates: false };
    let missing = Some(("checkpost".to_owned(), Secret::variable("SMTP_PASSWORD", None)));
    let receiver = receiver(Relay { login: missing, trust, ..relay(&smtp) }, &["ops@example.org"]);
    let problems = receiver.check();
    assert_eq!(problems[0], "SMTP_PASSWORD is neither in the environment nor in .env");
    assert!(problems[1].starts_with("cannot read ca_file /nowhere/ca.pem: "), "{problems:?}");
    assert_eq!(problems.len(), 2);
    assert_eq!(receiver.send(&message(), ample_deadline()).unwrap_err().text, problems[0]);
    assert_eq!(smtp.count(), 0);
}
