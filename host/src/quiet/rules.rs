//! What the file keeps quiet.

use super::matcher::{Field, Matchers};
use super::window::Window;

/// A time in which something is expected to be bad.
#[derive(Clone, Debug)]
pub struct Maintenance {
    /// What operators call it.
    pub name: String,
    /// What it keeps quiet.
    pub matchers: Matchers,
    /// When.
    pub window: Window,
}

/// While one alert is bad, others that follow from it are hidden.
#[derive(Clone, Debug)]
pub struct Inhibition {
    /// What hides.
    pub when: Matchers,
    /// What is hidden.
    pub hide: Matchers,
    /// What must be the same of both.
    pub equal: Vec<Field>,
}
