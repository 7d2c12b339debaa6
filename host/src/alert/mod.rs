//! What is worth telling: pure functions from evaluations to notifications. Knows neither wasm, SQL nor a clock.
//!
//! [`notifications`] tells of every run that is bad. The others keep the state of each alert from run to run and tell
//! of its changes: [`advance()`] takes all alerts through one run, [`step()`] one alert, by the [`Rule`] of its
//! instance, and [`transition_notifications`] writes what there is to tell. `docs/alerting.md` is the reference.

mod advance;
mod flapping;
mod notification;
mod rule;
mod state;
mod step;
#[cfg(test)]
mod tests;
mod transition;

pub use advance::{Advanced, AlertKey, Alerts, STALE_KEPT, advance};
pub use notification::{Notification, notifications, transition_notifications, worst_first};
pub use rule::{Flapping, OnUnknown, Rule, STALE_AFTER};
pub use state::{Alert, Missing, Phase, Text};
pub use step::{Observation, Said, Step, retire, step};
pub use transition::{Kind, Transition};
