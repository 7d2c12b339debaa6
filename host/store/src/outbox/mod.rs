//! The outbox: the tables `deliveries`, `delivery_notifications` and `routes`.
//!
//! `enqueue` adds messages in the transaction of their notifications. A delivery worker then calls `claim` for each attempt,
//! and `outcome` or `abandon` after it.

mod abandon;
pub(crate) mod claim;
pub(crate) mod enqueue;
mod list;
mod outcome;

pub use abandon::{AbandonScope, Abandoned, Abandonment};
pub use claim::Claimed;
pub(crate) use enqueue::write_deliveries;
pub use list::{DeliveryFilter, DeliveryRow, RouteRow};
pub use outcome::Retry;
