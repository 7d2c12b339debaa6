//! Each transport against the real thing: servers, programs, certificates.

#[cfg(unix)]
mod command;
mod email;
mod http;
mod slack;
mod webhook;

use std::time::{Duration, Instant};

use checkpost::alert::Kind;
use checkpost::check::Status;
use checkpost::deliver::{Item, Message};

/// Long enough for everything that does not hang.
fn in_time() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

/// Soon, for what hangs.
fn soon() -> Instant {
    Instant::now() + Duration::from_millis(700)
}

/// What is sent.
fn message() -> Message {
    Message {
        key: "k-1".to_owned(),
        route: "ops".to_owned(),
        host: "web-1".to_owned(),
        level: Status::Critical,
        title: "CRITICAL web-1: High disk usage".to_owned(),
        items: vec![Item {
            id: 12,
            time: "2025-11-24T15:00:00Z".parse().unwrap(),
            level: Status::Critical,
            previous_level: Status::Warning,
            kind: Kind::Escalated,
            channel: "storage".to_owned(),
            owner: "alice".to_owned(),
            check: "disk".to_owned(),
            subject: "/mnt/<b>".to_owned(),
            title: "Escalated: High disk usage".to_owned(),
            message: "/mnt/<b> is 97% full".to_owned(),
        }],
        is_test: false,
    }
}
