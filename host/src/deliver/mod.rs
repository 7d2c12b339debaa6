//! Getting messages out: the transports, and the worker that takes messages from the outbox to them.

pub use crate::route::{Item, Message};
