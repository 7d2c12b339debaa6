//! What is kept quiet on purpose, and why: silences and acknowledgements of operators, maintenance and inhibition of the
//! file. Pure functions over alerts. Knows neither SQL nor a clock.

mod circle;
mod hold;
mod judge;
mod matcher;
mod rules;
#[cfg(test)]
mod tests;
mod window;

pub use hold::{Acknowledgement, Silence};
pub use judge::{Quiet, QuietRun};
pub use matcher::{Facts, Field, MatcherError, Matchers};
pub use rules::{Inhibition, Maintenance};
pub use window::{Days, Window};
