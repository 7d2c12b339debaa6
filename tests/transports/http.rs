//! Single requests over HTTP.

use std::time::{Duration, Instant};

use serde_json::json;

use checkpost_notify::http::{HttpError, Method, Request, Response, Url, send};
use checkpost_notify::tls::Trust;

use super::{ample_deadline, short_deadline};
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

fn get(url: &str, trust: &Trust) -> Result<Response, HttpError> {
    let request = Request { method: Method::Get, body: Vec::new(), trust: trust.clone(), ..request(url) };
    send(&request, ample_deadline())
}

#[test]
fn debug_output_of_a_request_hides_its_secrets() {
    let secrets = vec!["hunter2".to_owned()];
    let shown = format!("{:?}", Request { body: b"hunter2".to_vec(), secrets, ..request("https://h.example/hunter2") });
    let no_byte = !shown.contains("104, 117");
    assert!(shown.contains("X-Token") && !shown.contains("hunter2") && no_byte, "{shown}");
}

#[test]
fn request_arrives_as_specified() {
    let Some(endpoint) = Endpoint::start() else { return };
    let response = send(&request(&endpoint.url("/a/b?c=d")), ample_deadline()).unwrap();
    assert_eq!(response, Response { status: 200, retry_after: None, text: String::new() });
    get(&endpoint.url("/ping"), &Trust::default()).unwrap();
    let requests = endpoint.requests(2);
    assert_eq!((&requests[0]["method"], &requests[0]["path"]), (&json!("POST"), &json!("/a/b?c=d")));
    assert_eq!((&requests[0]["headers"]["x-token"], &requests[0]["body"]), (&json!("hunter2"), &json!("{}")));
    assert_eq!((&requests[1]["method"], &requests[1]["body"]), (&json!("GET"), &json!("")));
}

#[test]
fn response_is_bounded_and_clean() {
    let Some(mut endpoint) = Endpoint::start() else { return };
    let long = "x".repeat(100_000);
    endpoint.respond_with(&[
        json!({"status": 429, "headers": {"Retry-After": "7"}, "body": "slow\ndown\u{1b}[31m"}),
        json!({"status": 500, "body": long}),
    ]);
    let url = endpoint.url("/");
    let response = get(&url, &Trust::default()).unwrap();
    assert_eq!((response.status, response.retry_after), (429, Some(Duration::from_secs(7))));
    assert_eq!(response.text, "slow\\u{a}down\\u{1b}[31m");
    let response = get(&url, &Trust::default()).unwrap();
    assert_eq!((response.status, response.text.chars().count()), (500, 300));
}

#[test]
fn redirect_is_not_followed() {
    let (Some(mut endpoint), Some(other)) = (Endpoint::start(), Endpoint::start()) else { return };
    endpoint.respond_with(&[json!({"status": 307, "headers": {"Location": other.url("/elsewhere")}})]);
    assert_eq!(send(&request(&endpoint.url("/")), ample_deadline()).unwrap().status, 307);
    assert_eq!((endpoint.requests(1).len(), other.count()), (1, 0));
}

#[test]
fn unreachable_endpoint_is_reported_without_its_path() {
    let Some(mut endpoint) = Endpoint::start() else { return };
    let url = endpoint.url("/hunter2");
    let place = url.trim_end_matches("hunter2");
    endpoint.respond_with(&[json!({"reset": true}), json!({"hang": true})]);
    let reset = get(&url, &Trust::default()).unwrap_err().to_string();
    assert!(reset.starts_with(&format!("cannot reach {place}…: ")) && reset.contains("reset"), "{reset}");
    let began = Instant::now();
    let hung = send(&request(&url), short_deadline()).unwrap_err().to_string();
    assert_eq!(hung, format!("cannot reach {place}…: timed out"));
    assert!(began.elapsed() < Duration::from_secs(5));
    let refused = get(&format!("http://127.0.0.1:{}/hunter2", free_port()), &Trust::default()).unwrap_err().to_string();
    assert!(refused.contains("refused") && !refused.contains("hunter2"), "{refused}");
    let late = send(&request(&url), Instant::now()).unwrap_err().to_string();
    assert_eq!(late, format!("cannot reach {place}…: no time left"));
    let nowhere = send(&request("https://nowhere.invalid/hunter2"), short_deadline()).unwrap_err().to_string();
    assert!(
        nowhere.starts_with("cannot reach https://nowhere.invalid/…: ") && !nowhere.contains("hunter2"),
        "{nowhere}"
    );
}

#[test]
fn returning_endpoint_is_reached_again() {
    let Some(endpoint) = Endpoint::start() else { return };
    let (port, url) = (endpoint.port(), endpoint.url("/"));
    drop(endpoint);
    get(&url, &Trust::default()).unwrap_err();
    let _endpoint = Endpoint::start_at(port, None).unwrap();
    assert_eq!(get(&url, &Trust::default()).unwrap().status, 200);
}

#[test]
fn untrusted_certificate_is_refused_unless_the_operator_accepts_it() {
    let (certificate, other) = (Certificate::new(), Certificate::new());
    let Some(endpoint) = Endpoint::start_tls(&certificate) else { return };
    let url = endpoint.url("/");
    let trusting = |ca_file| get(&url, &Trust { ca_file, accept_invalid_certificates: false });
    for error in [trusting(None), trusting(Some(other.ca_file()))] {
        let error = error.unwrap_err().to_string();
        assert!(error.contains("certificate") && error.ends_with("(for a private CA, set ca_file)"), "{error}");
    }
    assert_eq!(endpoint.count(), 0);
    assert_eq!(trusting(Some(certificate.ca_file())).unwrap().status, 200);
    assert_eq!(get(&url, &Trust { ca_file: None, accept_invalid_certificates: true }).unwrap().status, 200);
}

#[test]
fn certificate_for_another_name_is_refused() {
    let certificate = Certificate::of(&["elsewhere.test"]);
    let Some(endpoint) = Endpoint::start_tls(&certificate) else { return };
    let trust = Trust { ca_file: Some(certificate.ca_file()), accept_invalid_certificates: false };
    let error = get(&endpoint.url("/"), &trust).unwrap_err().to_string();
    assert!(error.contains("certificate not valid for name"), "{error}");
}
