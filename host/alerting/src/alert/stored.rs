//! Values with their place in the database.

use jiff::Timestamp;
use serde::Serialize;

/// A value with its place in the database. The JSON is that of the value, with `id` and `time`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stored<T> {
    /// The number of the row, which `checkpost ack` takes for a notification; 0 if the value could not be stored.
    pub id: i64,
    /// The row of the cycle in `runs`.
    #[serde(skip)]
    pub run_id: i64,
    /// When the cycle began; for the notification of an abandoned message, when that was abandoned.
    pub time: Timestamp,
    /// The name of the machine.
    #[serde(skip)]
    pub host: String,
    /// The value.
    #[serde(flatten)]
    pub value: T,
}
