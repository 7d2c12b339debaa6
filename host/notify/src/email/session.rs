//! One email over SMTP, step by step, because the failing step decides whether the error is one of the route or of the
//! message.

use std::error::Error as _;
use std::io;
use std::time::{Duration, Instant};

use lettre::message::Body;
use lettre::message::header::ContentTransferEncoding;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{Certificate, CertificateStore, SmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};

use checkpost_model::clean;

use super::relay::{Encryption, Relay};
use crate::SendError;
use crate::redact::redact;
use crate::tls::with_ca_hint;

/// Everything that is needed to hand over one email. Owned, because its thread may outlive the attempt.
pub(super) struct Session {
    relay: Relay,
    tls: TlsParameters,
    login: Option<Login>,
    /// Redacted in replies: servers repeat what they were sent.
    secrets: Vec<String>,
    hello: ClientId,
    deadline: Instant,
}

struct Login {
    user: String,
    password: String,
}

/// The longest wait for the reply to QUIT.
const QUIT_TIMEOUT: Duration = Duration::from_secs(1);

/// Characters of a reply that are shown.
const REPLY_CHARS: usize = 200;

/// The TLS settings of a relay, or the problem with them as one line.
pub(super) fn tls_parameters(relay: &Relay) -> Result<TlsParameters, String> {
    let mut builder = TlsParameters::builder(relay.server.clone());
    if let Some(pem) = relay.trust.pem()? {
        let certificate = Certificate::from_pem(&pem).map_err(|_| "ca_file is not valid PEM".to_owned())?;
        builder = builder.certificate_store(CertificateStore::None).add_root_certificate(certificate);
    }
    if relay.trust.accept_invalid_certificates {
        builder = builder.dangerous_accept_invalid_certs(true).dangerous_accept_invalid_hostnames(true);
    }
    builder.build_rustls().map_err(|error| format!("cannot set up TLS: {}", reason(&error, &[])))
}

impl Session {
    /// Reads the password and the certificates, before there is a connection. `host` is the name of this machine.
    pub(super) fn prepare(relay: &Relay, host: &str, deadline: Instant) -> Result<Self, SendError> {
        let login = match &relay.login {
            None => None,
            Some((user, password)) => {
                Some(Login { user: user.clone(), password: password.read().map_err(SendError::route)? })
            }
        };
        let tls = tls_parameters(relay).map_err(SendError::route)?;
        let secrets = login.as_ref().map(Login::secrets).unwrap_or_default();
        Ok(Self { relay: relay.clone(), tls, login, secrets, hello: hello(host), deadline })
    }

    /// Hands the email over. Calls `report` with the result before QUIT: the result is known by then, and a server that
    /// is slow to reply to QUIT must not turn it into a failure. A success names the refused recipients, if any.
    pub(super) fn hand_over(&self, email: &lettre::Message, report: impl FnOnce(Result<String, SendError>)) {
        let (connection, result) = match self.connect() {
            Ok(mut connection) => {
                let result = self.deliver(&mut connection, email);
                (Some(connection), result)
            }
            Err(error) => (None, Err(error)),
        };
        report(result);
        if let Some(mut connection) = connection {
            // Nobody waits for the reply, and it changes nothing.
            connection.set_timeout(Some(QUIT_TIMEOUT)).ok();
            connection.abort();
        }
    }

    fn remaining(&self) -> Option<Duration> {
        // The system refuses a timeout of zero.
        Some(self.deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1)))
    }

    fn reason(&self, error: &Error) -> String {
        reason(error, &self.secrets)
    }

    fn route_error(&self, step: &str, error: &Error) -> SendError {
        SendError::route(format!("{} {step}: {}", self.relay, self.reason(error)))
    }

    /// Connects, encrypts and logs in.
    fn connect(&self) -> Result<SmtpConnection, SendError> {
        let relay = &self.relay;
        let tls = (relay.encryption == Encryption::Implicit).then_some(&self.tls);
        let address = (relay.server.as_str(), relay.port);
        let mut connection = SmtpConnection::connect(address, self.remaining(), &self.hello, tls, None)
            .map_err(|error| SendError::route(format!("cannot connect to {relay}: {}", self.reason(&error))))?;
        if relay.encryption == Encryption::StartTls {
            if !connection.can_starttls() {
                connection.abort();
                return Err(SendError::route(format!("{relay} does not offer STARTTLS, so nothing is sent")));
            }
            connection.starttls(&self.tls, &self.hello).map_err(|error| {
                SendError::route(format!("cannot switch to TLS with {relay}: {}", self.reason(&error)))
            })?;
        }
        if let Some(Login { user, password }) = &self.login {
            let credentials = Credentials::new(user.clone(), password.clone());
            let reply = connection.auth(DEFAULT_MECHANISMS, &credentials);
            reply.map_err(|error| self.route_error(&format!("refuses the login of '{user}'"), &error))?;
        }
        Ok(connection)
    }

    fn deliver(&self, connection: &mut SmtpConnection, email: &lettre::Message) -> Result<String, SendError> {
        let envelope = email.envelope();
        let mut parameters = Vec::new();
        let mut addresses = envelope.to().iter().chain(envelope.from());
        if !addresses.all(|address| AsRef::<str>::as_ref(address).is_ascii()) {
            if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
                let problem = "does not accept addresses with non-ASCII characters (SMTPUTF8)";
                return Err(SendError::route(format!("{} {problem}", self.relay)));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        let from = envelope.from().cloned();
        connection
            .command(Mail::new(from, parameters))
            .map_err(|error| self.route_error("refuses the sender", &error))?;
        let (mut refusals, mut any_temporary) = (Vec::new(), false);
        for to in envelope.to() {
            match connection.command(Rcpt::new(to.clone(), Vec::new())) {
                Ok(_) => {}
                Err(error) => {
                    any_temporary |= !error.is_permanent();
                    if !connection_continues(&error) {
                        return Err(self.route_error(&format!("refuses {to}"), &error));
                    }
                    refusals.push(format!("{to}: {}", self.reason(&error)));
                }
            }
        }
        let refused = refusals.join("; ");
        if refusals.len() == envelope.to().len() {
            let text = format!("{} refuses {refused}", self.relay);
            return Err(if any_temporary { SendError::route(text) } else { SendError::message(text) });
        }
        let email_error = |error: Error| match error.is_permanent() {
            true => SendError::message(format!("{} refuses the email: {}", self.relay, self.reason(&error))),
            false => self.route_error("does not accept the email", &error),
        };
        connection.command(Data).map_err(email_error)?;
        connection.message(&email.formatted()).map_err(email_error)?;
        // The relay has accepted the email, even if the connection fails now.
        Ok(clean::bounded(&refused, REPLY_CHARS))
    }
}

/// Whether the connection can be used after an error of one recipient. With 421 the server closes it.
fn connection_continues(error: &Error) -> bool {
    error.status().is_some_and(|code| code.to_string() != "421")
}

impl Login {
    /// The password, and the two forms in which it is sent.
    fn secrets(&self) -> Vec<String> {
        let base64 = |text: String| {
            let body = Body::new_with_encoding(text.into_bytes(), ContentTransferEncoding::Base64);
            body.map(|body| String::from_utf8_lossy(&body.into_vec()).replace("\r\n", "")).unwrap_or_default()
        };
        let plain = format!("\0{}\0{}", self.user, self.password);
        vec![base64(plain), base64(self.password.clone()), self.password.clone()]
    }
}

/// The name with which this machine introduces itself: its host name, if that is a valid DNS name.
fn hello(host: &str) -> ClientId {
    let is_label = |label: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=63).contains(&label.len())
            && label.bytes().all(allowed)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if host.len() <= 253 && host.split('.').all(is_label) {
        ClientId::Domain(host.to_owned())
    } else {
        ClientId::default()
    }
}

/// The reply of the relay or the error of the connection, short and without secrets.
fn reason(error: &Error, secrets: &[String]) -> String {
    let source = error.source().map(ToString::to_string).unwrap_or_default();
    let text = match error.status() {
        Some(code) => format!("{code} {source}"),
        None if is_timeout(error) => "timed out".to_owned(),
        None if source.is_empty() => error.to_string(),
        None => source,
    };
    with_ca_hint(clean::bounded(redact(text.trim(), secrets).as_str(), REPLY_CHARS))
}

fn is_timeout(error: &Error) -> bool {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(cause) = cause.downcast_ref::<io::Error>() {
            return matches!(cause.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock);
        }
        source = cause.source();
    }
    false
}
