//! Sends one request and reads its response, within a deadline.

use std::io::Read;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use ureq::http::HeaderValue;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig};
use ureq::{Agent, Body, Proxy};

use checkpost_model::clean;

use super::request::{Method, Request, Response};
use super::retry_after::retry_after;
use crate::tls::with_ca_hint;

/// Why there is no response, as one line without the path and the query of the URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct HttpError(String);

/// Bytes of a body that are read: enough for a reason.
const BODY_BYTES: u64 = 4096;
/// Characters of a body or an error that are shown.
const TEXT_CHARS: usize = 300;

/// Sends a request and waits for the response until the deadline.
///
/// # Errors
/// When there is no response. A response with an error status is not an error here.
pub fn send(request: &Request, deadline: Instant) -> Result<Response, HttpError> {
    let shown = |text: &str| clean::bounded(&request.redact(text), TEXT_CHARS);
    let cannot = |reason: &str| HttpError(format!("cannot reach {}: {}", request.url, shown(reason)));
    let remaining = deadline.saturating_duration_since(Instant::now());
    if remaining.is_zero() {
        return Err(cannot("no time left"));
    }
    let agent = agent(request, remaining).map_err(|reason| cannot(&reason))?;
    let mut builder = ureq::http::Request::builder().uri(request.url.uri());
    for (name, value) in &request.headers {
        // The builder's own error would not name the header.
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
    let retry_after_header = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
    Ok(Response {
        status: response.status().as_u16(),
        retry_after: retry_after_header.and_then(|value| retry_after(value, Timestamp::now())),
        text: shown(&text(response.body_mut())),
    })
}

fn agent(request: &Request, timeout: Duration) -> Result<Agent, String> {
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
        .timeout_global(Some(timeout))
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

/// A short reason without the URL, which the library's own texts may contain.
fn reason(error: &ureq::Error) -> String {
    let text = match error {
        ureq::Error::Timeout(_) => return "timed out".to_owned(),
        ureq::Error::HostNotFound => return "no such host".to_owned(),
        ureq::Error::Io(error) => error.to_string(),
        ureq::Error::Rustls(error) => error.to_string(),
        ureq::Error::BadUri(_) => return "invalid URL".to_owned(),
        other => other.to_string(),
    };
    with_ca_hint(text)
}

fn text(body: &mut Body) -> String {
    let mut bytes = Vec::new();
    // A body that breaks off does not change the status.
    let _ = body.as_reader().take(BODY_BYTES).read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).trim().to_owned()
}
