//! Routing: which notifications become which messages, and when these are sent. Pure functions; knows neither SQL,
//! transports nor a clock.

mod backoff;
mod crowd;
mod message;
mod plan;

use std::time::Duration;

use checkpost_model::check::Status;

use crate::suppression::{Matchers, Window};

pub use backoff::{LONGEST_WAIT, backoff};
pub use crowd::{Crowd, Member};
pub use message::Message;
pub use plan::{Planned, Recent, plan};

/// The default of `expire_after`: a day, so that a relay that is down overnight loses no message.
pub const EXPIRE_AFTER: Duration = Duration::from_secs(24 * 3600);

/// Which notifications go to a receiver, and when. The receiver itself is a type of `checkpost-notify`.
#[derive(Clone, Debug)]
pub struct Route {
    /// The unique name.
    pub name: String,
    /// The notifications that the route takes; without matchers, all.
    pub matchers: Matchers,
    /// The lowest level that the route takes. A recovery counts with the level of the alert that it ends.
    pub min_level: Status,
    /// The windows in which messages are delayed.
    pub quiet_hours: Vec<QuietHours>,
    /// The limit on messages in a period; `None`: no limit.
    pub rate_limit: Option<RateLimit>,
    /// Whether the notifications of a cycle are sent as one message.
    pub group: bool,
    /// How long delivery of a message is attempted before it is abandoned.
    pub expire_after: Duration,
}

/// A window in which messages are delayed.
#[derive(Clone, Debug, PartialEq)]
pub struct QuietHours {
    /// The time of the quiet hours.
    pub window: Window,
    /// Notifications of this level or worse are not delayed; `None`: all are delayed.
    pub except: Option<Status>,
}

/// How many messages a route may send in a period. Further messages are delayed and sent together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// The number of messages, at least 1.
    pub messages: usize,
    /// The period.
    pub per: Duration,
}
