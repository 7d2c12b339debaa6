//! Slack's webhooks.

use std::time::Duration;

use checkpost::deliver::{Outlet, Scope, Secret, Slack, Template, TemplateText, Transport};
use checkpost::tls::Trust;
use serde_json::{Value, json};

use super::{in_time, message, soon};
use crate::support::servers::{Certificate, Endpoint};

fn outlet(url: &str) -> Outlet {
    let url = Secret::variable("SLACK_URL", Some(url.to_owned()));
    Outlet { transport: Transport::Slack(Slack { url, trust: Trust::default() }), template: Template::default() }
}

const PATH: &str = "/services/T0/B0/hunter2?x=hunter2";

#[test]
fn blocks_arrive() {
    let Some(endpoint) = Endpoint::start() else { return };
    outlet(&endpoint.url(PATH)).send(&message(), in_time()).unwrap();
    let request = &endpoint.requests(1)[0];
    assert_eq!((&request["path"], &request["headers"]["content-type"]), (&json!(PATH), &json!("application/json")));
    let body: Value = serde_json::from_str(request["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["text"], "CRITICAL web-1: High disk usage");
    assert!(body["blocks"][1]["text"]["text"].as_str().unwrap().contains("/mnt/&lt;b&gt; is 97% full"), "{body}");
}

#[test]
fn what_it_answers_is_told_without_the_address() {
    let Some(mut endpoint) = Endpoint::start() else { return };
    let outlet = outlet(&endpoint.url(PATH));
    let place = endpoint.url("/…");
    endpoint.will(&[
        json!({"status": 400, "body": "invalid_blocks"}),
        json!({"status": 404, "body": format!("no_team at {PATH}")}),
        json!({"status": 404, "body": "hunter2"}),
        json!({"status": 429, "headers": {"Retry-After": "30"}, "body": "rate_limited"}),
        json!({"status": 500}),
        json!({"status": 302, "headers": {"Location": "https://login.example/"}}),
        json!({"reset": true}),
        json!({"hang": true}),
    ]);
    for (scope, retry_after, text) in [
        (Scope::Message, None, format!("{place} answered 400: invalid_blocks")),
        (Scope::Route, None, format!("{place} answered 404")),
        (Scope::Route, None, format!("{place} answered 404")),
        (Scope::Route, Some(30), format!("{place} answered 429: rate_limited")),
        (Scope::Route, None, format!("{place} answered 500")),
        (Scope::Route, None, format!("{place} answered 302, a redirect, which is not followed")),
    ] {
        let error = outlet.send(&message(), in_time()).unwrap_err();
        assert_eq!((error.scope, error.retry_after, error.text), (scope, retry_after.map(Duration::from_secs), text));
    }
    for (deadline, why) in [(in_time as fn() -> _, "reset"), (soon, "no answer in time")] {
        let error = outlet.send(&message(), deadline()).unwrap_err();
        assert!(error.scope == Scope::Route && error.text.contains(why), "{error}");
        assert!(!error.text.contains("hunter2"), "{error}");
    }
    // It comes back.
    outlet.send(&message(), in_time()).unwrap();
    assert_eq!(endpoint.requests(9).len(), 9);
}

#[test]
fn an_unknown_certificate_is_refused() {
    let certificate = Certificate::new();
    let Some(endpoint) = Endpoint::start_tls(&certificate) else { return };
    let error = outlet(&endpoint.url(PATH)).send(&message(), in_time()).unwrap_err();
    assert!(
        error.scope == Scope::Route && error.text.contains("certificate") && !error.text.contains("hunter2"),
        "{error}"
    );
    assert_eq!(endpoint.count(), 0);
}

#[test]
fn a_template_that_fails_holds_no_message_up() {
    let Some(endpoint) = Endpoint::start() else { return };
    let text = |key, source: &str| Some(TemplateText::parse(key, source).unwrap());
    let of = |body| Outlet {
        template: Template { title: text("title", "{{ host }} is {{ level }}"), body: text("body", body) },
        ..outlet(&endpoint.url(PATH))
    };
    let good = of("{% for item in items %}{{ item.subject }} since {{ item.time }}\n{% endfor %}");
    let bad = of("{{ hostname }}");
    assert_eq!(good.check(), Vec::<String>::new());
    let problems = bad.check();
    assert!(
        problems.len() == 1 && problems[0].starts_with("template body, its line 1: undefined value"),
        "{problems:?}"
    );
    for outlet in [good, bad] {
        outlet.send(&message(), in_time()).unwrap();
    }
    let bodies: Vec<Value> =
        endpoint.requests(2).iter().map(|r| serde_json::from_str(r["body"].as_str().unwrap()).unwrap()).collect();
    assert_eq!(bodies[0]["text"], "web-1 is critical");
    assert_eq!(bodies[0]["blocks"][1]["text"]["text"], "/mnt/&lt;b&gt; since 2025-11-24T15:00:00Z");
    assert_eq!(bodies[1]["text"], "CRITICAL web-1: High disk usage");
}
