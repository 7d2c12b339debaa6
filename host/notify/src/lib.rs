//! A transport carries a message to a receiver: by email, to Slack, to a webhook, to a program, as a pop-up or to
//! standard output. This crate has all transports, and no decision about messages.
//!
//! ```text
//! checkpost_alerting::route::Message ──▶ Receiver (Transport + Template) ──▶ server, program, terminal
//! ```
//!
//! A [`Receiver`] is one [`Transport`] with the [`Template`] of its messages. It makes one attempt to send one message;
//! a [`SendError`] says whether only this message failed or the whole route. The crate knows neither routes, the outbox
//! and retries nor the configuration: its callers decide which messages exist, and when they are sent.
//!
//! The modules below are shared by transports and by the [`heartbeat`]: [`http`] requests, [`tls`] trust and
//! [`secret`] values.

mod command;
mod desktop;
mod email;
mod error;
#[cfg(test)]
mod fixture;
pub mod heartbeat;
pub mod http;
mod plain;
mod post;
mod program;
mod receiver;
mod redact;
pub mod secret;
mod slack;
mod stdout;
mod template;
mod test_message;
pub mod tls;
mod webhook;

pub use command::Command;
pub use desktop::Desktop;
pub use email::{Email, Encryption, Relay};
pub use error::{Scope, SendError};
pub use receiver::{Receiver, Transport};
pub use slack::Slack;
pub use stdout::Stdout;
pub use template::{Template, TemplateError, TemplateText};
pub use test_message::test_message;
pub use webhook::{Body, RESERVED_HEADERS, Webhook};
