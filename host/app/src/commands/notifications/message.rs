//! The message of a notification in lists.

use checkpost_alerting::alert::Notification;

/// The message; for a suppressed notification with the reason.
pub(super) fn message(notification: &Notification) -> String {
    match &notification.suppressed {
        Some(reason) => format!("{} (suppressed: {reason})", notification.message),
        None => notification.message.clone(),
    }
}
