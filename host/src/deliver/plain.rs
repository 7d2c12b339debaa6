//! A message as plain text, for mail, terminals and pop-ups.

use std::fmt::Write;

use jiff::Timestamp;

use super::{Item, Message};
use crate::check::Status;
use crate::clean;

/// How many notifications a message spells out; the title says how many there are.
pub(super) const MAX_ITEMS: usize = 100;
/// How many characters each text of a notification has.
pub(super) const TEXT_CHARS: usize = 2_000;

/// The notifications, the worst first, each over a few lines.
pub(super) fn items(message: &Message) -> String {
    let mut text = String::new();
    for item in message.items.iter().take(MAX_ITEMS) {
        // A String takes every write.
        let _ = writeln!(text, "{} {}", item.level.level(), bounded(&item.title));
        if !item.message.is_empty() {
            let _ = writeln!(text, "  {}", bounded(&item.message));
        }
        let _ = writeln!(text, "  {}\n", facts(item));
    }
    if let Some(more) = left_out(message) {
        let _ = writeln!(text, "{more}\n");
    }
    text
}

/// What stands below them.
pub(super) fn footer(message: &Message) -> String {
    let [host, route, key] = [&message.host, &message.route, &message.key].map(|text| clean::bounded(text, 200));
    format!("checkpost on {host}, route {route}, {key}")
}

/// What it is about, why it is told, when, and its number: `disk /var · raised · 2025-11-24 16:00:00 UTC · 12`.
pub(super) fn facts(item: &Item) -> String {
    let about = if item.subject.is_empty() { item.check.clone() } else { format!("{} {}", item.check, item.subject) };
    let kind = item.kind.as_str().replace('_', " ");
    let was = match item.previous_level {
        Status::Ok => String::new(),
        level if level == item.level => String::new(),
        level => format!(", was {}", level.level()),
    };
    let owner = if item.owner.is_empty() { String::new() } else { format!(" · of {}", item.owner) };
    format!("{} · {kind}{was}{owner} · {} · id {}", bounded(&about), time(item.time), item.id)
}

/// What says that there are more than are spelled out.
pub(super) fn left_out(message: &Message) -> Option<String> {
    let more = message.items.len().saturating_sub(MAX_ITEMS);
    (more > 0).then(|| format!("… and {more} more: `checkpost notifications` has them."))
}

pub(super) fn time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

pub(super) fn bounded(text: &str) -> String {
    clean::bounded(text, TEXT_CHARS)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::alert::Kind;
    use crate::deliver::sample;

    /// Two notifications, one of them about hostile names.
    pub(in crate::deliver) fn message() -> Message {
        let time = Timestamp::from_second(1_763_996_400).unwrap_or_default();
        let mut message = sample("ops", "web-1", "k-1", time);
        message.level = Status::Critical;
        message.title = "CRITICAL web-1: High disk usage, and 1 more".to_owned();
        message.is_test = false;
        message.items = vec![
            Item {
                id: 12,
                level: Status::Critical,
                previous_level: Status::Warning,
                kind: Kind::Escalated,
                owner: "alice".to_owned(),
                check: "disk".to_owned(),
                subject: "/mnt/<b>&\"x\"</b>".to_owned(),
                title: "Escalated: High disk usage".to_owned(),
                message: "/mnt/<!channel> is 97% full *now*".to_owned(),
                ..message.items[0].clone()
            },
            Item {
                id: 13,
                check: "cpu".to_owned(),
                title: "High CPU usage".to_owned(),
                message: String::new(),
                ..message.items[0].clone()
            },
        ];
        message
    }

    #[test]
    fn a_message_is_read_from_top_to_bottom() {
        assert_eq!(
            items(&message()),
            "CRITICAL Escalated: High disk usage\n\
             \x20 /mnt/<!channel> is 97% full *now*\n\
             \x20 disk /mnt/<b>&\"x\"</b> · escalated, was WARNING · of alice · 2025-11-24 15:00:00 UTC · id 12\n\n\
             WARNING High CPU usage\n\
             \x20 cpu · raised · 2025-11-24 15:00:00 UTC · id 13\n\n"
        );
        assert_eq!(footer(&message()), "checkpost on web-1, route ops, k-1");
    }

    #[test]
    fn a_flood_is_bounded_and_says_so() {
        let mut message = message();
        message.items[0].message = "x".repeat(100_000);
        message.items = vec![message.items[0].clone(); 1_000];
        let text = items(&message);
        assert!(text.ends_with("\n… and 900 more: `checkpost notifications` has them.\n\n"));
        assert!(text.len() < MAX_ITEMS * (TEXT_CHARS + 300), "{}", text.len());
    }
}
