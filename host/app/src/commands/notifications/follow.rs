//! `checkpost notifications --follow`: stored notifications, and then new ones as they are stored.

use std::path::PathBuf;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use checkpost_alerting::alert::{Notification, Stored};
use checkpost_report::format::time;
use checkpost_report::json::stored_notification;
use checkpost_report::style::Style;
use checkpost_store::{FileState, NotificationFilter, Store, StoreError};

use crate::cli::ListFormat;
use crate::commands::error::CommandError;
use crate::commands::exit_code::DONE;
use crate::commands::output::{json_text, note, write};
use crate::config::Config;

use super::message::message;

/// The time between two looks at the database.
const INTERVAL: Duration = Duration::from_secs(1);

/// Prints until the reader is gone or the process is ended, which is safe at any point: only the database is read.
pub(super) fn run(
    config: &Config,
    filter: NotificationFilter,
    format: ListFormat,
    style: &Style,
) -> Result<u8, CommandError> {
    let (mut follower, mut stored) = Follower::start(config.database.value.clone(), filter, Timestamp::now())?;
    let mut text = if format == ListFormat::Text { style.bold(HEADER) + "\n" } else { String::new() };
    loop {
        for notification in &stored {
            text += &rendered(notification, format, style)?;
        }
        if !write(&text).map_err(CommandError::Output)? || !wait(INTERVAL) {
            return Ok(DONE);
        }
        text.clear();
        stored = follower.next()?;
    }
}

/// Reads a database repeatedly. The database is open only while it is read: SQLite does not remove the write-ahead log of
/// an open database, and would apply this log to a backup that is put in place of the file.
struct Follower {
    path: PathBuf,
    filter: NotificationFilter,
    /// The file before the last read.
    state: FileState,
    /// Whether the last read found a change. Then the next look reads again, because a row that is written during a look
    /// may leave the file with the time of that look.
    changed: bool,
    /// The number of the newest notification.
    last: i64,
    /// The time of the newest printed notification; without one, the time of the start.
    printed_until: Timestamp,
}

impl Follower {
    /// Returns the stored notifications as well, oldest first.
    fn start(
        path: PathBuf,
        filter: NotificationFilter,
        now: Timestamp,
    ) -> Result<(Self, Vec<Stored<Notification>>), StoreError> {
        let state = FileState::of(&path);
        let store = Store::open_existing(&path)?;
        // Before the notifications are read: one that is stored in between counts as new.
        let last = store.last_notification()?;
        let mut stored = store.notifications(&filter)?;
        stored.retain(|notification| notification.id <= last);
        stored.sort_by_key(|notification| notification.id);
        let printed_until = stored.last().map_or(now, |notification| notification.time);
        let filter = NotificationFilter { limit: usize::MAX, ..filter };
        Ok((Self { path, filter, state, changed: true, last, printed_until }, stored))
    }

    /// The notifications that are new since the last call. A database that is locked, or missing while it is being
    /// replaced, is read by the next call.
    fn next(&mut self) -> Result<Vec<Stored<Notification>>, StoreError> {
        match self.read() {
            Err(StoreError::Busy { .. } | StoreError::Missing { .. }) => Ok(Vec::new()),
            read => read,
        }
    }

    fn read(&mut self) -> Result<Vec<Stored<Notification>>, StoreError> {
        let state = FileState::of(&self.path);
        let changed = state != self.state;
        if !changed && !self.changed {
            return Ok(Vec::new());
        }
        let store = Store::open_existing(&self.path)?;
        if !state.is_same_file(&self.state) {
            // Another file has other numbers, and may be a backup with notifications that were printed.
            self.last = 0;
            self.filter.since = self.printed_until.checked_add(SignedDuration::from_millis(1)).ok();
            note("the database was replaced by another file: following the new one");
        }
        let stored = store.notifications_after(self.last, &self.filter)?;
        (self.state, self.changed) = (state, changed);
        if let Some(newest) = stored.last() {
            (self.last, self.printed_until) = (newest.id, newest.time);
        } else {
            // SQLite reuses numbers when the newest rows are deleted.
            self.last = self.last.min(store.last_notification()?);
        }
        Ok(stored)
    }
}

const HEADER: &str = "    ID  TIME                     LEVEL     KIND          CHECK         MESSAGE";

/// One line, because later notifications cannot widen a column, and because `grep` searches by line.
fn rendered(stored: &Stored<Notification>, format: ListFormat, style: &Style) -> Result<String, CommandError> {
    if format == ListFormat::Json {
        return json_text(serde_json::to_string(&stored_notification(stored)));
    }
    let Stored { id, time: sent_at, value, .. } = stored;
    let (level, kind) = (value.level.level(), value.kind.as_str());
    let message = message(value);
    let (time, check, message) = (time(*sent_at), style.text(&value.check), style.text(&message));
    Ok(format!("{id:>6}  {time}  {level:<8}  {kind:<12}  {check:<12}  {message}\n"))
}

/// Waits, and returns whether there still is a reader. Without this check a reader that is gone would be noticed only at
/// the next write, which may be hours away.
#[cfg(unix)]
fn wait(interval: Duration) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let stdout = std::io::stdout();
    // Without requested events `poll` reports errors only: the other end is closed.
    let mut stdout = [PollFd::new(&stdout, PollFlags::empty())];
    let until = Timespec::try_from(interval).ok();
    match poll(&mut stdout, until.as_ref()) {
        Ok(0) => true,
        Ok(_) => false,
        Err(_) => {
            std::thread::sleep(interval);
            true
        }
    }
}

/// Waits. A reader that is gone is noticed at the next write.
#[cfg(not(unix))]
fn wait(interval: Duration) -> bool {
    std::thread::sleep(interval);
    true
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use textwrap::core::display_width;

    use checkpost_alerting::alert::Kind;
    use checkpost_model::check::Status;

    use super::*;

    #[test]
    fn rows_line_up_with_the_header() {
        let stored = Stored {
            id: 42,
            run_id: 7,
            time: "2025-10-27T14:20:01Z".parse().unwrap(),
            host: "web-1".to_owned(),
            value: Notification {
                is_found: false,
                level: Status::Critical,
                previous_level: Status::Ok,
                kind: Kind::Raised,
                channel: "system_monitoring".to_owned(),
                owner: String::new(),
                check: "memory".to_owned(),
                subject: String::new(),
                title: "High memory usage".to_owned(),
                message: "Memory usage is 96.2%\u{1b}[2J\nof all".to_owned(),
                suppressed: None,
            },
        };
        let style = Style { width: 80, color: false, ascii: false };
        let text = rendered(&stored, ListFormat::Text, &style).unwrap();
        assert_eq!(
            text,
            "    42  2025-10-27 14:20:01 UTC  CRITICAL  raised        memory        Memory usage is 96.2%\\u{1b}[2J\\u{a}of all\n"
        );
        for word in ["TIME", "LEVEL", "KIND", "CHECK", "MESSAGE"] {
            let column = display_width(&HEADER[..HEADER.find(word).unwrap()]);
            assert_eq!(&text[column - 2..column], "  ", "{word}");
            assert_ne!(&text[column..=column], " ", "{word}");
        }
        let json = rendered(&stored, ListFormat::Json, &style).unwrap();
        assert_eq!(json.lines().count(), 1);
    }
}
