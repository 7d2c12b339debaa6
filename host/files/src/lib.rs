//! Files that other people wrote: what they are is found out before they are opened, and who else could change them before
//! they are believed.

mod error;
#[cfg(unix)]
mod group;
mod open;
mod trust;
mod write;

pub use error::{FileError, Kind};
pub use open::{FileId, Opened, open_regular, read};
pub use trust::{Problem, Writers, problem};
pub use write::open_for_writing;
