//! Messages as plain text, for email, terminals and pop-ups.

use std::fmt::Write;

use jiff::Timestamp;

use checkpost_alerting::alert::{Notification, Stored, alert_name};
use checkpost_alerting::route::{Crowd, Message};
use checkpost_model::check::Status;
use checkpost_model::clean;

/// Notifications that a message spells out; the rest is counted.
pub(crate) const MAX_ITEMS: usize = 100;
/// Characters of each text of a notification.
const TEXT_CHARS: usize = 2_000;
/// Characters of the host, the route and the key in the footer.
const FOOTER_CHARS: usize = 200;

/// The notifications, the worst first, each over a few lines.
pub(crate) fn items(message: &Message) -> String {
    let mut text = String::new();
    let crowd = message.crowd(MAX_ITEMS);
    for item in crowd.shown.iter().map(|position| &message.items[*position]) {
        let Notification { level, title, message, .. } = &item.value;
        // A String takes every write.
        let _ = writeln!(text, "{} {}", level.level(), bounded(title));
        if !message.is_empty() {
            let _ = writeln!(text, "  {}", bounded(message));
        }
        let _ = writeln!(text, "  {}\n", details(item));
    }
    if let Some(omission) = omission(&crowd) {
        let _ = writeln!(text, "{omission}\n");
    }
    text
}

/// The line below the notifications.
pub(crate) fn footer(message: &Message) -> String {
    let [host, route, key] =
        [&message.host, &message.route, &message.key].map(|text| clean::bounded(text, FOOTER_CHARS));
    format!("checkpost on {host}, route {route}, {key}")
}

/// Check, subject, kind, owner, time and number: `disk /var · raised · owner alice · 2025-11-24 16:00:00 UTC · id 12`.
pub(crate) fn details(item: &Stored<Notification>) -> String {
    let Notification { check, subject, kind, level, previous_level, owner, .. } = &item.value;
    let alert = alert_name(check, subject);
    let kind = kind.as_str().replace('_', " ");
    let previous = match *previous_level {
        Status::Ok => String::new(),
        previous if previous == *level => String::new(),
        previous => format!(", was {}", previous.level()),
    };
    let owner = if owner.is_empty() { String::new() } else { format!(" · owner {owner}") };
    format!("{} · {kind}{previous}{owner} · {} · id {}", bounded(&alert), utc(item.time), item.id)
}

/// The line in place of the notifications that are left out, if any.
pub(crate) fn omission(crowd: &Crowd<'_>) -> Option<String> {
    crowd.omission().map(|omission| format!("… and {omission}; see `checkpost notifications`."))
}

/// A text of a notification, clean and within the limit.
pub(crate) fn bounded(text: &str) -> String {
    clean::bounded(text, TEXT_CHARS)
}

fn utc(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::message;

    #[test]
    fn message_reads_from_top_to_bottom() {
        assert_eq!(
            items(&message()),
            "CRITICAL Escalated: High disk usage\n\
             \x20 /mnt/<!channel> is 97% full *now*\n\
             \x20 disk /mnt/<b>&\"x\"</b> · escalated, was WARNING · owner alice · 2025-11-24 15:00:00 UTC · id 12\n\n\
             WARNING High CPU usage\n\
             \x20 cpu · raised · 2025-11-24 15:00:00 UTC · id 13\n\n"
        );
        assert_eq!(footer(&message()), "checkpost on web-1, route ops, k-1");
    }

    #[test]
    fn flood_of_notifications_is_cut_and_counted() {
        let mut message = message();
        message.items[0].value.message = "x".repeat(100_000);
        message.items = vec![message.items[0].clone(); 1_000];
        let text = items(&message);
        assert!(text.ends_with("\n… and 900 more of disk; see `checkpost notifications`.\n\n"));
        assert!(text.len() < MAX_ITEMS * (TEXT_CHARS + 300), "{}", text.len());
    }
}
