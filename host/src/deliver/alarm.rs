//! What is told without the outbox, because the database is what failed: at once, on every route, and not in every run.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;

use super::worker::Way;
use super::{Item, Message};
use crate::alert::Kind;
use crate::check::{DEFAULT_CHANNEL, Status};
use crate::{digest, lock};

/// The instance that such a message names. No other is called so: it has a space.
const DATABASE: &str = "checkpost database";

/// How long after the last message there is another one, while it goes on.
const REPEAT: Duration = Duration::from_secs(4 * 3600);

/// Remembers that people were told: an empty file, which a full disk still takes. It is beside the database, or, where
/// that is read-only, in the directory of the system for what runs. Where neither takes it, people are told in every run.
#[derive(Debug)]
pub struct Alarm {
    files: Vec<PathBuf>,
}

impl Alarm {
    /// That of a database.
    pub fn of(database: &Path) -> Self {
        let mut beside = OsString::from(database);
        beside.push(".failed");
        let mut files = vec![PathBuf::from(beside)];
        if cfg!(target_os = "linux") {
            // Only root may write there.
            let digest = digest::sha256_hex(database.as_os_str().as_encoded_bytes());
            files.push(PathBuf::from(format!("/run/checkpost-{}.failed", digest::short(&digest))));
        }
        Self { files }
    }

    /// Says on every route that a cycle failed, unless people know. What could not be sent is logged.
    pub fn raise(&self, ways: &[Way], host: &str, error: &str, now: Timestamp, deadline: Instant) {
        let age = self.age();
        if ways.is_empty() || age.is_some_and(|age| age < REPEAT) {
            return;
        }
        let kind = if age.is_some() { Kind::Reminder } else { Kind::Raised };
        let message = format!("Nothing of this run was stored, and no alert is told until that works: {error}");
        let is_told = send(ways, host, &item(Status::Unknown, kind, "checkpost cannot store", message, now), deadline);
        if is_told && !self.files.iter().any(|file| touch(file).is_ok()) {
            tracing::warn!("cannot write {}; the next run tells it again", self.files[0].display());
        }
    }

    /// Says that it is over, if people were told that it was not.
    pub fn clear(&self, ways: &[Way], host: &str, now: Timestamp, deadline: Instant) {
        if self.age().is_none() {
            return;
        }
        let message = "The runs are stored again; what changed in between is told as it is now.".to_owned();
        let over = item(Status::Ok, Kind::Resolved, "Resolved: checkpost cannot store", message, now);
        if !ways.is_empty() && !send(ways, host, &over, deadline) {
            return;
        }
        for file in self.files.iter().filter(|file| is_there(file)) {
            if let Err(error) = fs::remove_file(file) {
                tracing::warn!("cannot remove {}: {error}", file.display());
            }
        }
    }

    /// How long ago people were told, if they were. What seems yet to come was before the clock went back.
    fn age(&self) -> Option<Duration> {
        let told = |file: &PathBuf| fs::symlink_metadata(file).and_then(|metadata| metadata.modified()).ok();
        let told = self.files.iter().filter_map(told).max()?;
        Some(SystemTime::now().duration_since(told).unwrap_or(REPEAT))
    }
}

fn is_there(file: &Path) -> bool {
    fs::symlink_metadata(file).is_ok()
}

fn touch(file: &Path) -> io::Result<()> {
    lock::open(file)?.set_modified(SystemTime::now())
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

/// Sends it on all routes at once, and says whether one took it. Limits, quiet hours and matchers are for alerts; without
/// a database there are none.
fn send(ways: &[Way], host: &str, item: &Item, deadline: Instant) -> bool {
    let mut is_told = false;
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
            Ok(()) => {
                is_told = true;
                tracing::info!("Told {route}: {}", item.title);
            }
            Err(error) => tracing::warn!("Could not tell {route}: {}", error.text),
        }
    }
    is_told
}
