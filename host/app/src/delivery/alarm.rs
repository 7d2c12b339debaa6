//! The alarm: what is sent without the outbox, because the database is what failed; at once, on every route, and not in
//! every run.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;

use checkpost_alerting::alert::{Kind, Notification, Stored};
use checkpost_alerting::route::Message;
use checkpost_model::check::Status;
use checkpost_model::digest;

use crate::config::ConfiguredRoute;
use crate::lock;

/// The instance that an alarm names. No other instance has this name: it has a space.
const DATABASE: &str = "checkpost database";

/// How long after the last alarm it is repeated, while the database still fails.
const REPEAT: Duration = Duration::from_secs(4 * 3600);

/// Remembers that an alarm was raised: an empty file, which a full disk still takes. It is beside the database, or, where
/// that is read-only, in the system's directory for run-time state. Where neither takes it, every run raises the alarm.
#[derive(Debug)]
pub(super) struct Alarm {
    markers: Vec<PathBuf>,
}

impl Alarm {
    /// The alarm of a database.
    pub(super) fn of(database: &Path) -> Self {
        let mut adjacent = OsString::from(database);
        adjacent.push(".failed");
        let mut markers = vec![PathBuf::from(adjacent)];
        if cfg!(target_os = "linux") {
            // Only root may write there.
            let digest = digest::sha256_hex(database.as_os_str().as_encoded_bytes());
            markers.push(PathBuf::from(format!("/run/checkpost-{}.failed", digest::short(&digest))));
        }
        Self { markers }
    }

    /// Notifies every route that a cycle failed, unless that was done lately. A message that could not be sent is logged.
    pub(super) fn raise(&self, routes: &[ConfiguredRoute], host: &str, error: &str, now: Timestamp, deadline: Instant) {
        let age = self.age();
        if routes.is_empty() || age.is_some_and(|age| age < REPEAT) {
            return;
        }
        let kind = if age.is_some() { Kind::Reminder } else { Kind::Raised };
        let message = format!("Nothing of this run was stored, and no alert is notified until that works: {error}");
        let item = item(Status::Unknown, kind, "checkpost cannot store", message, host, now);
        let is_sent = send(routes, host, &item, deadline);
        if is_sent && !self.markers.iter().any(|marker| touch(marker).is_ok()) {
            tracing::warn!("cannot write {}; the next run raises the alarm again", self.markers[0].display());
        }
    }

    /// Notifies every route that cycles are stored again, if the alarm was raised.
    pub(super) fn clear(&self, routes: &[ConfiguredRoute], host: &str, now: Timestamp, deadline: Instant) {
        if self.age().is_none() {
            return;
        }
        let message = "Runs are stored again; alerts that changed in between are notified as they are now.".to_owned();
        let item = item(Status::Ok, Kind::Resolved, "Resolved: checkpost cannot store", message, host, now);
        if !routes.is_empty() && !send(routes, host, &item, deadline) {
            return;
        }
        for marker in self.markers.iter().filter(|marker| exists(marker)) {
            if let Err(error) = fs::remove_file(marker) {
                tracing::warn!("cannot remove {}: {error}", marker.display());
            }
        }
    }

    /// How long ago the alarm was raised, if it was. A time in the future is from before the clock went back.
    fn age(&self) -> Option<Duration> {
        let raised = |marker: &PathBuf| fs::symlink_metadata(marker).and_then(|metadata| metadata.modified()).ok();
        let raised = self.markers.iter().filter_map(raised).max()?;
        Some(SystemTime::now().duration_since(raised).unwrap_or(REPEAT))
    }
}

fn exists(file: &Path) -> bool {
    fs::symlink_metadata(file).is_ok()
}

fn touch(file: &Path) -> io::Result<()> {
    lock::open(file)?.set_modified(SystemTime::now())
}

fn item(level: Status, kind: Kind, title: &str, message: String, host: &str, now: Timestamp) -> Stored<Notification> {
    let previous_level = if kind == Kind::Raised { Status::Ok } else { Status::Unknown };
    let value = Notification::of_checkpost(level, kind, DATABASE, title.to_owned(), message);
    let value = Notification { previous_level, ..value };
    Stored { id: 0, run_id: 0, time: now, host: host.to_owned(), value }
}

/// Sends on all routes at once, and returns whether one route took it. Limits, quiet hours and matchers do not apply: they
/// are for alerts, and need a database.
fn send(routes: &[ConfiguredRoute], host: &str, item: &Stored<Notification>, deadline: Instant) -> bool {
    let mut is_sent = false;
    let title = &item.value.title;
    let key = format!("{}-{}", item.value.kind.as_str(), item.time.as_millisecond());
    let (sender, results) = mpsc::channel();
    for configured in routes.iter().cloned() {
        let message = Message::new(key.clone(), &configured.route.name, host, vec![item.clone()]);
        let sender = sender.clone();
        let attempt = move || {
            let result = configured.receiver.send(&message, deadline);
            let _ = sender.send((configured.route.name, result)); // nobody waits after the deadline
        };
        if let Err(error) = thread::Builder::new().name("alarm".to_owned()).spawn(attempt) {
            tracing::warn!("cannot start a thread to send the alarm: {error}");
        }
    }
    drop(sender);
    while let Ok((route, result)) = results.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        match result {
            Ok(()) => {
                is_sent = true;
                tracing::info!("Alarm sent to {route}: {title}");
            }
            Err(error) => tracing::warn!("Alarm not sent to {route}: {}", error.text),
        }
    }
    is_sent
}
