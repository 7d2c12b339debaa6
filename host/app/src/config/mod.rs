//! From files, variables and flags to one validated [`Config`], with the origin of every value.
//!
//! A later source wins: built-in defaults, `checkpost.toml`, `.env`, the environment, flags. Values that leave this module
//! are never validated again. Only the check itself can validate its settings, so `sandbox` calls the check; the origins
//! that an error about them needs are in [`ConfiguredCheck`].

mod alerting;
mod check;
mod database;
mod display;
mod dotenv;
mod duration;
mod endpoint;
mod error;
mod heartbeat;
mod identifier;
mod instances;
mod limits;
mod matchers;
mod origin;
mod paths;
mod pins;
mod raw;
mod resolve;
mod routes;
mod secret;
mod section;
mod smtp;
mod source;
mod suppression;
#[cfg(test)]
mod tests;
mod toml_value;
mod transport;
mod trust;
mod types;
mod variables;
mod window;

pub use alerting::{Alerting, Notify};
pub use check::ConfiguredCheck;
pub use display::show;
pub use duration::parse_duration;
pub use error::ConfigError;
pub use origin::Origin;
// Tests build parts of a configuration by hand.
#[cfg(test)]
pub use origin::Sourced;
pub use paths::Flags;
pub use pins::{pin_path, render_pins, write_pins};
pub use resolve::load;
pub use routes::ConfiguredRoute;
pub use types::{CollectConfig, Config, LogConfig};
pub use variables::process_environment;
