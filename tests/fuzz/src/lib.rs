//! Code that the fuzz targets share: judging a module, the promises that must hold, and the initial corpus.

pub mod answers;
mod judge;
mod promises;
pub mod seeds;
mod splice;

/// Guests written as text, as in the integration tests.
#[path = "../../support/guest.rs"]
pub mod guest;

/// Components that double, nest, alias and repeat, as in the integration tests.
#[path = "../../support/nested.rs"]
pub mod nested;

use std::path::PathBuf;

pub use judge::Judge;
pub use splice::{Around, module_section};

/// The root of the repository.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}
