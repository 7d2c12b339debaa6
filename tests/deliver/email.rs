//! Mail against a real server.

use std::time::{Duration, Instant};

use checkpost::deliver::{Email, Encryption, Message, Outlet, Relay, Scope, Secret, SendError, Template, Transport};
use checkpost::tls::Trust;
use serde_json::{Value, json};

use super::{in_time, message, soon};
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

fn outlet(relay: Relay, to: &[&str]) -> Outlet {
    let to = to.iter().map(|to| to.parse().unwrap()).collect();
    let email = Email { relay, from: "checkpost@example.org".parse().unwrap(), to };
    Outlet { transport: Transport::Email(email), template: Template::default() }
}

fn send(relay: Relay, message: &Message) -> Result<(), SendError> {
    outlet(relay, &["ops@example.org"]).send(message, in_time())
}

/// The scope, and the text with the port taken out.
fn refused(outcome: Result<(), SendError>, smtp: &Smtp) -> (Scope, String) {
    let error = outcome.unwrap_err();
    assert!(!error.text.contains("hunter2"), "{error}");
    (error.scope, error.text.replace(&format!("127.0.0.1:{}", smtp.port()), "RELAY"))
}

#[test]
fn a_mail_arrives_whole_at_all_recipients() {
    let Some(smtp) = Smtp::start(&SmtpOptions::default()) else { return };
    let to = ["Ops <ops@example.org>", "alice@example.org"];
    outlet(relay(&smtp), &to).send(&message(), in_time()).unwrap();
    let mail = &smtp.mails(1)[0];
    assert_eq!(
        (&mail["from"], &mail["to"]),
        (&json!("checkpost@example.org"), &json!(["ops@example.org", "alice@example.org"]))
    );
    assert_eq!((&mail["encrypted"], &mail["user"]), (&json!(false), &Value::Null));
    let text = mail["text"].as_str().unwrap();
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
fn by_starttls_and_by_tls_a_password_is_asked_for_and_given() {
    let certificate = Certificate::new();
    for (tls, encryption) in [("starttls", Encryption::StartTls), ("implicit", Encryption::Implicit)] {
        let options = SmtpOptions { tls: Some((tls, &certificate)), login: Some(("checkpost", PASSWORD)), port: 0 };
        let Some(smtp) = Smtp::start(&options) else { return };
        let relay = Relay { encryption, login: login(PASSWORD), trust: trusting(&certificate), ..relay(&smtp) };
        send(relay.clone(), &message()).unwrap();
        let mail = &smtp.mails(1)[0];
        assert_eq!((&mail["encrypted"], &mail["user"]), (&json!(true), &json!("checkpost")), "{tls}");

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
fn a_certificate_that_nobody_vouches_for_is_refused_unless_the_operator_says_otherwise() {
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
        let mail = &smtp.mails(1)[0];
        assert_eq!(mail["encrypted"], true);
    }
}

#[test]
fn a_certificate_for_another_name_is_refused() {
    let certificate = Certificate::of(&["elsewhere.test"]);
    let options = SmtpOptions { tls: Some(("starttls", &certificate)), ..SmtpOptions::default() };
    let Some(smtp) = Smtp::start(&options) else { return };
    let relay = Relay { encryption: Encryption::StartTls, trust: trusting(&certificate), ..relay(&smtp) };
    let (scope, text) = refused(send(relay, &message()), &smtp);
    assert!(scope == Scope::Route && text.contains("certificate not valid for name"), "{text}");
}

#[test]
fn without_starttls_nothing_is_sent() {
    let Some(smtp) = Smtp::start(&SmtpOptions::default()) else { return };
    let relay = Relay { encryption: Encryption::StartTls, login: login(PASSWORD), ..relay(&smtp) };
    let expected = "RELAY does not offer STARTTLS, and without nothing is sent";
    assert_eq!(refused(send(relay, &message()), &smtp), (Scope::Route, expected.to_owned()));
    assert_eq!(smtp.count(), 0);
}

#[test]
fn a_recipient_that_does_not_exist_is_of_the_message() {
    let Some(mut smtp) = Smtp::start(&SmtpOptions::default()) else { return };
    smtp.refuse(&[("ops@example.org", "550 5.1.1 no such user")]);
    let expected = "RELAY refuses ops@example.org: 550 5.1.1 no such user";
    assert_eq!(refused(send(relay(&smtp), &message()), &smtp), (Scope::Message, expected.to_owned()));
    // The others get it: once more would be twice for them.
    outlet(relay(&smtp), &["ops@example.org", "alice@example.org"]).send(&message(), in_time()).unwrap();
    assert_eq!(smtp.mails(1)[0]["to"], json!(["alice@example.org"]));
}

#[test]
fn greylisting_is_of_the_route_and_passes() {
    let Some(mut smtp) = Smtp::start(&SmtpOptions::default()) else { return };
    smtp.refuse(&[("*", "451 4.7.1 try again later")]);
    let expected = "RELAY refuses ops@example.org: 451 4.7.1 try again later";
    assert_eq!(refused(send(relay(&smtp), &message()), &smtp), (Scope::Route, expected.to_owned()));
    smtp.refuse(&[]);
    send(relay(&smtp), &message()).unwrap();
    smtp.mails(1);
}

#[test]
fn what_is_answered_to_a_whole_mail_counts() {
    let Some(mut smtp) = Smtp::start(&SmtpOptions::default()) else { return };
    for (answer, scope, expected) in [
        ("554 5.7.1 spam", Scope::Message, "RELAY refuses the mail: 554 5.7.1 spam"),
        ("452 4.3.1 disk full", Scope::Route, "RELAY does not take the mail: 452 4.3.1 disk full"),
    ] {
        smtp.answer(answer);
        assert_eq!(refused(send(relay(&smtp), &message()), &smtp), (scope, expected.to_owned()));
    }
}

#[test]
fn a_server_that_hangs_is_given_up_in_time() {
    let Some(mut smtp) = Smtp::start(&SmtpOptions::default()) else { return };
    for at in ["greeting", "trickle", "data"] {
        smtp.hang(Some(at));
        let began = Instant::now();
        let (scope, text) = refused(outlet(relay(&smtp), &["ops@example.org"]).send(&message(), soon()), &smtp);
        assert!(scope == Scope::Route && text.contains("no answer in time"), "{at}: {text}");
        // Its own timeout ends it, too.
        let short = Relay { timeout: Duration::from_millis(300), ..relay(&smtp) };
        let (scope, text) = refused(send(short, &message()), &smtp);
        assert!(scope == Scope::Route && text.contains("no answer in time"), "{at}: {text}");
        assert!(began.elapsed() < Duration::from_secs(5), "{at}");
    }
    smtp.hang(None);
    send(relay(&smtp), &message()).unwrap();
}

#[test]
fn a_server_that_hangs_at_the_goodbye_took_the_mail_or_refused_it_all_the_same() {
    let Some(mut smtp) = Smtp::start(&SmtpOptions::default()) else { return };
    smtp.hang(Some("quit"));
    let began = Instant::now();
    outlet(relay(&smtp), &["ops@example.org"]).send(&message(), soon()).unwrap();
    assert_eq!(smtp.mails(1).len(), 1);
    smtp.refuse(&[("*", "550 5.1.1 no such user")]);
    let outcome = outlet(relay(&smtp), &["ops@example.org"]).send(&message(), soon());
    let expected = "RELAY refuses ops@example.org: 550 5.1.1 no such user";
    assert_eq!(refused(outcome, &smtp), (Scope::Message, expected.to_owned()));
    assert!(began.elapsed() < Duration::from_secs(2), "nobody waits for it");
}

#[test]
fn a_server_that_is_not_there_is_of_the_route() {
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
fn a_mount_name_with_line_breaks_makes_no_header_and_no_recipient() {
    let Some(smtp) = Smtp::start(&SmtpOptions::default()) else { return };
    let evil = "/mnt/x\r\nBcc: evil@example.org\r\n.\r\nRCPT TO:<evil@example.org>\r\n";
    let mut message = message();
    message.title = format!("CRITICAL web-1: {evil}");
    message.items[0].subject = evil.to_owned();
    message.items[0].message = format!("{evil}\r\n.\r\nQUIT\r\n");
    message.key = evil.to_owned();
    send(relay(&smtp), &message).unwrap();
    let mail = &smtp.mails(1)[0];
    assert_eq!(mail["to"], json!(["ops@example.org"]));
    let (headers, body) = mail["text"].as_str().unwrap().split_once("\r\n\r\n").unwrap();
    assert!(!headers.contains("\nBcc") && !headers.contains("\nRCPT"), "{headers}");
    assert!(body.trim_end().ends_with("--"), "the mail is whole: {body}");
}

#[test]
fn what_cannot_be_read_is_found_before_anything_is_sent() {
    let Some(smtp) = Smtp::start(&SmtpOptions::default()) else { return };
    let trust = Trust { ca_file: Some("/nowhere/ca.pem".into()), accept_invalid_certificates: false };
    let missing = Some(("checkpost".to_owned(), Secret::variable("SMTP_PASSWORD", None)));
    let outlet = outlet(Relay { login: missing, trust, ..relay(&smtp) }, &["ops@example.org"]);
    let problems = outlet.check();
    assert_eq!(problems[0], "SMTP_PASSWORD is neither in the environment nor in .env");
    assert!(problems[1].starts_with("cannot read ca_file /nowhere/ca.pem: "), "{problems:?}");
    assert_eq!(problems.len(), 2);
    assert_eq!(outlet.send(&message(), in_time()).unwrap_err().text, problems[0]);
    assert_eq!(smtp.count(), 0);
}
