//! A pop-up on the desktop of this machine, by `notify-send`.

use std::time::Instant;

use super::{Message, SendError, Words};

/// A pop-up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Desktop {}

impl Desktop {
    pub(super) fn send(&self, _message: &Message, _words: &Words, _deadline: Instant) -> Result<(), SendError> {
        Err(SendError::route("nothing is shown yet"))
    }

    pub(super) fn check(&self) -> Vec<String> {
        Vec::new()
    }
}
