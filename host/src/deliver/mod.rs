//! Getting messages out: the transports, and the worker that takes messages from the outbox to them.

mod message;

pub use message::{Item, Message};
