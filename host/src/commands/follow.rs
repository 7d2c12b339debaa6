//! `checkpost notifications --follow`: what people were told, and from then on what they are told.

use std::path::PathBuf;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::cli::ListFormat;
use crate::config::Config;
use crate::report::format::time;
use crate::report::style::Style;
use crate::store::{FileState, NotificationFilter, NotificationRow, Store, StoreError};

use super::{CommandError, DONE, json_text, note, notifications, write};

/// How often the database is asked.
const INTERVAL: Duration = Duration::from_secs(1);

/// Prints until nobody reads any more, or until the process is ended: it changes nothing that could be left halfway.
pub(super) fn run(
    config: &Config,
    filter: NotificationFilter,
    format: ListFormat,
    style: &Style,
) -> Result<u8, CommandError> {
    let (mut followed, mut rows) = Followed::begin(config.database.value.clone(), filter, Timestamp::now())?;
    let mut text = if format == ListFormat::Text { style.bold(HEADER) + "\n" } else { String::new() };
    loop {
        for row in &rows {
            text += &rendered(row, format, style)?;
        }
        if !write(&text)? || !wait(INTERVAL) {
            return Ok(DONE);
        }
        text.clear();
        rows = followed.next()?;
    }
}

/// A database that is looked at again and again. It is open only while it is read: whoever holds one open keeps what was
/// written beside the file, and a backup that is put in its place would be taken together with that.
struct Followed {
    path: PathBuf,
    filter: NotificationFilter,
    /// The file as it was before it was last read.
    state: FileState,
    /// Whether it had changed then. What is written at the very moment of a look may have the time of that look.
    changed: bool,
    /// The number of the last one that was there.
    last: i64,
    /// When the last one that was shown was stored, or when it began.
    seen: Timestamp,
}

impl Followed {
    /// With what is there already, the oldest first.
    fn begin(
        path: PathBuf,
        filter: NotificationFilter,
        now: Timestamp,
    ) -> Result<(Self, Vec<NotificationRow>), StoreError> {
        let state = FileState::of(&path);
        let store = Store::open_existing(&path)?;
        // Before the rows: what is stored in between is the first new one.
        let last = store.last_notification()?;
        let mut rows = store.notifications(&filter)?;
        rows.retain(|row| row.id <= last);
        rows.sort_by_key(|row| row.id);
        let seen = rows.last().map_or(now, |row| row.sent_at);
        let filter = NotificationFilter { limit: usize::MAX, ..filter };
        Ok((Self { path, filter, state, changed: true, last, seen }, rows))
    }

    /// What was stored since. A database that is locked, or is not there while another one is put in its place, is asked
    /// again the next time.
    fn next(&mut self) -> Result<Vec<NotificationRow>, StoreError> {
        match self.read() {
            Err(StoreError::Busy { .. } | StoreError::Missing { .. }) => Ok(Vec::new()),
            read => read,
        }
    }

    fn read(&mut self) -> Result<Vec<NotificationRow>, StoreError> {
        let state = FileState::of(&self.path);
        let changed = state != self.state;
        if !changed && !self.changed {
            return Ok(Vec::new());
        }
        let store = Store::open_existing(&self.path)?;
        if !state.is_same_file(&self.state) {
            // Its numbers are others. What it has of the time before, such as a backup, was shown.
            self.last = 0;
            self.filter.since = self.seen.checked_add(SignedDuration::from_millis(1)).ok();
            note("the database was replaced by another file: following that one");
        }
        let rows = store.notifications_after(self.last, &self.filter)?;
        (self.state, self.changed) = (state, changed);
        if let Some(last) = rows.last() {
            (self.last, self.seen) = (last.id, last.sent_at);
        } else {
            // Numbers are used again when the last rows are deleted.
            self.last = self.last.min(store.last_notification()?);
        }
        Ok(rows)
    }
}

const HEADER: &str = "    ID  TIME                     LEVEL     KIND          CHECK         MESSAGE";

/// One line: what comes later cannot widen a column, and what is searched for must not be on two.
fn rendered(row: &NotificationRow, format: ListFormat, style: &Style) -> Result<String, CommandError> {
    if format == ListFormat::Json {
        return json_text(serde_json::to_string(row));
    }
    let message = notifications::message(row);
    let (time, check, message) = (time(row.sent_at), style.text(&row.check_name), style.text(&message));
    let (level, kind) = (style.text(&row.level), style.text(&row.kind));
    Ok(format!("{:>6}  {time}  {level:<8}  {kind:<12}  {check:<12}  {message}\n", row.id))
}

/// Waits for so long, and says whether there still is a reader: nothing may be written for hours, and a reader that is
/// gone would not be noticed until then.
#[cfg(unix)]
fn wait(interval: Duration) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let stdout = std::io::stdout();
    // Without anything to wait for there are errors only: that the other end is closed.
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

/// Waits for so long. That the reader is gone is noticed when something is written.
#[cfg(not(unix))]
fn wait(interval: Duration) -> bool {
    std::thread::sleep(interval);
    true
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use textwrap::core::display_width;

    use super::*;

    #[test]
    fn rows_stand_under_the_header() {
        let row = NotificationRow {
            id: 42,
            run_id: 7,
            channel: "system_monitoring".to_owned(),
            level: "CRITICAL".to_owned(),
            kind: "raised".to_owned(),
            title: "High memory usage".to_owned(),
            message: "Memory usage is 96.2%\u{1b}[2J\nof all".to_owned(),
            sent_at: "2025-10-27T14:20:01Z".parse().unwrap(),
            hostname: "web-1".to_owned(),
            check_name: "memory".to_owned(),
            subject: String::new(),
            owner: String::new(),
            previous_level: "OK".to_owned(),
            suppressed: None,
        };
        let style = Style { width: 80, color: false, ascii: false };
        let text = rendered(&row, ListFormat::Text, &style).unwrap();
        assert_eq!(
            text,
            "    42  2025-10-27 14:20:01 UTC  CRITICAL  raised        memory        Memory usage is 96.2%\\u{1b}[2J\\u{a}of all\n"
        );
        for word in ["TIME", "LEVEL", "KIND", "CHECK", "MESSAGE"] {
            let column = display_width(&HEADER[..HEADER.find(word).unwrap()]);
            assert_eq!(&text[column - 2..column], "  ", "{word}");
            assert_ne!(&text[column..=column], " ", "{word}");
        }
        let json = rendered(&row, ListFormat::Json, &style).unwrap();
        assert_eq!(json.lines().count(), 1);
    }
}
