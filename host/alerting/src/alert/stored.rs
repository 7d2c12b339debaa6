//! A value with its place in the database.

use jiff::Timestamp;
use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::notification::Notification;

/// A value with its place in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored<T> {
    /// The number of its row, such as `checkpost ack` takes; 0 for a value that could not be stored.
    pub id: i64,
    /// The row of its cycle in `runs`.
    pub run_id: i64,
    /// When the cycle began; for the notification of an abandoned message, when that was abandoned.
    pub time: Timestamp,
    /// The name of the machine.
    pub host: String,
    /// The value.
    pub value: T,
}

/// An item of a message. It is a struct with its fields in this order, not a flattened map: templates that print a whole
/// item show the order of a struct, and sort a map.
impl Serialize for Stored<Notification> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Notification {
            level,
            previous_level,
            kind,
            channel,
            owner,
            check,
            subject,
            title,
            message,
            suppressed: _,
            is_found: _,
        } = &self.value;
        let mut item = serializer.serialize_struct("Item", 11)?;
        item.serialize_field("id", &self.id)?;
        item.serialize_field("time", &self.time)?;
        item.serialize_field("level", level)?;
        item.serialize_field("previous_level", previous_level)?;
        item.serialize_field("kind", kind)?;
        item.serialize_field("channel", channel)?;
        item.serialize_field("owner", owner)?;
        item.serialize_field("check", check)?;
        item.serialize_field("subject", subject)?;
        item.serialize_field("title", title)?;
        item.serialize_field("message", message)?;
        item.end()
    }
}
