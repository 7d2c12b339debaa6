//! What is told without the outbox, because the database is what failed: at once, on every route, and not in every run.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;

use super::worker::Way;
use super::{Item, Message};
use crate::alert::Kind;
use crate::check::{DEFAULT_CHANNEL, Status};

/// The instance that such a message names. No other is called so: it has a space.
const DATABASE: &str = "checkpost database";

/// How long after the last message there is another one, while it goes on.
const REPEAT: Duration = Duration::from_secs(4 * 3600);

/// Remembers, beside the database, that people were told: an empty file, which a full disk still takes. Where even that
/// cannot be made, people are told in every run.
#[derive(Debug)]
pub struct Alarm {
    file: PathBuf,
}

impl Alarm {
    /// That of a database.
    pub fn of(database: &Path) -> Self {
        let mut file = OsString::from(database);
        file.push(".failed");
        Self { file: PathBuf::from(file) }
    }

    /// Says on every route that a cycle failed, unless people know. What could not be sent is logged.
    pub fn raise(&self, ways: &[Way], host: &str, error: &str, now: Timestamp, deadline: Instant) {
        let told = fs::metadata(&self.file).and_then(|metadata| metadata.modified());
        // One from a time that is yet to come was told before the clock went back.
        let age = told.ok().and_then(|told| SystemTime::now().duration_since(told).ok());
        if ways.is_empty() || age.is_some_and(|age| age < REPEAT) {
            return;
        }
        let kind = if age.is_some() { Kind::Reminder } else { Kind::Raised };
        let message = format!("Nothing of this run was stored, and no alert is told until that works: {error}");
        send(ways, host, &item(Status::Unknown, kind, "checkpost cannot store", message, now), deadline);
        let touched = File::create(&self.file).and_then(|file| file.set_modified(SystemTime::now()));
        if let Err(error) = touched {
            tracing::warn!("cannot write {}: {error}; the next run tells it again", self.file.display());
        }
    }

    /// Says that it is over, if people were told that it was not.
    pub fn clear(&self, ways: &[Way], host: &str, now: Timestamp, deadline: Instant) {
        if !self.file.exists() {
            return;
        }
        let message = "The runs are stored again; what changed in between is told as it is now.".to_owned();
        send(ways, host, &item(Status::Ok, Kind::Resolved, "Resolved: checkpost cannot store", message, now), deadline);
        if let Err(error) = fs::remove_file(&self.file) {
            tracing::warn!("cannot remove {}: {error}", self.file.display());
        }
    }
}

fn item(level: Status, kind: Kind, title: &str, message: String, now: Timestamp) -> Item {
    Item {
        id: 0,
        time: now,
        level,
        previous_level: if kind == Kind::Raised { Status::Ok } else { Status::Unknown },
        kind,
        channel: DEFAULT_CHANNEL.to_owned(),
        owner: String::new(),
        check: DATABASE.to_owned(),
        subject: String::new(),
        title: title.to_owned(),
        message,
    }
}

/// Sends it on all routes at once. Limits, quiet hours and matchers are for alerts; without a database there are none.
fn send(ways: &[Way], host: &str, item: &Item, deadline: Instant) {
    let key = format!("{}-{}", item.kind.as_str(), item.time.as_millisecond());
    let (sender, results) = mpsc::channel();
    for way in ways.iter().cloned() {
        let message = Message::new(key.clone(), &way.route.name, host, vec![item.clone()]);
        let sender = sender.clone();
        let attempt = move || {
            let result = way.outlet.send(&message, deadline);
            let _ = sender.send((way.route.name, result)); // nobody waits after the deadline
        };
        if let Err(error) = thread::Builder::new().name("alarm".to_owned()).spawn(attempt) {
            tracing::warn!("cannot start a thread to tell of it: {error}");
        }
    }
    drop(sender);
    while let Ok((route, result)) = results.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        match result {
            Ok(()) => tracing::info!("Told {route}: {}", item.title),
            Err(error) => tracing::warn!("Could not tell {route}: {}", error.text),
        }
    }
}
