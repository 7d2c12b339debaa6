//! Maintenance: windows, from the configuration, in which alerts are expected.

use super::matcher::Matchers;
use super::window::Window;

/// A window in which alerts are expected.
#[derive(Clone, Debug)]
pub struct Maintenance {
    /// The name in the configuration.
    pub name: String,
    /// The alerts that are suppressed.
    pub matchers: Matchers,
    /// The time of the maintenance.
    pub window: Window,
}
