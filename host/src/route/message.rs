//! What is delivered: the notifications of one route, together.

use jiff::Timestamp;
use serde::Serialize;

use crate::alert::Kind;
use crate::check::Status;
use crate::clean;

/// The form of the JSON. It gets another number when something in it changes its meaning or goes away.
const SCHEMA: &str = "checkpost.message/1";

/// Characters of a title. What reads titles shows less.
const TITLE_CHARS: usize = 200;

/// One message to one route. As JSON it is what webhooks and commands get.
///
/// Text in it is clean: on one line, without control characters.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Message {
    /// The same for each attempt: what arrives twice with one key is one message.
    pub key: String,
    /// The route.
    pub route: String,
    /// The name of the machine.
    pub host: String,
    /// The worst level of its items.
    pub level: Status,
    /// One line: `CRITICAL web-1: High disk usage, and 2 more`.
    pub title: String,
    /// What it tells, the worst first; at least one.
    pub items: Vec<Item>,
    /// Whether it is a trial: nothing is wrong.
    pub is_test: bool,
}

impl Message {
    /// A message of these items, the worst first; there is one at least.
    pub fn new(key: String, route: &str, host: &str, items: Vec<Item>) -> Self {
        let level = items.first().map_or(Status::Ok, |item| item.level);
        let title = title(level, host, &items);
        Self { key, route: route.to_owned(), host: host.to_owned(), level, title, items, is_test: false }
    }

    /// The form that programs get; `schema` says which.
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct Document<'a> {
            schema: &'a str,
            #[serde(flatten)]
            message: &'a Message,
        }
        let document = Document { schema: SCHEMA, message: self };
        // Text, numbers and times: there is nothing that JSON does not have.
        serde_json::to_string(&document).unwrap_or_default()
    }
}

fn title(level: Status, host: &str, items: &[Item]) -> String {
    let Some(first) = items.first() else { return String::new() };
    let subject = if first.subject.is_empty() { String::new() } else { format!(" ({})", first.subject) };
    let more = if items.len() > 1 { format!(", and {} more", items.len() - 1) } else { String::new() };
    // The first one may be long; how many there are must not be cut off.
    let head = clean::bounded(&format!("{} {host}: {}{subject}", level.level(), first.title), TITLE_CHARS);
    head + &more
}

/// One notification.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Item {
    /// Its number, for `checkpost ack`.
    pub id: i64,
    /// When its cycle began.
    pub time: Timestamp,
    /// OK for what is over.
    pub level: Status,
    /// What people had been told before; OK: nothing.
    pub previous_level: Status,
    /// Why it is told.
    pub kind: Kind,
    /// Which team it is for.
    pub channel: String,
    /// Whose the instance is; empty: nobody's in particular.
    pub owner: String,
    /// The instance.
    pub check: String,
    /// What it is about; empty for the host.
    pub subject: String,
    /// Headline.
    pub title: String,
    /// One sentence or two.
    pub message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(titles: &[&str]) -> Message {
        let item = |title: &&str| Item {
            id: 1,
            time: Timestamp::UNIX_EPOCH,
            level: Status::Critical,
            previous_level: Status::Ok,
            kind: Kind::Raised,
            channel: String::new(),
            owner: String::new(),
            check: "disk".to_owned(),
            subject: "/var".to_owned(),
            title: (*title).to_owned(),
            message: String::new(),
        };
        Message::new("key".to_owned(), "ops", "web-1", titles.iter().map(item).collect())
    }

    #[test]
    fn a_title_names_the_worst_and_how_many_more_there_are() {
        assert_eq!(message(&["High disk usage"]).title, "CRITICAL web-1: High disk usage (/var)");
        assert_eq!(message(&["High disk usage", "x", "y"]).title, "CRITICAL web-1: High disk usage (/var), and 2 more");
    }

    #[test]
    fn a_long_title_is_cut_and_still_says_how_many_there_are() {
        let title = message(&[&"long ".repeat(1_000), "x"]).title;
        assert!(title.ends_with("…, and 1 more") && title.chars().count() < 220, "{title}");
    }
}
