//! One request over HTTP, within a deadline. Knows neither what is sent nor why.
//!
//! Redirects are not followed: what goes to one host goes to no other. Proxies are those of the environment
//! (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`), as for curl, but for what is on this machine.

mod hidden;
mod retry_after;
mod url;

use std::fmt;
use std::io::Read;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use ureq::http::{HeaderName, HeaderValue};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig};
use ureq::{Agent, Body, Proxy};

pub(crate) use self::hidden::without;
pub use self::url::{Url, is_loopback};
use crate::clean;
use crate::tls::Trust;

/// What is sent.
#[derive(Clone)]
pub struct Request {
    /// Where.
    pub url: Url,
    /// How.
    pub method: Method,
    /// With what beside the usual headers. Values are not shown in errors.
    pub headers: Vec<(String, String)>,
    /// The body; empty with GET.
    pub body: Vec<u8>,
    /// Whom it may go to.
    pub trust: Trust,
    /// What of it an answer must not bring to light, beside the address.
    pub secrets: Vec<String>,
}

/// What a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Without a body.
    Get,
    /// With one.
    Post,
}

/// What came back, whatever it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// 200, 429.
    pub status: u16,
    /// How long the server asks to be left alone.
    pub retry_after: Option<Duration>,
    /// The beginning of the body, on one clean line, without the secrets of the request and parts of its address.
    pub text: String,
}

/// Without the values of headers, the body and the secrets.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        let mut shown = f.debug_struct("Request");
        shown.field("url", &self.url).field("method", &self.method).field("headers", &names);
        shown.field("trust", &self.trust).finish_non_exhaustive()
    }
}

/// Why there is no answer, as one line without path or query of the address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct HttpError(pub String);

/// What is read of a body: no more than a reason.
const BODY_BYTES: u64 = 4096;
/// How many characters of a body are kept.
const TEXT_CHARS: usize = 300;

/// Whether a text may be the name of a header.
pub fn is_header_name(text: &str) -> bool {
    HeaderName::from_bytes(text.as_bytes()).is_ok()
}

/// Whether a text may be the value of a header: one line.
pub fn is_header_value(text: &str) -> bool {
    HeaderValue::from_str(text).is_ok()
}

/// Sends a request and waits for the answer, to the deadline at most.
///
/// # Errors
/// When there is no answer. One that says no is no error.
pub fn send(request: &Request, deadline: Instant) -> Result<Answer, HttpError> {
    let shown = |text: &str| clean::bounded(&hidden::hide(text, request), TEXT_CHARS);
    let cannot = |why: &str| HttpError(format!("cannot reach {}: {}", request.url, shown(why)));
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(cannot("no time is left"));
    }
    let agent = agent(request, left).map_err(|why| cannot(&why))?;
    let mut builder = ureq::http::Request::builder().uri(request.url.uri());
    for (name, value) in &request.headers {
        // The error does not say the value, but neither does it say which header it is.
        let value =
            HeaderValue::from_str(value).map_err(|_| cannot(&format!("header {name} is not one line of text")))?;
        builder = builder.header(name, value);
    }
    let response = match request.method {
        Method::Get => builder.method("GET").body(()).map(|request| agent.run(request)),
        Method::Post => builder.method("POST").body(request.body.as_slice()).map(|request| agent.run(request)),
    };
    let mut response =
        response.map_err(|error| cannot(&error.to_string()))?.map_err(|error| cannot(&reason(&error)))?;
    let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
    Ok(Answer {
        status: response.status().as_u16(),
        retry_after: retry_after.and_then(|value| retry_after::retry_after(value, Timestamp::now())),
        text: shown(&text(response.body_mut())),
    })
}

fn agent(request: &Request, left: Duration) -> Result<Agent, String> {
    let certificates = match request.trust.pem()? {
        None => RootCerts::PlatformVerifier,
        Some(pem) => RootCerts::from(certificates(&pem)?),
    };
    let tls = TlsConfig::builder()
        .root_certs(certificates)
        .disable_verification(request.trust.accept_invalid_certificates)
        .build();
    let proxy = if request.url.is_loopback() { None } else { Proxy::try_from_env() };
    let config = Agent::config_builder()
        .tls_config(tls)
        .proxy(proxy)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(Some(left))
        .user_agent(concat!("checkpost/", env!("CARGO_PKG_VERSION")))
        .build();
    Ok(config.into())
}

fn certificates(pem: &[u8]) -> Result<Vec<Certificate<'static>>, String> {
    let items = ureq::tls::parse_pem(pem);
    let certificates = items.filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(Ok(certificate)),
        Ok(_) => None,
        Err(_) => Some(Err("ca_file is not valid PEM".to_owned())),
    });
    certificates.collect()
}

/// In a few words, and without the address: the library's own may have it.
fn reason(error: &ureq::Error) -> String {
    let text = match error {
        ureq::Error::Timeout(_) => return "no answer in time".to_owned(),
        ureq::Error::HostNotFound => return "there is no such host".to_owned(),
        ureq::Error::Io(error) => error.to_string(),
        ureq::Error::Rustls(error) => error.to_string(),
        ureq::Error::BadUri(_) => return "the address is not understood".to_owned(),
        other => other.to_string(),
    };
    with_hint(text)
}

/// What a library says of a certificate, with what can be done about it.
pub(crate) fn with_hint(text: String) -> String {
    match text.contains("certificate") {
        true => format!("{text}: ca_file names the certificate of a CA of your own"),
        false => text,
    }
}

fn text(body: &mut Body) -> String {
    let mut bytes = Vec::new();
    // What cannot be read to its end is no reason to doubt the status.
    let _ = body.as_reader().take(BODY_BYTES).read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).trim().to_owned()
}
