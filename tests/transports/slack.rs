//! Slack's webhooks.

use std::time::Duration;

use serde_json::{Value, json};

use checkpost_notify::secret::Secret;
use checkpost_notify::tls::Trust;
use checkpost_notify::{Receiver, Scope, Slack, Template, TemplateText, Transport};

use super::{ample_deadline, message, short_deadline};
use crate::support::servers::{Certificate, Endpoint};

fn receiver(url: &str) -> Receiver {
    let url = Secret::variable("SLACK_URL", Some(url.to_owned()));
    Receiver { transport: Transport::Slack(Slack { url, trust: Trust::default() }), template: Template::default() }
}

const PATH: &str = "/services/T0/B0/hunter2?x=hunter2";

#[test]
fn blocks_arrive() {
    let Some(endpoint) = Endpoint::start() else { return };
    receiver(&endpoint.url(PATH)).send(&message(), ample_deadline()).unwrap();
    let request = &endpoint.requests(1)[0];
    assert_eq!((&request["path"], &request["headers"]["content-type"]), (&json!(PATH), &json!("application/json")));
    let body: Value = serde_json::from_str(request["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["text"], "CRITICAL web-1: High disk usage");
    assert!(body["blocks"][1]["text"]["text"].as_str().unwrap().contains("/mnt/&lt;b&gt; is 97% full"), "{body}");
}

#[test]
fn answer_is_reported_without_the_address() {
    let Some(mut endpoint) = Endpoint::start() else { return };
    let receiver = receiver(&endpoint.url(PATH));
    let place = endpoint.url("/…");
    endpoint.respond_with(&[
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
        (Scope::Route, None, format!("{place} answered 302: redirects are not followed")),
    ] {
        let error = receiver.send(&message(), ample_deadline()).unwrap_err();
        assert_eq!((error.scope, error.retry_after, error.text), (scope, retry_after.map(Duration::from_secs), text));
    }
    for (deadline, why) in [(ample_deadline as fn() -> _, "reset"), (short_deadline, "timed out")] {
        let error = receiver.send(&message(), deadline()).unwrap_err();
        assert!(error.scope == Scope::Route && error.text.contains(why), "{error}");
        assert!(why == "reset" || !error.text.contains("os error"), "{error}");
        assert!(!error.text.contains("hunter2"), "{error}");
    }
    // The endpoint works again.
    receiver.send(&message(), ample_deadline()).unwrap();
    assert_eq!(endpoint.requests(9).len(), 9);
}

#[test]
fn unknown_certificate_is_refused() {
    let certificate = Certificate::new();
    let Some(endpoint) = Endpoint::start_tls(&certificate) else { return };
    let error = receiver(&endpoint.url(PATH)).send(&message(), ample_deadline()).unwrap_err();
    assert!(
        error.scope == Scope::Route && error.text.contains("certificate") && !error.text.contains("hunter2"),
        "{error}"
    );
    assert_eq!(endpoint.count(), 0);
}

#[test]
fn failing_template_does_not_delay_the_message() {
    let Some(endpoint) = Endpoint::start() else { return };
    let text = |key, source: &str| Some(TemplateText::parse(key, source).unwrap());
    let of = |body| Receiver {
        template: Template { title: text("title", "{{ host }} is {{ level }}"), body: text("body", body) },
        ..receiver(&endpoint.url(PATH))
    };
    let good = of("{% for item in items %}{{ item.subject }} since {{ item.time }}\n{% endfor %}");
    let bad = of("{{ hostname }}");
    assert_eq!(good.check(), Vec::<String>::new());
    let problems = bad.check();
    assert!(problems.len() == 1 && problems[0].starts_with("template body, line 1: undefined value"), "{problems:?}");
    for receiver in [good, bad] {
        receiver.send(&message(), ample_deadline()).unwrap();
    }
    let bodies: Vec<Value> =
        endpoint.requests(2).iter().map(|r| serde_json::from_str(r["body"].as_str().unwrap()).unwrap()).collect();
    assert_eq!(bodies[0]["text"], "web-1 is critical");
    assert_eq!(bodies[0]["blocks"][1]["text"]["text"], "/mnt/&lt;b&gt; since 2025-11-24T15:00:00Z");
    assert_eq!(bodies[1]["text"], "CRITICAL web-1: High disk usage");
}
