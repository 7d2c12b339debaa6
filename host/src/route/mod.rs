//! Who is told, and when: pure functions from notifications to deliveries. Knows neither SQL, transports nor a clock.

mod backoff;
mod message;
mod plan;

use std::time::Duration;

use crate::check::Status;
use crate::quiet::{Matchers, Window};

pub use backoff::{LONGEST_WAIT, backoff};
pub use message::{Item, Message};
pub use plan::{Planned, Recent, plan};

/// How long a message is tried when nothing else is said. A relay that is down over a night loses nothing.
pub const EXPIRE_AFTER: Duration = Duration::from_secs(24 * 3600);

/// One way to people: what goes there, and how much of it at a time. By which transport is in `deliver`.
#[derive(Clone, Debug)]
pub struct Route {
    /// Unique.
    pub name: String,
    /// What goes there; without any, everything.
    pub matchers: Matchers,
    /// The least level that goes there. An end counts as what ends.
    pub min_level: Status,
    /// When messages wait until a window closes.
    pub quiet_hours: Vec<QuietHours>,
    /// How many messages may go there.
    pub rate_limit: Option<RateLimit>,
    /// Whether the notifications of a cycle are one message.
    pub group: bool,
    /// How long a message is tried.
    pub expire_after: Duration,
}

/// A stretch of time in which messages wait.
#[derive(Clone, Debug, PartialEq)]
pub struct QuietHours {
    /// When.
    pub window: Window,
    /// From which level on they do not wait; `None`: all do.
    pub except: Option<Status>,
}

/// How many messages may go one way in a stretch of time. What is more waits, and goes together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// So many, at least 1.
    pub messages: usize,
    /// In so long.
    pub per: Duration,
}
