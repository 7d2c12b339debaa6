//! The heartbeat: pings a monitoring service, such as healthchecks.io, at the start and at the end of a run. The
//! service raises an alarm when runs stop. A failed ping is a line in the log and nothing else.

use std::fmt::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use checkpost_model::check::Status;
use checkpost_model::clean;

use crate::http::{self, Method, Request, Url};
use crate::secret::Guarded;
use crate::tls::Trust;

/// Characters of an error that are sent.
const ERROR_CHARS: usize = 1_000;

/// The section `[heartbeat]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// The URL to ping. Anybody who knows it can ping in the name of this machine.
    pub url: Guarded,
    /// The longest time that one ping may take.
    pub timeout: Duration,
    /// The certificates that the service may present.
    pub trust: Trust,
}

impl Heartbeat {
    /// The URL, read and parsed.
    ///
    /// # Errors
    /// Why it cannot be used, as one line without the URL.
    pub fn parsed_url(&self) -> Result<Url, String> {
        let url = self.url.read()?;
        Url::parse(&url).map_err(|problem| match &self.url {
            Guarded::Secret(secret) => format!("{secret}: {problem}"),
            Guarded::Plain(_) => problem.to_owned(),
        })
    }
}

/// How a run ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finish {
    /// The exit code of a run that failed; `None` for a run that did its work, whatever its checks found.
    pub failure_code: Option<u8>,
    /// The row in `runs`, if the cycle was stored.
    pub run_id: Option<i64>,
    /// The worst status of its checks.
    pub status: Option<Status>,
    /// The reason of the failure, as one line.
    pub error: Option<String>,
}

/// The pings of one run: at most one at its start and one at its end.
#[derive(Debug)]
pub struct Pinger {
    heartbeat: Option<Heartbeat>,
    /// The identifier of the run in both pings.
    run: String,
    started: Instant,
    /// Reports when the ping of the start is done, successful or not.
    start_ping: Mutex<Option<mpsc::Receiver<()>>>,
    finished: AtomicBool,
}

impl Pinger {
    /// The pinger of a run that began at `started`. Sends nothing yet.
    pub fn new(heartbeat: Option<Heartbeat>, started: Instant) -> Self {
        Self { heartbeat, run: uuid(), started, start_ping: Mutex::default(), finished: AtomicBool::new(false) }
    }

    /// The longest time that [`Pinger::finish`] may take.
    pub fn finish_timeout(&self) -> Duration {
        self.heartbeat.as_ref().map_or(Duration::ZERO, |heartbeat| heartbeat.timeout)
    }

    /// Pings that the run has started, in the background.
    pub fn start(&self) {
        let Some(heartbeat) = &self.heartbeat else { return };
        let deadline = Instant::now() + heartbeat.timeout;
        if let Ok(mut start_ping) = self.start_ping.lock() {
            *start_ping = ping(heartbeat, "/start", &self.run, String::new(), deadline);
        }
    }

    /// Pings how the run ended, and waits for the ping. Does nothing when called again.
    pub fn finish(&self, outcome: &Finish) {
        let Some(heartbeat) = &self.heartbeat else { return };
        if self.finished.swap(true, Ordering::SeqCst) {
            return;
        }
        let deadline = Instant::now() + heartbeat.timeout;
        // The ping of the start must not arrive last; but if it hangs, it must leave time for this one.
        let start_ping = self.start_ping.lock().ok().and_then(|mut start_ping| start_ping.take());
        start_ping.inspect(|done| _ = done.recv_timeout(heartbeat.timeout / 2));
        let path = outcome.failure_code.map_or_else(String::new, |exit_code| format!("/{exit_code}"));
        let body = body(outcome, self.started.elapsed());
        if let Some(done) = ping(heartbeat, &path, &self.run, body, deadline) {
            // Reading the URL from a file may hang, too, so the deadline of the request is not enough.
            let _ = done.recv_timeout(deadline.saturating_duration_since(Instant::now()));
        }
    }
}

/// Sends one ping in the background. The returned channel reports when the ping is done.
fn ping(heartbeat: &Heartbeat, path: &str, run: &str, body: String, deadline: Instant) -> Option<mpsc::Receiver<()>> {
    let (done, receiver) = mpsc::channel();
    let (heartbeat, path, run) = (heartbeat.clone(), path.to_owned(), run.to_owned());
    let send = move || {
        if let Err(reason) = send(&heartbeat, &path, &run, body, deadline) {
            tracing::warn!("Heartbeat not sent: {reason}");
        }
        // The receiver may have stopped waiting.
        let _ = done.send(());
    };
    match thread::Builder::new().name("heartbeat".to_owned()).spawn(send) {
        Ok(_) => Some(receiver),
        Err(error) => {
            tracing::warn!("Heartbeat not sent: {error}");
            None
        }
    }
}

fn send(heartbeat: &Heartbeat, path: &str, run: &str, body: String, deadline: Instant) -> Result<(), String> {
    let url = heartbeat.parsed_url()?.join(path)?.with_query("rid", run)?;
    let request = Request {
        url: url.clone(),
        method: Method::Post,
        headers: vec![("Content-Type".to_owned(), "text/plain; charset=utf-8".to_owned())],
        body: body.into_bytes(),
        trust: heartbeat.trust.clone(),
        secrets: Vec::new(),
    };
    match http::send(&request, deadline) {
        Ok(response) if (200..300).contains(&response.status) => Ok(()),
        // Without the text of the response: an error page may quote the URL.
        Ok(response) => Err(format!("{url} answered {}", response.status)),
        Err(error) => Err(error.to_string()),
    }
}

/// The text that the service shows with the ping.
fn body(outcome: &Finish, duration: Duration) -> String {
    let mut body = String::new();
    let mut line = |line: fmt::Arguments<'_>| {
        // A String takes every write.
        let _ = writeln!(body, "{line}");
    };
    if let Some(run_id) = outcome.run_id {
        line(format_args!("run {run_id}"));
    }
    line(format_args!("{} ms", duration.as_millis()));
    if let Some(exit_code) = outcome.failure_code {
        line(format_args!("exit code {exit_code}"));
    }
    if let Some(status) = outcome.status {
        line(format_args!("{}", status.level()));
    }
    if let Some(error) = &outcome.error {
        line(format_args!("{}", clean::bounded(error, ERROR_CHARS)));
    }
    body
}

/// A random UUID (version 4).
fn uuid() -> String {
    let mut bytes = [0; 16];
    // Without random numbers, all runs have the same UUID, and the service still pairs pings by their time.
    let _ = getrandom::fill(&mut bytes);
    let number = u128::from_be_bytes(bytes) & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let digits = format!("{number:032x}");
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::secret::Secret;

    #[test]
    fn uuid_is_random_and_well_formed() {
        let (one, other) = (uuid(), uuid());
        assert_ne!(one, other);
        let parts: Vec<_> = one.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12]);
        assert_eq!(&one[14..15], "4");
        assert!("89ab".contains(&one[19..20]), "{one}");
    }

    #[test]
    fn ping_body_has_the_known_parts_of_the_outcome() {
        let duration = Duration::from_millis(1_041);
        let done = Finish { run_id: Some(7), status: Some(Status::Critical), ..Finish::default() };
        assert_eq!(body(&done, duration), "run 7\n1041 ms\nCRITICAL\n");
        let error = Some("no space left\n".repeat(1_000));
        let failed = Finish { failure_code: Some(1), error, ..Finish::default() };
        let text = body(&failed, duration);
        assert!(text.starts_with("1041 ms\nexit code 1\nno space left\\u{a}no space"), "{text}");
        assert_eq!((text.lines().count(), text.chars().count() < 1_100), (3, true));
    }

    #[test]
    fn invalid_url_is_not_shown() {
        let heartbeat = |url| Heartbeat { url, timeout: Duration::from_secs(5), trust: Trust::default() };
        let secret = Secret::variable("PING_URL", Some("hunter2".to_owned()));
        let error = heartbeat(Guarded::Secret(secret)).parsed_url().unwrap_err();
        assert_eq!(error, "variable PING_URL: a URL must begin with https:// or http://");
        let error = heartbeat(Guarded::Secret(Secret::variable("PING_URL", None))).parsed_url().unwrap_err();
        assert_eq!(error, "PING_URL is neither in the environment nor in .env");
    }
}
