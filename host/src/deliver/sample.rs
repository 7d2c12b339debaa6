//! Messages of which nothing is true, for trying.

use jiff::Timestamp;

use super::{Item, Message};
use crate::alert::Kind;
use crate::check::{DEFAULT_CHANNEL, Status};

/// A message that says that it is a trial.
pub fn sample(route: &str, host: &str, key: &str, now: Timestamp) -> Message {
    let title = "Test of checkpost";
    Message {
        key: key.to_owned(),
        route: route.to_owned(),
        host: host.to_owned(),
        level: Status::Warning,
        title: format!("TEST {host}: {title}"),
        items: vec![Item {
            id: 0,
            time: now,
            level: Status::Warning,
            previous_level: Status::Ok,
            kind: Kind::Raised,
            channel: DEFAULT_CHANNEL.to_owned(),
            owner: String::new(),
            check: "test".to_owned(),
            subject: String::new(),
            title: title.to_owned(),
            message: format!("Nothing is wrong: somebody tries route '{route}'."),
        }],
        is_test: true,
    }
}

/// A message of each level and kind, with what may be empty empty and not.
pub(super) fn variants() -> impl Iterator<Item = Message> {
    let levels = [Status::Ok, Status::Warning, Status::Critical, Status::Unknown];
    let kinds = Kind::ALL.into_iter().enumerate();
    kinds.flat_map(move |(index, kind)| levels.map(|level| variant(index, kind, level)))
}

fn variant(index: usize, kind: Kind, level: Status) -> Message {
    let mut message = sample("ops", "web-1", "test", Timestamp::UNIX_EPOCH);
    (message.level, message.is_test) = (level, false);
    let item = &mut message.items[0];
    (item.kind, item.level, item.id) = (kind, level, 12);
    if index.is_multiple_of(2) {
        let named = Item { subject: "/var".to_owned(), owner: "alice".to_owned(), ..item.clone() };
        message.items.push(named);
    }
    message
}
