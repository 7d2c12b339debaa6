//! Files that other people wrote: what they are is found out before they are opened, and who else could change them before
//! they are believed.

mod error;
mod open;

pub use error::{FileError, Kind};
pub use open::{FileId, Opened, open_regular, read};
