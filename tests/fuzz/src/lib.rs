//! What the fuzz targets share: how a module is judged, what is promised of that, and where the corpus begins.

pub mod answers;
mod judge;
mod promises;
pub mod seeds;
mod splice;

/// Guests of text, as the integration tests have them.
#[path = "../../support/guest.rs"]
pub mod guest;

use std::path::PathBuf;

pub use judge::Judge;
pub use splice::{Around, module_section};

/// The root of the repository.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}
