//! Webhooks: JSON, signatures, headers, custom bodies.

use std::process::Command;

use serde_json::{Value, json};

use checkpost_notify::secret::{Guarded, Secret};
use checkpost_notify::tls::Trust;
use checkpost_notify::{Body, Receiver, Scope, Template, TemplateText, Transport, Webhook};

use super::{ample_deadline, message};
use crate::support::python;
use crate::support::servers::Endpoint;

fn webhook(url: &str) -> Webhook {
    Webhook {
        url: Guarded::Plain(url.to_owned()),
        headers: Vec::new(),
        hmac_secret: None,
        body: None,
        trust: Trust::default(),
    }
}

fn receiver(webhook: Webhook) -> Receiver {
    Receiver { transport: Transport::Webhook(webhook), template: Template::default() }
}

fn secret(value: &str) -> Secret {
    Secret::variable("TOKEN", Some(value.to_owned()))
}

#[test]
fn message_arrives_as_json() {
    let Some(endpoint) = Endpoint::start() else { return };
    let headers = vec![
        ("Authorization".to_owned(), Guarded::Secret(secret("Bearer hunter2"))),
        ("X-Team".to_owned(), Guarded::Plain("ops".to_owned())),
    ];
    receiver(Webhook { headers, ..webhook(&endpoint.url("/hook")) }).send(&message(), ample_deadline()).unwrap();
    let request = &endpoint.requests(1)[0];
    for (name, value) in [
        ("content-type", "application/json"),
        ("idempotency-key", "k-1"),
        ("authorization", "Bearer hunter2"),
        ("x-team", "ops"),
    ] {
        assert_eq!(request["headers"][name], value);
    }
    let body: Value = serde_json::from_str(request["body"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&body["schema"], &body["key"], &body["level"]),
        (&json!("checkpost.message/1"), &json!("k-1"), &json!("critical"))
    );
    assert_eq!(body["items"][0]["kind"], "escalated");
    assert_eq!(request["headers"]["x-checkpost-signature"], Value::Null);
}

#[test]
fn signature_is_verified_as_documented() {
    let Some(endpoint) = Endpoint::start() else { return };
    let Some(python) = python("hmac") else { return };
    let signed = Webhook { hmac_secret: Some(secret("hunter2")), ..webhook(&endpoint.url("/")) };
    receiver(signed).send(&message(), ample_deadline()).unwrap();
    let request = &endpoint.requests(1)[0];
    let (body, header) =
        (request["body"].as_str().unwrap(), request["headers"]["x-checkpost-signature"].as_str().unwrap());
    let document = include_str!("../../docs/reference/delivery.md");
    let (_, example) = document.split_once("```python\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let verify = |secret: &str, header: &str, body: &str| {
        let call = "import sys\nprint(verify(sys.argv[1], sys.argv[2], sys.argv[3].encode()))";
        let output =
            Command::new(&python).args(["-c", &format!("{example}\n{call}"), secret, header, body]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    assert_eq!(verify("hunter2", header, body), "True");
    assert_eq!(verify("hunter3", header, body), "False");
    assert_eq!(verify("hunter2", header, &body.replace("97%", "7%")), "False");
    let (_, digest) = header.split_once(',').unwrap();
    assert_eq!(verify("hunter2", &format!("t=1000000000,{digest}"), body), "False");
}

#[test]
fn custom_body_is_sent_unchanged() {
    let Some(endpoint) = Endpoint::start() else { return };
    let body = |source: &str| {
        let text = TemplateText::parse("body", source).unwrap();
        Some(Body { text, content_type: "application/x-mine".to_owned() })
    };
    let of = |source| receiver(Webhook { body: body(source), ..webhook(&endpoint.url("/")) });
    let good = of(
        r#"{"summary": {{ title | tojson }}, "first": {{ items[0].subject | tojson }}, "raw": "{{ items[0].subject }}"}"#,
    );
    assert_eq!(good.check(), Vec::<String>::new());
    good.send(&message(), ample_deadline()).unwrap();
    let failing = of("{{ nothing }}");
    assert_eq!(failing.check().len(), 1);
    failing.send(&message(), ample_deadline()).unwrap();
    let requests = endpoint.requests(2);
    assert_eq!(requests[0]["headers"]["content-type"], "application/x-mine");
    let body: Value = serde_json::from_str(requests[0]["body"].as_str().unwrap()).unwrap();
    assert_eq!(body, json!({"summary": "CRITICAL web-1: High disk usage", "first": "/mnt/<b>", "raw": "/mnt/<b>"}));
    // A failing template does not lose the message.
    assert_eq!(requests[1]["headers"]["content-type"], "application/json");
}

#[test]
fn secret_repeated_in_an_answer_is_hidden() {
    let Some(mut endpoint) = Endpoint::start() else { return };
    endpoint.respond_with(&[json!({"status": 422, "body": "bad token hunter2-token in /hook/hunter2"})]);
    let headers = vec![("X-Token".to_owned(), Guarded::Secret(secret("hunter2-token")))];
    let error = receiver(Webhook { headers, ..webhook(&endpoint.url("/hook/hunter2")) })
        .send(&message(), ample_deadline())
        .unwrap_err();
    assert_eq!(
        (error.scope, error.text),
        (Scope::Message, format!("{} answered 422: bad token … in …", endpoint.url("/…")))
    );
}

#[test]
fn secret_is_hidden_before_the_answer_is_cut() {
    let Some(mut endpoint) = Endpoint::start() else { return };
    // An answer is cut to 300 characters.
    endpoint.respond_with(&[json!({"status": 422, "body": format!("{} hunter2-token", "x".repeat(290))})]);
    let headers = vec![("X-Token".to_owned(), Guarded::Secret(secret("hunter2-token")))];
    let error =
        receiver(Webhook { headers, ..webhook(&endpoint.url("/")) }).send(&message(), ample_deadline()).unwrap_err();
    assert!(!error.text.contains("hunt") && error.text.ends_with("x …"), "{error}");
}

#[test]
fn missing_secret_is_found_before_anything_is_sent() {
    let missing = || Secret::variable("TOKEN", None);
    let checked = receiver(Webhook {
        url: Guarded::Secret(secret("hunter2")),
        headers: vec![("X-Token".to_owned(), Guarded::Secret(missing()))],
        hmac_secret: Some(missing()),
        ..webhook("")
    });
    let missing = "TOKEN is neither in the environment nor in .env";
    assert_eq!(checked.check(), ["variable TOKEN: a URL must begin with https:// or http://", missing, missing]);
    let error = checked.send(&message(), ample_deadline()).unwrap_err();
    assert_eq!(
        (error.scope, error.text.as_str()),
        (Scope::Route, "variable TOKEN: a URL must begin with https:// or http://")
    );
}
