//! What is delivered: the notifications of one route, together.

use jiff::Timestamp;
use serde::Serialize;

use crate::alert::Kind;
use crate::check::Status;

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

/// The form of the JSON. It gets another number when something in it changes its meaning or goes away.
const SCHEMA: &str = "checkpost.message/1";

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
