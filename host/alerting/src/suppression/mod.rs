//! Suppression: which notifications are stored without being sent, and why. Silences and acknowledgements come from
//! operators, maintenance and inhibition from the configuration. Pure functions; knows neither SQL nor a clock.
//!
//! [`Suppressors`] has all of them. [`Suppressors::in_run`] selects those that are in force in one run, and
//! [`Suppression::reason`] says why an alert is suppressed in that run.

mod acknowledgement;
mod decide;
mod inhibition;
mod labels;
mod maintenance;
mod matcher;
mod scc;
mod silence;
#[cfg(test)]
mod tests;
mod window;

pub use acknowledgement::Acknowledgement;
pub use decide::{Suppression, Suppressors};
pub use inhibition::Inhibition;
pub use labels::{AlertLabels, Field};
pub use maintenance::Maintenance;
pub use matcher::{MatcherError, Matchers};
pub use silence::Silence;
pub use window::{Days, Window};
