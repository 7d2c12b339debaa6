//! One request over HTTP.

use std::time::{Duration, Instant};

use checkpost::http::{Answer, HttpError, Method, Request, Url, send};
use checkpost::tls::Trust;
use serde_json::json;

use super::{in_time, soon};
use crate::support::servers::{Certificate, Endpoint, free_port};

fn request(url: &str) -> Request {
    Request {
        url: Url::parse(url).unwrap(),
        method: Method::Post,
        headers: vec![("X-Token".to_owned(), "hunter2".to_owned())],
        body: b"{}".to_vec(),
        trust: Trust::default(),
        secrets: Vec::new(),
    }
}

fn get(url: &str, trust: &Trust) -> Result<Answer, HttpError> {
    let request = Request { method: Method::Get, body: Vec::new(), trust: trust.clone(), ..request(url) };
    send(&request, in_time())
}

#[test]
fn what_is_sent_is_not_shown_by_debug() {
    let secrets = vec!["hunter2".to_owned()];
    let shown = format!("{:?}", Request { body: b"hunter2".to_vec(), secrets, ..request("https://h.example/hunter2") });
    let no_byte = !shown.contains("104, 117");
    assert!(shown.contains("X-Token") && !shown.contains("hunter2") && no_byte, "{shown}");
}

#[test]
fn a_request_arrives_as_it_was_meant() {
    let Some(endpoint) = Endpoint::start() else { return };
    let answer = send(&request(&endpoint.url("/a/b?c=d")), in_time()).unwrap();
    assert_eq!(answer, Answer { status: 200, retry_after: None, text: String::new() });
    get(&endpoint.url("/ping"), &Trust::default()).unwrap();
    let requests = endpoint.requests(2);
    assert_eq!((&requests[0]["method"], &requests[0]["path"]), (&json!("POST"), &json!("/a/b?c=d")));
    assert_eq!((&requests[0]["headers"]["x-token"], &requests[0]["body"]), (&json!("hunter2"), &json!("{}")));
    assert_eq!((&requests[1]["method"], &requests[1]["body"]), (&json!("GET"), &json!("")));
}

#[test]
fn what_is_answered_is_told_bounded_and_clean() {
    let Some(mut endpoint) = Endpoint::start() else { return };
    let long = "x".repeat(100_000);
    endpoint.will(&[
        json!({"status": 429, "headers": {"Retry-After": "7"}, "body": "slow\ndown\u{1b}[31m"}),
        json!({"status": 500, "body": long}),
    ]);
    let url = endpoint.url("/");
    let answer = get(&url, &Trust::default()).unwrap();
    assert_eq!((answer.status, answer.retry_after), (429, Some(Duration::from_secs(7))));
    assert_eq!(answer.text, "slow\\u{a}down\\u{1b}[31m");
    let answer = get(&url, &Trust::default()).unwrap();
    assert_eq!((answer.status, answer.text.chars().count()), (500, 300));
}

#[test]
fn a_redirect_is_not_followed() {
    let (Some(mut endpoint), Some(other)) = (Endpoint::start(), Endpoint::start()) else { return };
    endpoint.will(&[json!({"status": 307, "headers": {"Location": other.url("/elsewhere")}})]);
    assert_eq!(send(&request(&endpoint.url("/")), in_time()).unwrap().status, 307);
    assert_eq!((endpoint.requests(1).len(), other.count()), (1, 0));
}

#[test]
fn nobody_answers() {
    let Some(mut endpoint) = Endpoint::start() else { return };
    let url = endpoint.url("/hunter2");
    let place = url.trim_end_matches("hunter2");
    endpoint.will(&[json!({"reset": true}), json!({"hang": true})]);
    let reset = get(&url, &Trust::default()).unwrap_err().to_string();
    assert!(reset.starts_with(&format!("cannot reach {place}…: ")) && reset.contains("reset"), "{reset}");
    let began = Instant::now();
    let hangs = send(&request(&url), soon()).unwrap_err().to_string();
    assert_eq!(hangs, format!("cannot reach {place}…: no answer in time"));
    assert!(began.elapsed() < Duration::from_secs(5));
    let refused = get(&format!("http://127.0.0.1:{}/hunter2", free_port()), &Trust::default()).unwrap_err().to_string();
    assert!(refused.contains("refused") && !refused.contains("hunter2"), "{refused}");
    let late = send(&request(&url), Instant::now()).unwrap_err().to_string();
    assert_eq!(late, format!("cannot reach {place}…: no time is left"));
    let nowhere = send(&request("https://nowhere.invalid/hunter2"), soon()).unwrap_err().to_string();
    assert!(
        nowhere.starts_with("cannot reach https://nowhere.invalid/…: ") && !nowhere.contains("hunter2"),
        "{nowhere}"
    );
}

#[test]
fn an_endpoint_that_comes_back_is_reached_again() {
    let Some(endpoint) = Endpoint::start() else { return };
    let (port, url) = (endpoint.port(), endpoint.url("/"));
    drop(endpoint);
    get(&url, &Trust::default()).unwrap_err();
    let _endpoint = Endpoint::start_at(port, None).unwrap();
    assert_eq!(get(&url, &Trust::default()).unwrap().status, 200);
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused_unless_the_operator_says_otherwise() {
    let (certificate, other) = (Certificate::new(), Certificate::new());
    let Some(endpoint) = Endpoint::start_tls(&certificate) else { return };
    let url = endpoint.url("/");
    let believed = |ca_file| get(&url, &Trust { ca_file, accept_invalid_certificates: false });
    for error in [believed(None), believed(Some(other.ca_file()))] {
        let error = error.unwrap_err().to_string();
        assert!(
            error.contains("certificate") && error.ends_with("ca_file names the certificate of a CA of your own"),
            "{error}"
        );
    }
    assert_eq!(endpoint.count(), 0);
    assert_eq!(believed(Some(certificate.ca_file())).unwrap().status, 200);
    assert_eq!(get(&url, &Trust { ca_file: None, accept_invalid_certificates: true }).unwrap().status, 200);
}

#[test]
fn a_certificate_for_another_name_is_refused() {
    let certificate = Certificate::of(&["elsewhere.test"]);
    let Some(endpoint) = Endpoint::start_tls(&certificate) else { return };
    let trust = Trust { ca_file: Some(certificate.ca_file()), accept_invalid_certificates: false };
    let error = get(&endpoint.url("/"), &trust).unwrap_err().to_string();
    assert!(error.contains("certificate not valid for name"), "{error}");
}
