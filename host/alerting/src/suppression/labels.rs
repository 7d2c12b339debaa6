//! The labels of an alert, which matchers compare.

use checkpost_model::check::Status;

use crate::alert::AlertUpdate;

/// The labels of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlertLabels<'a> {
    /// The instance.
    pub check: &'a str,
    /// The subject; empty for the host.
    pub subject: &'a str,
    /// The channel of the instance.
    pub channel: &'a str,
    /// The owner of the instance; empty: nobody in particular.
    pub owner: &'a str,
    /// The name of the machine.
    pub host: &'a str,
    /// The worse of the current and the announced level, so that a recovery matches like the alert that it ends.
    pub level: Status,
}

impl<'a> AlertLabels<'a> {
    /// The labels of an alert in a run.
    pub(super) fn of_update(update: &'a AlertUpdate, host: &'a str) -> Self {
        Self {
            check: &update.key.instance,
            subject: &update.key.subject,
            channel: &update.alert.channel,
            owner: &update.alert.owner,
            host,
            level: update.level,
        }
    }
}

/// One of the [labels](AlertLabels).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The instance.
    Check,
    /// The subject.
    Subject,
    /// The channel of the instance.
    Channel,
    /// The owner of the instance.
    Owner,
    /// The name of the machine.
    Host,
    /// The level of the alert.
    Level,
}

impl Field {
    /// Every field.
    pub(super) const ALL: [Self; 6] = [Self::Check, Self::Subject, Self::Channel, Self::Owner, Self::Host, Self::Level];

    /// The name in a matcher: `check`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Subject => "subject",
            Self::Channel => "channel",
            Self::Owner => "owner",
            Self::Host => "host",
            Self::Level => "level",
        }
    }

    /// The value that an alert has in this field.
    pub(super) fn of<'a>(self, labels: &AlertLabels<'a>) -> &'a str {
        match self {
            Self::Check => labels.check,
            Self::Subject => labels.subject,
            Self::Channel => labels.channel,
            Self::Owner => labels.owner,
            Self::Host => labels.host,
            Self::Level => labels.level.as_str(),
        }
    }
}
