//! Getting messages out: the transports, and the worker that takes messages from the outbox to them.
//!
//! An [`Outlet`] is how one route sends. It knows nothing of routes, of the outbox or of retries: it says whether one
//! message went out now, and if not, whether another one has a chance ([`SendError`]). [`deliver()`] is the worker, and
//! [`Alarm`] what is told when there is no outbox.

mod alarm;
mod command;
mod desktop;
mod email;
mod error;
mod outlet;
mod plain;
mod program;
mod sample;
mod slack;
mod stdout;
mod template;
mod webhook;
mod worker;

pub use alarm::Alarm;
pub use command::Command;
pub use desktop::Desktop;
pub use email::{Email, Encryption, Relay};
pub use error::{Scope, SendError};
pub use outlet::{Outlet, Transport};
pub use sample::sample;
pub use slack::Slack;
pub use stdout::Stdout;
pub use template::{Template, TemplateError, TemplateText, Words};
pub use webhook::{Body, OWN_HEADERS, Webhook};
pub use worker::{DELIVERY, Way, deliver, messages};

pub use crate::route::{Item, Message};
pub use crate::secret::{Guarded, Secret};
