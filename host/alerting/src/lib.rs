//! What to notify, whom and when: pure functions over owned data, with time as an argument. No wasm, no SQL, no clock.
//!
//! ```text
//! evaluations ──▶ alert (state machine) ──▶ suppression ──▶ notifications ──▶ route ──▶ messages
//! ```
//!
//! * [`alert`] carries the state of each alert from run to run and finds what has changed.
//! * [`suppression`] says which notifications are stored without being sent, and why.
//! * [`route`] plans which notifications become which messages, and when these may go.

pub mod alert;
pub mod route;
pub mod suppression;
