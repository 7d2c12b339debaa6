//! What the alerts of found modules may add to the database in one run. Nobody declared these modules, and a thousand of them
//! may change in the same run. `deferral` says what becomes of what does not fit.

/// A row of `alerts` without its texts, in bytes, with what its page wastes.
const ALERT_BYTES: usize = 900;
/// A row of `notifications` without its texts, with its entries in indexes and the longest reason of a suppression.
const NOTIFICATION_BYTES: usize = 400;

/// What the alerts of all found modules may add to the database in one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FoundAllowance {
    /// For alerts and notifications together.
    pub bytes: usize,
    /// What the messages of one notification take, on all routes.
    pub message_bytes: usize,
}

impl FoundAllowance {
    /// No limit.
    pub const UNLIMITED: Self = Self { bytes: usize::MAX, message_bytes: 0 };

    /// What a new alert with texts of this length takes.
    pub(super) fn alert_bytes(texts: usize) -> usize {
        ALERT_BYTES + texts
    }

    /// What a notification with texts of this length takes.
    pub fn notification_bytes(&self, texts: usize) -> usize {
        NOTIFICATION_BYTES + self.message_bytes + texts
    }

    /// Takes so many bytes if they are left.
    pub fn takes(&mut self, bytes: usize) -> bool {
        let left = self.bytes.checked_sub(bytes);
        self.bytes = left.unwrap_or(self.bytes);
        left.is_some()
    }
}

/// What becomes of the alert of a found module in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// There is room for it.
    Fits,
    /// Nothing is announced in this run. The alert goes on, and what there is to notify is found again in the next run.
    Deferred,
    /// The subject gets no alert in this run.
    Refused,
}
