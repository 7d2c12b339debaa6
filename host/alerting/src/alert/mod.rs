//! The state machine of alerts: pure functions from evaluations to notifications. Knows neither wasm, SQL nor a clock.
//!
//! [`notifications`] covers every bad verdict of a run, whatever earlier runs found. The other functions carry the
//! state of each alert from run to run and notify its changes: a [`Run`] takes all alerts through one run, each by the
//! [`Rule`] of its instance, [`Run::settle`] marks suppressed transitions, and [`transition_notifications`] puts
//! transitions into words. `docs/reference/alerting.md` is the reference.

mod admission;
mod advance;
mod allowance;
mod announced;
mod deferral;
mod flapping;
mod key;
mod notification;
mod observation;
mod rule;
mod state;
mod step;
mod stored;
#[cfg(test)]
mod tests;
mod transition;
mod update;

pub use admission::{MAX_ALERTS, MAX_NEW_ALERTS};
pub use advance::{Run, advance};
pub use allowance::FoundAllowance;
pub use announced::{Announced, Missing};
pub use key::{AlertKey, alert_name};
pub use notification::{Notification, notifications, transition_notifications, worst_first};
pub use rule::{Flapping, OnUnknown, Rule};
pub use state::{Alert, Alerts, Phase, Text};
pub use stored::Stored;
pub use transition::{Kind, Transition};
pub use update::{Advanced, AlertUpdate};
