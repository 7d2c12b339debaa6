//! The time of a run.

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// The time of a run: read once and counted on from there, so that a wall clock that jumps meanwhile does not matter.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: Instant,
    wall: Timestamp,
}

impl Clock {
    /// Reads the clock. Call this first in a run.
    pub fn start() -> Self {
        Self { started: Instant::now(), wall: Timestamp::now() }
    }

    /// When the run began, on the monotonic clock.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// When the run began.
    pub fn began_at(&self) -> Timestamp {
        self.wall
    }

    /// The present time.
    pub fn now(&self) -> Timestamp {
        self.wall.checked_add(self.started.elapsed()).unwrap_or(Timestamp::MAX)
    }

    /// When a run with this timeout should be over, before it is ended.
    pub fn deadline(&self, timeout: Duration) -> Instant {
        self.started + timeout - (timeout / 10).min(Duration::from_secs(1))
    }
}
