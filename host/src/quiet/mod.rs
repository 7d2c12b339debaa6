//! What is kept quiet on purpose: pure functions over notifications. Knows neither SQL nor a clock.

mod matcher;
mod window;

pub use matcher::{Facts, MatcherError, Matchers};
pub use window::Window;
