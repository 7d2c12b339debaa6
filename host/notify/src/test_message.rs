//! Messages without a real alert: the one that `checkpost notify test` sends, and variants on which templates are
//! checked.

use jiff::Timestamp;

use checkpost_alerting::alert::{Kind, Notification, Stored};
use checkpost_alerting::route::Message;
use checkpost_model::check::Status;

/// A message that says that it is a test.
pub fn test_message(route: &str, host: &str, key: &str, now: Timestamp) -> Message {
    let title = "Test of checkpost";
    let message = format!("Nothing is wrong: this is a test of route '{route}'.");
    Message {
        key: key.to_owned(),
        route: route.to_owned(),
        host: host.to_owned(),
        level: Status::Warning,
        title: format!("TEST {host}: {title}"),
        items: vec![Stored {
            id: 0,
            run_id: 0,
            time: now,
            host: host.to_owned(),
            value: Notification::of_checkpost(Status::Warning, Kind::Raised, "test", title.to_owned(), message),
        }],
        is_test: true,
    }
}

/// A message of each kind and level, with optional texts both empty and set.
pub(crate) fn message_variants() -> impl Iterator<Item = Message> {
    let levels = [Status::Ok, Status::Warning, Status::Critical, Status::Unknown];
    let kinds = Kind::ALL.into_iter().enumerate();
    kinds.flat_map(move |(index, kind)| levels.map(|level| variant(index, kind, level)))
}

fn variant(index: usize, kind: Kind, level: Status) -> Message {
    let mut message = test_message("ops", "web-1", "test", Timestamp::UNIX_EPOCH);
    (message.level, message.is_test) = (level, false);
    let item = &mut message.items[0];
    (item.value.kind, item.value.level, item.id) = (kind, level, 12);
    if index.is_multiple_of(2) {
        let mut named = item.clone();
        (named.value.subject, named.value.owner) = ("/var".to_owned(), "alice".to_owned());
        message.items.push(named);
    }
    message
}
