//! Handing one mail to a relay, step by step: which step failed says whom it concerns.

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

use super::{Encryption, Relay};
use crate::clean;
use crate::deliver::{Message, SendError};
use crate::http::{with_hint, without};

/// What it takes to hand over one mail; it owns all of it, since it runs in a thread that may be left behind.
pub(super) struct Session {
    relay: Relay,
    tls: TlsParameters,
    login: Option<Login>,
    /// What must not be shown, whoever says it: servers repeat what they were sent.
    secrets: Vec<String>,
    hello: ClientId,
    until: Instant,
}

struct Login {
    user: String,
    password: String,
}

/// How long a goodbye may take.
const LEAVE: Duration = Duration::from_secs(1);

/// How many characters of an answer are told.
const ANSWER_CHARS: usize = 200;

/// The certificates that are believed; what is wrong with them, as one line.
pub(super) fn trusted(relay: &Relay) -> Result<TlsParameters, String> {
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
    /// Reads what is to be read before anybody is connected to.
    pub(super) fn prepare(relay: &Relay, message: &Message, until: Instant) -> Result<Self, SendError> {
        let login = match &relay.login {
            None => None,
            Some((user, password)) => {
                Some(Login { user: user.clone(), password: password.read().map_err(SendError::route)? })
            }
        };
        let tls = trusted(relay).map_err(SendError::route)?;
        let secrets = login.as_ref().map(Login::secrets).unwrap_or_default();
        Ok(Self { relay: relay.clone(), tls, login, secrets, hello: hello(&message.host), until })
    }

    /// Hands it over, and tells what became of it before it takes leave: whether the mail is out is known by then, and a
    /// server that is slow to say goodbye must not make a failure of it. Told is who did not get it while others did.
    pub(super) fn hand_over(&self, mail: &lettre::Message, tell: impl FnOnce(Result<String, SendError>)) {
        let (connection, handed_over) = match self.connect() {
            Ok(mut connection) => {
                let handed_over = self.deliver(&mut connection, mail);
                (Some(connection), handed_over)
            }
            Err(error) => (None, Err(error)),
        };
        tell(handed_over);
        if let Some(mut connection) = connection {
            // Nobody waits for it, and what it answers changes nothing.
            connection.set_timeout(Some(LEAVE)).ok();
            connection.abort();
        }
    }

    fn left(&self) -> Option<Duration> {
        // Zero would be refused by the system.
        Some(self.until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1)))
    }

    fn reason(&self, error: &Error) -> String {
        reason(error, &self.secrets)
    }

    fn route(&self, step: &str, error: &Error) -> SendError {
        SendError::route(format!("{} {step}: {}", self.relay, self.reason(error)))
    }

    /// Up to where the relay knows us.
    fn connect(&self) -> Result<SmtpConnection, SendError> {
        let relay = &self.relay;
        let tls = (relay.encryption == Encryption::Implicit).then_some(&self.tls);
        let place = (relay.server.as_str(), relay.port);
        let mut connection = SmtpConnection::connect(place, self.left(), &self.hello, tls, None)
            .map_err(|error| SendError::route(format!("cannot connect to {relay}: {}", self.reason(&error))))?;
        if relay.encryption == Encryption::StartTls {
            if !connection.can_starttls() {
                connection.abort();
                return Err(SendError::route(format!("{relay} does not offer STARTTLS, and without nothing is sent")));
            }
            connection.starttls(&self.tls, &self.hello).map_err(|error| self.route("does not become TLS", &error))?;
        }
        if let Some(Login { user, password }) = &self.login {
            let credentials = Credentials::new(user.clone(), password.clone());
            let answer = connection.auth(DEFAULT_MECHANISMS, &credentials);
            answer.map_err(|error| self.route(&format!("refuses the login of '{user}'"), &error))?;
        }
        Ok(connection)
    }

    fn deliver(&self, connection: &mut SmtpConnection, mail: &lettre::Message) -> Result<String, SendError> {
        let envelope = mail.envelope();
        let mut parameters = Vec::new();
        let mut addresses = envelope.to().iter().chain(envelope.from());
        if !addresses.all(|address| AsRef::<str>::as_ref(address).is_ascii()) {
            if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
                let problem = format!("{} takes no addresses with such characters (SMTPUTF8)", self.relay);
                return Err(SendError::route(problem));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        let from = envelope.from().cloned();
        connection.command(Mail::new(from, parameters)).map_err(|error| self.route("refuses the sender", &error))?;
        let (mut refusals, mut any_for_now) = (Vec::new(), false);
        for to in envelope.to() {
            match connection.command(Rcpt::new(to.clone(), Vec::new())) {
                Ok(_) => {}
                Err(error) => {
                    let step = format!("refuses {to}");
                    any_for_now |= !is_final(&error);
                    if !is_about_a_recipient(&error) {
                        return Err(self.route(&step, &error));
                    }
                    refusals.push(format!("{to}: {}", self.reason(&error)));
                }
            }
        }
        let told = refusals.join("; ");
        if refusals.len() == envelope.to().len() {
            let text = format!("{} refuses {told}", self.relay);
            return Err(if any_for_now { SendError::route(text) } else { SendError::message(text) });
        }
        let refused = |error: Error| match is_final(&error) {
            true => SendError::message(format!("{} refuses the mail: {}", self.relay, self.reason(&error))),
            false => self.route("does not take the mail", &error),
        };
        connection.command(Data).map_err(refused)?;
        connection.message(&mail.formatted()).map_err(refused)?;
        // It is theirs now, whatever becomes of the connection.
        Ok(clean::bounded(&told, ANSWER_CHARS))
    }
}

/// Whether it will not be otherwise another time.
fn is_final(error: &Error) -> bool {
    error.is_permanent()
}

/// Whether the connection goes on after it. With 421 the server goes away.
fn is_about_a_recipient(error: &Error) -> bool {
    error.status().is_some_and(|code| code.to_string() != "421")
}

impl Login {
    /// What must not be shown: the password, and the forms in which it crosses the line.
    fn secrets(&self) -> Vec<String> {
        let base64 = |text: String| {
            let body = Body::new_with_encoding(text.into_bytes(), ContentTransferEncoding::Base64);
            body.map(|body| String::from_utf8_lossy(&body.into_vec()).replace("\r\n", "")).unwrap_or_default()
        };
        let plain = format!("\0{}\0{}", self.user, self.password);
        vec![base64(plain), base64(self.password.clone()), self.password.clone()]
    }
}

/// How this machine introduces itself: by its name, if it is one as DNS has it.
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

/// What the relay said, or what happened, in a few words and without secrets.
fn reason(error: &Error, secrets: &[String]) -> String {
    let said = error.source().map(ToString::to_string).unwrap_or_default();
    let text = match error.status() {
        Some(code) => format!("{code} {said}"),
        None if is_timeout(error) => "no answer in time".to_owned(),
        None if said.is_empty() => error.to_string(),
        None => said,
    };
    with_hint(clean::bounded(without(text.trim(), secrets).as_str(), ANSWER_CHARS))
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
