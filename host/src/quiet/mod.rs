//! What is kept quiet on purpose: pure functions over notifications. Knows neither SQL nor a clock.

mod matcher;
mod rules;
mod window;

pub use matcher::{Facts, Field, MatcherError, Matchers};
pub use rules::{Inhibition, Maintenance};
pub use window::{Days, Window};
