//! What is worth telling: pure functions from evaluations to notifications. Knows neither wasm, SQL nor a clock.
//!
//! [`notifications`] tells of every run that is bad. The others keep the state of each alert from run to run and tell
//! of its changes: a [`Run`] takes all alerts through one run, [`step()`] one alert, by the [`Rule`] of its instance.
//! [`Run::settle`] asks what of it is kept quiet, and [`transition_notifications`] writes what there is to tell.
//! `docs/alerting.md` is the reference.

mod advance;
mod flapping;
mod hushed;
mod notification;
mod rule;
mod settle;
mod state;
mod step;
#[cfg(test)]
mod tests;
mod transition;

pub use advance::{AlertKey, Alerts, Run, advance};
pub use hushed::Hushed;
pub use notification::{Notification, notifications, transition_notifications, worst_first};
pub use rule::{Flapping, OnUnknown, Rule, STALE_AFTER};
pub use settle::{Advanced, STALE_KEPT, Standing};
pub use state::{Alert, Missing, Phase, Text};
pub use step::{Observation, Said, Step, retire, step};
pub use transition::{Kind, Transition};
