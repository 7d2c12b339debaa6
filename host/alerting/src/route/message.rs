//! Messages: one or more notifications, as one route sends them.

use serde::Serialize;

use checkpost_model::check::Status;
use checkpost_model::clean;

use super::crowd::{Crowd, Member};
use crate::alert::{Notification, Stored};

/// The version of the JSON. The number grows when the meaning of a field changes or a field is removed.
const SCHEMA: &str = "checkpost.message/1";

/// The longest title, in characters. Mail and chat programs show fewer.
const TITLE_CHARS: usize = 200;

/// One message on one route. Webhooks and commands get it as JSON.
///
/// All text is clean: on one line, without control characters.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Message {
    /// The same for each attempt, so that a receiver can recognize a message that arrives twice.
    pub key: String,
    /// The name of the route.
    pub route: String,
    /// The name of the machine.
    pub host: String,
    /// The level of the worst notification.
    pub level: Status,
    /// One line: `CRITICAL web-1: High disk usage, and 2 more`.
    pub title: String,
    /// The notifications, worst first; at least one.
    pub items: Vec<Stored<Notification>>,
    /// Whether this is a test message, sent although nothing is wrong.
    pub is_test: bool,
}

impl Message {
    /// A message with these notifications, worst first; at least one.
    pub fn new(key: String, route: &str, host: &str, items: Vec<Stored<Notification>>) -> Self {
        let level = items.first().map_or(Status::Ok, |item| item.value.level);
        let title = title(level, host, &items);
        Self { key, route: route.to_owned(), host: host.to_owned(), level, title, items, is_test: false }
    }

    /// The notifications to show where there is room for this many.
    pub fn crowd(&self, room: usize) -> Crowd<'_> {
        Crowd::of(&self.members(), room)
    }

    /// Whose each notification is.
    pub fn members(&self) -> Vec<Member<'_>> {
        self.items.iter().map(|item| Member::of(&item.value)).collect()
    }

    /// The JSON for webhooks and commands. `schema` is its version.
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct Document<'a> {
            schema: &'a str,
            #[serde(flatten)]
            message: &'a Message,
        }
        let document = Document { schema: SCHEMA, message: self };
        // Text, numbers and times cannot fail to serialize.
        serde_json::to_string(&document).unwrap_or_default()
    }
}

fn title(level: Status, host: &str, items: &[Stored<Notification>]) -> String {
    let Some(Stored { value: first, .. }) = items.first() else { return String::new() };
    let subject = if first.subject.is_empty() { String::new() } else { format!(" ({})", first.subject) };
    let more = if items.len() > 1 { format!(", and {} more", items.len() - 1) } else { String::new() };
    // A long title is truncated, but the number of further notifications is not.
    let head = clean::bounded(&format!("{} {host}: {}{subject}", level.level(), first.title), TITLE_CHARS);
    head + &more
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::alert::Kind;

    fn message(titles: &[&str]) -> Message {
        let item = |title: &&str| Stored {
            id: 1,
            run_id: 1,
            time: Timestamp::UNIX_EPOCH,
            host: "web-1".to_owned(),
            value: Notification {
                level: Status::Critical,
                previous_level: Status::Ok,
                kind: Kind::Raised,
                channel: String::new(),
                owner: String::new(),
                check: "disk".to_owned(),
                subject: "/var".to_owned(),
                is_found: false,
                title: (*title).to_owned(),
                message: String::new(),
                suppressed: None,
            },
        };
        Message::new("key".to_owned(), "ops", "web-1", titles.iter().map(item).collect())
    }

    #[test]
    fn title_names_the_worst_and_counts_the_rest() {
        assert_eq!(message(&["High disk usage"]).title, "CRITICAL web-1: High disk usage (/var)");
        assert_eq!(message(&["High disk usage", "x", "y"]).title, "CRITICAL web-1: High disk usage (/var), and 2 more");
    }

    #[test]
    fn long_title_is_truncated_and_still_counts_the_rest() {
        let title = message(&[&"long ".repeat(1_000), "x"]).title;
        assert!(title.ends_with("…, and 1 more") && title.chars().count() < 220, "{title}");
    }
}
