//! Webhooks: JSON, signatures, headers, bodies of one's own.

use std::process::Command;

use checkpost::deliver::{Body, Guarded, Outlet, Scope, Secret, Template, TemplateText, Transport, Webhook};
use checkpost::tls::Trust;
use serde_json::{Value, json};

use super::{in_time, message};
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

fn outlet(webhook: Webhook) -> Outlet {
    Outlet { transport: Transport::Webhook(webhook), template: Template::default() }
}

fn secret(value: &str) -> Secret {
    Secret::variable("TOKEN", Some(value.to_owned()))
}

#[test]
fn the_message_arrives_as_json() {
    let Some(endpoint) = Endpoint::start() else { return };
    let headers = vec![
        ("Authorization".to_owned(), Guarded::Secret(secret("Bearer hunter2"))),
        ("X-Team".to_owned(), Guarded::Plain("ops".to_owned())),
    ];
    outlet(Webhook { headers, ..webhook(&endpoint.url("/hook")) }).send(&message(), in_time()).unwrap();
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
fn a_signature_is_verified_as_documented() {
    let Some(endpoint) = Endpoint::start() else { return };
    let Some(python) = python("hmac") else { return };
    let signed = Webhook { hmac_secret: Some(secret("hunter2")), ..webhook(&endpoint.url("/")) };
    outlet(signed).send(&message(), in_time()).unwrap();
    let request = &endpoint.requests(1)[0];
    let (body, header) =
        (request["body"].as_str().unwrap(), request["headers"]["x-checkpost-signature"].as_str().unwrap());
    let document = include_str!("../../docs/delivery.md");
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
fn a_body_of_ones_own_is_sent_as_it_is() {
    let Some(endpoint) = Endpoint::start() else { return };
    let body = |source: &str| {
        let text = TemplateText::parse("body", source).unwrap();
        Some(Body { text, content_type: "application/x-mine".to_owned() })
    };
    let of = |source| outlet(Webhook { body: body(source), ..webhook(&endpoint.url("/")) });
    let good = of(
        r#"{"summary": {{ title | tojson }}, "first": {{ items[0].subject | tojson }}, "raw": "{{ items[0].subject }}"}"#,
    );
    assert_eq!(good.check(), Vec::<String>::new());
    good.send(&message(), in_time()).unwrap();
    let failing = of("{{ nothing }}");
    assert_eq!(failing.check().len(), 1);
    failing.send(&message(), in_time()).unwrap();
    let requests = endpoint.requests(2);
    assert_eq!(requests[0]["headers"]["content-type"], "application/x-mine");
    let body: Value = serde_json::from_str(requests[0]["body"].as_str().unwrap()).unwrap();
    assert_eq!(body, json!({"summary": "CRITICAL web-1: High disk usage", "first": "/mnt/<b>", "raw": "/mnt/<b>"}));
    // A message is not lost over a template.
    assert_eq!(requests[1]["headers"]["content-type"], "application/json");
}

#[test]
fn an_answer_that_repeats_a_secret_does_not_bring_it_to_light() {
    let Some(mut endpoint) = Endpoint::start() else { return };
    endpoint.will(&[json!({"status": 422, "body": "bad token hunter2-token in /hook/hunter2"})]);
    let headers = vec![("X-Token".to_owned(), Guarded::Secret(secret("hunter2-token")))];
    let error =
        outlet(Webhook { headers, ..webhook(&endpoint.url("/hook/hunter2")) }).send(&message(), in_time()).unwrap_err();
    assert_eq!(
        (error.scope, error.text),
        (Scope::Message, format!("{} answered 422: bad token … in …", endpoint.url("/…")))
    );
}

#[test]
fn a_secret_that_would_be_cut_in_two_is_hidden_first() {
    let Some(mut endpoint) = Endpoint::start() else { return };
    // An answer has 300 characters.
    endpoint.will(&[json!({"status": 422, "body": format!("{} hunter2-token", "x".repeat(290))})]);
    let headers = vec![("X-Token".to_owned(), Guarded::Secret(secret("hunter2-token")))];
    let error = outlet(Webhook { headers, ..webhook(&endpoint.url("/")) }).send(&message(), in_time()).unwrap_err();
    assert!(!error.text.contains("hunt") && error.text.ends_with("x …"), "{error}");
}

#[test]
fn what_is_missing_is_found_before_anything_is_sent() {
    let missing = || Secret::variable("TOKEN", None);
    let checked = outlet(Webhook {
        url: Guarded::Secret(secret("hunter2")),
        headers: vec![("X-Token".to_owned(), Guarded::Secret(missing()))],
        hmac_secret: Some(missing()),
        ..webhook("")
    });
    let missing = "TOKEN is neither in the environment nor in .env";
    assert_eq!(checked.check(), ["variable TOKEN: an address begins with https:// or http://", missing, missing]);
    let error = checked.send(&message(), in_time()).unwrap_err();
    assert_eq!(
        (error.scope, error.text.as_str()),
        (Scope::Route, "variable TOKEN: an address begins with https:// or http://")
    );
}
