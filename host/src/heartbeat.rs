//! Tells a service elsewhere that runs come, begin and end, as healthchecks.io has it: it raises the alarm when they do
//! not. A ping that fails is a line in the log and nothing else.

use std::fmt::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use crate::check::Status;
use crate::clean;
use crate::http::{self, Method, Request, Url};
use crate::secret::Guarded;
use crate::tls::Trust;

/// Characters of an error that are sent.
const ERROR_CHARS: usize = 1_000;

/// `[heartbeat]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// The address to ping; whoever knows it can ping in our name.
    pub url: Guarded,
    /// How long one ping may take.
    pub timeout: Duration,
    /// Whose certificates are believed.
    pub trust: Trust,
}

impl Heartbeat {
    /// Its address.
    ///
    /// # Errors
    /// Why there is none, as one line without it.
    pub fn address(&self) -> Result<Url, String> {
        let url = self.url.read()?;
        Url::parse(&url).map_err(|why| match &self.url {
            Guarded::Secret(secret) => format!("{secret}: {why}"),
            Guarded::Plain(_) => why.to_owned(),
        })
    }
}

/// How a run ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ending {
    /// Whether the host failed, and the exit code with which the run ends then.
    pub failed: Option<u8>,
    /// Row in `runs`, of a cycle that was stored.
    pub run_id: Option<i64>,
    /// The worst of its checks.
    pub status: Option<Status>,
    /// The line that says what failed.
    pub error: Option<String>,
}

/// The pings of one run: at most one when it begins, and one when it ends.
#[derive(Debug)]
pub struct Pulse {
    heartbeat: Option<Heartbeat>,
    /// Which run it is, for who receives both pings.
    run: String,
    started: Instant,
    /// Says when the ping of the beginning is over, whatever became of it.
    beginning: std::sync::Mutex<Option<Receiver<()>>>,
    ended: AtomicBool,
}

impl Pulse {
    /// Of a run that has been at work since `started`. Nothing is sent yet.
    pub fn new(heartbeat: Option<Heartbeat>, started: Instant) -> Self {
        Self { heartbeat, run: uuid(), started, beginning: Default::default(), ended: AtomicBool::new(false) }
    }

    /// How long [`Pulse::end`] may take.
    pub fn patience(&self) -> Duration {
        self.heartbeat.as_ref().map_or(Duration::ZERO, |heartbeat| heartbeat.timeout)
    }

    /// Says that the run has begun. Does not wait for it.
    pub fn begin(&self) {
        let Some(heartbeat) = &self.heartbeat else { return };
        let deadline = Instant::now() + heartbeat.timeout;
        if let Ok(mut beginning) = self.beginning.lock() {
            *beginning = ping(heartbeat, "/start", &self.run, String::new(), deadline);
        }
    }

    /// Says how the run has ended, the first time it is called. Takes no longer than one ping may.
    pub fn end(&self, ending: &Ending) {
        let Some(heartbeat) = &self.heartbeat else { return };
        if self.ended.swap(true, Ordering::SeqCst) {
            return;
        }
        let deadline = Instant::now() + heartbeat.timeout;
        // The beginning must not arrive after the end; but what hangs must not use up the time for the end.
        let beginning = self.beginning.lock().ok().and_then(|mut beginning| beginning.take());
        beginning.inspect(|beginning| _ = beginning.recv_timeout(heartbeat.timeout / 2));
        let path = ending.failed.map_or_else(String::new, |exit_code| format!("/{exit_code}"));
        let body = body(ending, self.started.elapsed());
        if let Some(over) = ping(heartbeat, &path, &self.run, body, deadline) {
            // A file with the address may hang as well.
            let _ = over.recv_timeout(deadline.saturating_duration_since(Instant::now()));
        }
    }
}

/// Sends one ping, in a thread of its own; what it returns says when that is over.
fn ping(heartbeat: &Heartbeat, path: &str, run: &str, body: String, deadline: Instant) -> Option<Receiver<()>> {
    let (over, receiver) = mpsc::channel();
    let (heartbeat, path, run) = (heartbeat.clone(), path.to_owned(), run.to_owned());
    let send = move || {
        if let Err(why) = send(&heartbeat, &path, &run, body, deadline) {
            tracing::warn!("Heartbeat not sent: {why}");
        }
        // Nobody may be waiting any more.
        let _ = over.send(());
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
    let url = heartbeat.address()?.join(path)?.with_query("rid", run)?;
    let request = Request {
        url: url.clone(),
        method: Method::Post,
        headers: vec![("Content-Type".to_owned(), "text/plain; charset=utf-8".to_owned())],
        body: body.into_bytes(),
        trust: heartbeat.trust.clone(),
        secrets: Vec::new(),
    };
    match http::send(&request, deadline) {
        Ok(answer) if (200..300).contains(&answer.status) => Ok(()),
        // Not what it says: a page about a wrong address may have the address in it.
        Ok(answer) => Err(format!("{url} answers {}", answer.status)),
        Err(error) => Err(error.to_string()),
    }
}

/// What the service shows of the run.
fn body(ending: &Ending, duration: Duration) -> String {
    let mut body = String::new();
    let mut line = |line: fmt::Arguments<'_>| {
        // A string takes every write.
        let _ = writeln!(body, "{line}");
    };
    if let Some(run_id) = ending.run_id {
        line(format_args!("run {run_id}"));
    }
    line(format_args!("{} ms", duration.as_millis()));
    if let Some(exit_code) = ending.failed {
        line(format_args!("exit code {exit_code}"));
    }
    if let Some(status) = ending.status {
        line(format_args!("{}", status.level()));
    }
    if let Some(error) = &ending.error {
        line(format_args!("{}", clean::bounded(error, ERROR_CHARS)));
    }
    body
}

/// A random one, of version 4.
fn uuid() -> String {
    let mut bytes = [0; 16];
    // Without random numbers it is the same for each run: what belongs together is still found by the time.
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
    fn a_run_has_a_number_of_its_own() {
        let (one, other) = (uuid(), uuid());
        assert_ne!(one, other);
        let parts: Vec<_> = one.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12]);
        assert_eq!(&one[14..15], "4");
        assert!("89ab".contains(&one[19..20]), "{one}");
    }

    #[test]
    fn the_body_says_what_is_known() {
        let duration = Duration::from_millis(1_041);
        let done = Ending { run_id: Some(7), status: Some(Status::Critical), ..Ending::default() };
        assert_eq!(body(&done, duration), "run 7\n1041 ms\nCRITICAL\n");
        let failed = Ending { failed: Some(1), error: Some("no space left\n".repeat(1_000)), ..Ending::default() };
        let text = body(&failed, duration);
        assert!(text.starts_with("1041 ms\nexit code 1\nno space left\\u{a}no space"), "{text}");
        assert_eq!((text.lines().count(), text.chars().count() < 1_100), (3, true));
    }

    #[test]
    fn an_address_that_is_none_is_not_shown() {
        let heartbeat = |url| Heartbeat { url, timeout: Duration::from_secs(5), trust: Trust::default() };
        let secret = Secret::variable("PING_URL", Some("hunter2".to_owned()));
        let error = heartbeat(Guarded::Secret(secret)).address().unwrap_err();
        assert_eq!(error, "variable PING_URL: an address begins with https:// or http://");
        let error = heartbeat(Guarded::Secret(Secret::variable("PING_URL", None))).address().unwrap_err();
        assert_eq!(error, "PING_URL is neither in the environment nor in .env");
    }
}
