//! Servers to deliver to: a real SMTP server and a real HTTP endpoint, each a process on loopback that ends with the
//! test.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{python, root};

/// How long a test waits for something that must happen.
const PATIENCE: Duration = Duration::from_secs(20);

/// A certificate for this machine, and the unknown CA that signed it.
pub struct Certificate {
    directory: TempDir,
}

impl Certificate {
    /// A certificate for `localhost` and 127.0.0.1.
    pub fn new() -> Self {
        Self::of(&["localhost", "127.0.0.1"])
    }

    /// A certificate for these names.
    pub fn of(names: &[&str]) -> Self {
        let ca_key = KeyPair::generate().unwrap();
        let mut ca = CertificateParams::new(Vec::new()).unwrap();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca_pem = ca.self_signed(&ca_key).unwrap().pem();
        let key = KeyPair::generate().unwrap();
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let issuer = Issuer::new(ca, ca_key);
        let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
        let directory = tempfile::tempdir().unwrap();
        for (file, pem) in [("ca.pem", ca_pem), ("cert.pem", certificate.pem()), ("key.pem", key.serialize_pem())] {
            std::fs::write(directory.path().join(file), pem).unwrap();
        }
        Self { directory }
    }

    /// The certificate of the CA, as PEM.
    pub fn ca_file(&self) -> PathBuf {
        self.directory.path().join("ca.pem")
    }

    fn chain(&self) -> (PathBuf, PathBuf) {
        (self.directory.path().join("cert.pem"), self.directory.path().join("key.pem"))
    }
}

/// A Python process that reports its events.
struct Server {
    child: Child,
    port: u16,
    events: Arc<Mutex<Vec<Value>>>,
    accepted: Receiver<()>,
}

impl Server {
    /// Starts a script, which prints the port that it listens on. `None` where there is no Python with the module that
    /// it needs.
    fn start(script: &str, module: &str, settings: &Value) -> Option<Self> {
        let mut child = Command::new(python(module)?)
            .arg(root().join("tests/support").join(script))
            .arg(settings.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first: Value = serde_json::from_str(&lines.next().expect("the server starts").unwrap()).unwrap();
        let events = Arc::new(Mutex::new(Vec::new()));
        let (sender, accepted) = mpsc::channel();
        let collected = Arc::clone(&events);
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let event: Value = serde_json::from_str(&line).unwrap();
                match event.get("accepted") {
                    Some(_) => _ = sender.send(()),
                    None => collected.lock().unwrap().push(event),
                }
            }
        });
        Some(Self { child, port: first["port"].as_u64().unwrap() as u16, events, accepted })
    }

    /// Sends settings, and waits until the process has accepted them.
    fn configure(&mut self, what: &Value) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{what}").unwrap();
        self.accepted.recv_timeout(PATIENCE).unwrap();
    }

    fn events(&self, kind: &str) -> Vec<Value> {
        self.events.lock().unwrap().iter().filter_map(|event| event.get(kind)).cloned().collect()
    }

    /// The events of a kind, once there are this many. An event may be reported a moment after the client has seen its
    /// effect.
    fn wait_for(&self, kind: &str, count: usize) -> Vec<Value> {
        let until = Instant::now() + PATIENCE;
        loop {
            let events = self.events(kind);
            if events.len() >= count {
                return events;
            }
            assert!(Instant::now() < until, "expected {count} events of kind {kind}, got {}", events.len());
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The configuration of a mail server.
#[derive(Clone, Default)]
pub struct SmtpOptions<'a> {
    /// `starttls` or `implicit`, with the certificate; `None`: not encrypted.
    pub tls: Option<(&'a str, &'a Certificate)>,
    /// User and password that the server requires.
    pub login: Option<(&'a str, &'a str)>,
    /// The port; 0: any.
    pub port: u16,
}

/// A mail server.
pub struct Smtp(Server);

impl Smtp {
    /// Starts a mail server. `None`, with a message, where there is no aiosmtpd.
    pub fn start(options: &SmtpOptions<'_>) -> Option<Self> {
        let (tls, chain) = options.tls.map_or(("none", None), |(tls, certificate)| (tls, Some(certificate.chain())));
        let (certificate, key) = chain.unzip();
        let login = options.login.map(|(user, password)| [user, password]);
        let settings =
            json!({"tls": tls, "certificate": certificate, "key": key, "login": login, "port": options.port});
        Server::start("smtp.py", "aiosmtpd", &settings).map(Self)
    }

    pub fn port(&self) -> u16 {
        self.0.port
    }

    /// Sets the replies to recipients: `("bob@example.org", "550 5.1.1 no such user")`; `*` is all others.
    pub fn refuse(&mut self, recipients: &[(&str, &str)]) {
        let recipients: serde_json::Map<_, _> =
            recipients.iter().map(|(address, reply)| ((*address).to_owned(), Value::from(*reply))).collect();
        self.0.configure(&json!({"recipients": recipients}));
    }

    /// Sets where the server stops responding: `greeting`, `trickle` (a byte now and then), `data` or `quit`.
    pub fn hang(&mut self, at: Option<&str>) {
        self.0.configure(&json!({"hang": at}));
    }

    /// Sets the reply to a whole mail.
    pub fn answer(&mut self, after_data: &str) {
        self.0.configure(&json!({"after_data": after_data}));
    }

    /// The mails that came, once there are this many: `from`, `to`, `text`, `encrypted`, `user`.
    pub fn mails(&self, count: usize) -> Vec<Value> {
        self.0.wait_for("mail", count)
    }

    /// How many mails came.
    pub fn count(&self) -> usize {
        self.0.events("mail").len()
    }
}

/// An HTTP endpoint, which answers 200 unless told otherwise.
pub struct Endpoint {
    server: Server,
    scheme: &'static str,
}

impl Endpoint {
    /// Starts an endpoint. `None`, with a message, where there is no Python.
    pub fn start() -> Option<Self> {
        Self::start_at(0, None)
    }

    /// Starts an endpoint with TLS.
    pub fn start_tls(certificate: &Certificate) -> Option<Self> {
        Self::start_at(0, Some(certificate))
    }

    /// Starts an endpoint at this port, such as one that comes back.
    pub fn start_at(port: u16, certificate: Option<&Certificate>) -> Option<Self> {
        let scheme = if certificate.is_some() { "https" } else { "http" };
        let (certificate, key) = certificate.map(Certificate::chain).unzip();
        let settings = json!({"certificate": certificate, "key": key, "port": port});
        let server = Server::start("endpoint.py", "ssl", &settings)?;
        Some(Self { server, scheme })
    }

    pub fn port(&self) -> u16 {
        self.server.port
    }

    /// The address of a path on the endpoint.
    pub fn url(&self, path: &str) -> String {
        format!("{}://127.0.0.1:{}{path}", self.scheme, self.server.port)
    }

    /// Sets the answers to the next requests, in order: `{"status": 429, "headers": {…}, "body": "…"}`, `{"hang":
    /// true}`, `{"reset": true}`. After them, the endpoint answers 200 again.
    pub fn respond_with(&mut self, answers: &[Value]) {
        self.server.configure(&json!(answers));
    }

    /// The requests that came, once there are this many: `method`, `path`, `headers` (lower-case names), `body`.
    pub fn requests(&self, count: usize) -> Vec<Value> {
        self.server.wait_for("request", count)
    }

    /// How many requests came.
    pub fn count(&self) -> usize {
        self.server.events("request").len()
    }
}

/// A port of this machine without a listener.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The path as a TOML string.
pub fn toml_path(path: &Path) -> String {
    format!("{:?}", path.display().to_string())
}
