//! Each transport against the real thing: servers, programs, certificates.

#[cfg(unix)]
mod command;
mod email;
mod http;
mod notify_test;
mod slack;
mod webhook;

use std::time::{Duration, Instant};

use checkpost_alerting::alert::{Kind, Notification, Stored};
use checkpost_alerting::route::Message;
use checkpost_model::check::Status;

/// Far enough away for everything that does not hang.
fn ample_deadline() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

/// Close enough for tests of servers and programs that hang.
fn short_deadline() -> Instant {
    Instant::now() + Duration::from_millis(700)
}

/// The message that the tests send.
fn message() -> Message {
    Message {
        key: "k-1".to_owned(),
        route: "ops".to_owned(),
        host: "web-1".to_owned(),
        level: Status::Critical,
        title: "CRITICAL web-1: High disk usage".to_owned(),
        items: vec![Stored {
            id: 12,
            run_id: 3,
            time: "2025-11-24T15:00:00Z".parse().unwrap(),
            host: "web-1".to_owned(),
            value: Notification {
                level: Status::Critical,
                previous_level: Status::Warning,
                kind: Kind::Escalated,
                channel: "storage".to_owned(),
                owner: "alice".to_owned(),
                check: "disk".to_owned(),
                subject: "/mnt/<b>".to_owned(),
                is_found: false,
                title: "Escalated: High disk usage".to_owned(),
                message: "/mnt/<b> is 97% full".to_owned(),
                suppressed: None,
            },
        }],
        is_test: false,
    }
}
