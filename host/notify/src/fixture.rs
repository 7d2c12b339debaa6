//! The message on which the unit tests of all transports run.

use jiff::Timestamp;

use checkpost_alerting::alert::{Kind, Notification, Stored};
use checkpost_alerting::route::Message;
use checkpost_model::check::Status;

use crate::test_message;

/// Two notifications, the first with hostile names.
pub(crate) fn message() -> Message {
    let time = Timestamp::from_second(1_763_996_400).unwrap_or_default();
    let mut message = test_message("ops", "web-1", "k-1", time);
    message.level = Status::Critical;
    message.title = "CRITICAL web-1: High disk usage, and 1 more".to_owned();
    message.is_test = false;
    let template = message.items[0].clone();
    message.items = vec![
        Stored {
            id: 12,
            value: Notification {
                level: Status::Critical,
                previous_level: Status::Warning,
                kind: Kind::Escalated,
                owner: "alice".to_owned(),
                check: "disk".to_owned(),
                subject: "/mnt/<b>&\"x\"</b>".to_owned(),
                title: "Escalated: High disk usage".to_owned(),
                message: "/mnt/<!channel> is 97% full *now*".to_owned(),
                ..template.value.clone()
            },
            ..template.clone()
        },
        Stored {
            id: 13,
            value: Notification {
                check: "cpu".to_owned(),
                title: "High CPU usage".to_owned(),
                message: String::new(),
                ..template.value.clone()
            },
            ..template
        },
    ];
    message
}
