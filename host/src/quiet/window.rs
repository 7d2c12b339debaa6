//! A stretch of time that comes again, on the wall clock of a time zone.

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;

/// From `start` to `end` on some days, as the clocks of a place show it.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// Where its clocks are.
    pub zone: TimeZone,
    /// When it opens.
    pub start: Time,
    /// When it closes; at or before `start`: on the next day.
    pub end: Time,
}

impl Window {
    /// When the window closes that is open at `now`, if one is.
    pub fn closes(&self, now: Timestamp) -> Option<Timestamp> {
        let _ = now;
        None
    }
}
